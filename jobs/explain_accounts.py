"""Why two accounts in the store are, may be, or are not one creator's."""

from base.errors import SourceError
from identity.explain import PairExplanation, explain_pair
from identity.weights import load_model
from jobs.context import Context
from jobs.night_summary import AccountShown, PairShown
from jobs.resolve_creators import with_url_texts
from store.creators import account_key_of, count_accounts, load_accounts
from store.pairs import find_pair, load_value_counts
from store.tables import CreatorAccount

_SCORED = {"rules", "levels", "match_weight_bits", "match_probability", "triage"}


def explain_accounts(context: Context, one: str, other: str) -> PairExplanation:
    """The evidence between two accounts, each given by key, former key, `platform:@handle` or handle.

    Raises SourceError when one is unknown or its handle names several.
    """
    settings = context.settings.identity
    with context.reading() as session:
        keys = sorted({account_key_of(session, one), account_key_of(session, other)})
        if len(keys) == 1:
            raise SourceError(f"{one} and {other} are the same account", hint="name two accounts")
        pair = find_pair(session, *keys)
        population = count_accounts(session)
    with context.reading_frames() as frames, context.engine() as engine:
        return explain_pair(
            with_url_texts(load_accounts(frames, keys)),
            population=population,
            value_counts=load_value_counts(frames),
            model=load_model(settings.model),
            engine=engine,
            precision=settings.precision,
            stored=None if pair is None else pair.model_dump(include=_SCORED),
        )


def show_pair(context: Context, one: str, other: str) -> PairShown:
    """The same with both accounts as a person meets them."""
    found = explain_accounts(context, one, other)
    with context.reading() as session:
        left, right = (show_account(session.get_one(CreatorAccount, key)) for key in (found.left, found.right))
    return PairShown(left, right, found)


def show_account(account: CreatorAccount) -> AccountShown:
    """An account as a person meets it."""
    return AccountShown(
        account_key=account.account_key,
        platform=account.platform,
        handle=account.handle,
        name=account.display_name,
        bio=account.bio,
        followers=account.followers,
    )
