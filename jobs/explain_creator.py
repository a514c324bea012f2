"""Who a creator is, and why: its accounts, the links that built it, what people said, and what it is to others."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sqlmodel import Session

from base.errors import SourceError
from base.judgement import Judgement, Verdict
from enrich.ledger import usd
from identity.constraints import newest_judgements
from identity.explain import PairExplanation, building_order
from identity.triage import Triage
from jobs.context import Context
from jobs.explain_accounts import explain_accounts, show_account
from jobs.explain_labels import explain_labels
from jobs.night_summary import AccountShown
from store.creators import load_account_rows, load_former_ids, load_member_keys, resolve_creator_id
from store.judgements import load_flags, load_judgements
from store.llm_calls import load_cost_of
from store.pairs import load_pairs_among
from store.relations import load_relations_of
from store.tables import Creator, CreatorMember

MOST_STEPS = 50  # links that are explained in full; a creator that has more is read link by link


@dataclass(frozen=True, slots=True)
class BuildingStep:
    """One link, in the order in which the creator was built."""

    left: str
    right: str
    #: the decision of a person that joined them; None where evidence did
    judgement: Judgement | None
    #: the waterfall between the two
    explanation: PairExplanation


@dataclass(frozen=True, slots=True)
class RelationShown:
    """What an account is to one of another creator, from the side of this one."""

    source: str
    kind: str
    target: str
    basis: str
    detail: str
    #: the creator on the other side
    other_creator_id: str


@dataclass(frozen=True, slots=True)
class CreatorExplanation:
    #: the id that answers now; the id asked for may be a retired one
    creator_id: str
    asked_id: str
    name: str
    #: by followers
    accounts: tuple[AccountShown, ...]
    steps: tuple[BuildingStep, ...]
    #: links beyond MOST_STEPS
    steps_left_out: int
    relations: tuple[RelationShown, ...]
    #: every decision in force about one of its accounts, oldest first
    judgements: tuple[Judgement, ...]
    #: why a decision wants a second look
    second_looks: tuple[str, ...]
    #: retired ids that it answers for, oldest first
    former_ids: tuple[str, ...]
    #: why it has its labels, what the plan found since, and what they cost: sentences
    labels: tuple[str, ...]


def explain_creator(context: Context, creator_id: str) -> CreatorExplanation:
    """Everything there is to say about a creator, by its id or by any id that ever stood for it.

    Raises SourceError for an id that never did, and for one whose accounts were all forgotten.
    """
    with context.reading() as session:
        living = _living_id(session, creator_id)
        members = load_member_keys(session, living)
        judgements = _judgements(session, members)
        order = _order(session, members, judgements)
        found = CreatorExplanation(
            creator_id=living,
            asked_id=creator_id,
            name=session.get_one(Creator, living).name,
            accounts=tuple(_accounts(session, members)),
            steps=(),
            steps_left_out=max(len(order) - MOST_STEPS, 0),
            relations=tuple(_relations(session, living)),
            judgements=tuple(judgements),
            second_looks=tuple(_second_looks(session, members)),
            former_ids=tuple(alias.retired_id for alias in load_former_ids(session, living)),
            labels=tuple(explain_labels(session, living, context.settings.llm)),
        )
    said = {(one.left, one.right): one for one in judgements if one.verdict is Verdict.SAME}
    # After the session: an explanation reads frames, and the two may not be open at once.
    steps = (BuildingStep(*pair, said.get(pair), explain_accounts(context, *pair)) for pair in order[:MOST_STEPS])
    return replace(found, steps=tuple(steps), labels=(*found.labels, *_paid(context, living)))


def _paid(context: Context, creator_id: str) -> Iterator[str]:
    """What paid calls about it came to, those included that brought nothing."""
    with context.reading_frames() as frames:
        spent = load_cost_of(frames, creator_id)
    if spent["calls"]:
        yield f"paid calls about it: {spent['calls']}, {usd(spent['nano_usd'])} together"


def _accounts(session: Session, members: Sequence[str]) -> list[AccountShown]:
    """Most followers first."""
    shown = [show_account(account) for account in load_account_rows(session, members).values()]
    return sorted(shown, key=lambda account: (-(account.followers or 0), account.account_key))


def _living_id(session: Session, creator_id: str) -> str:
    living = resolve_creator_id(session, creator_id)
    if living is None:
        raise SourceError(f"no creator {creator_id}", hint="creatordex export creators lists them")
    if session.get(Creator, living) is None:
        raise SourceError(f"{creator_id} stood once, and none of its accounts is known any more")
    return living


def _judgements(session: Session, members: Sequence[str]) -> list[Judgement]:
    """The newest decision of each pair with a member in it."""
    among = set(members)
    newest = newest_judgements(load_judgements(session)).values()
    return sorted(
        (one for one in newest if one.left in among or one.right in among),
        key=lambda one: (one.decided_at, one.left, one.right),
    )


def _order(session: Session, members: Sequence[str], judgements: Sequence[Judgement]) -> list[tuple[str, str]]:
    inside = set(members)
    links = [
        (pair.left, pair.right, pair.match_weight_bits)
        for pair in load_pairs_among(session, members, Triage.LINK.value)
    ]
    said = {(one.left, one.right): one.verdict for one in judgements if {one.left, one.right} <= inside}
    must = [pair for pair, verdict in said.items() if verdict is Verdict.SAME]
    kept = [link for link in links if said.get(link[:2]) is not Verdict.DIFFERENT]
    return building_order(kept, must)


def _relations(session: Session, creator_id: str) -> list[RelationShown]:
    shown = []
    for row in load_relations_of(session, creator_id):
        sides = [session.get(CreatorMember, key) for key in (row.source, row.target)]
        others = [side.creator_id for side in sides if side is not None and side.creator_id != creator_id]
        other = others[0] if others else creator_id
        shown.append(RelationShown(row.source, row.kind, row.target, row.basis, row.detail, other))
    return shown


def _second_looks(session: Session, members: Sequence[str]) -> list[str]:
    among = set(members)
    return [
        f"{flag.left} and {flag.right}: {flag.reason.replace('_', ' ')}, {flag.detail}"
        for flag in load_flags(session)
        if flag.left in among or flag.right in among
    ]
