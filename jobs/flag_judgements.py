"""Look again at what every decision of a person stood on, and mark those whose grounds are no longer what they were."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import orjson
import pyarrow as pa

from base.clock import to_micros
from base.judgement import Judgement, Verdict
from identity.constraints import newest_judgements
from identity.grounds import Change, Grounds, changed_claims, given_up, grounds_of
from jobs.context import Context
from store.bulk import FrameReader, FrameWriter, arrow_schema
from store.creators import load_accounts_that_show
from store.judgements import Decision, Pair, load_flags, load_grounds, load_judgements, save_flags
from store.tables import CreatorAccount, HandleSpan, JudgementFlag

_Row = dict[str, Any]
_FLAG = arrow_schema(JudgementFlag)
_KEY = ("left", "right", "reason")
_COMPARED = (*_KEY, "detail", "decided_at")


def flag_judgements(context: Context) -> tuple[dict[str, int], int]:
    """How many judgements in force want a second look, by reason; and how many rows that changed.

    A handle that has another holder or gave way to a new one, a statement between the two that came or went, an
    address that is shown by somebody else now. A newer judgement of the pair clears what stood against the older one.
    """
    with context.reading() as session:
        judgements = [one for one in newest_judgements(load_judgements(session)).values() if _has_force(one)]
        grounds = load_grounds(session)
        stored = [{name: getattr(flag, name) for name in _FLAG.names} for flag in load_flags(session)]
    if not judgements and not stored:
        return {}, 0
    with context.writing_frames() as frames:
        flags = _flags(frames, judgements, grounds)
        written = save_flags(frames, *_difference(flags, stored, context.as_of))
    return dict(sorted(Counter(flag["reason"] for flag in flags).items())), written


def _has_force(judgement: Judgement) -> bool:
    return judgement.verdict is not Verdict.UNSURE and judgement.left != judgement.right


def _flags(frames: FrameWriter, judgements: list[Judgement], grounds: Mapping[Decision, Pair]) -> list[_Row]:
    """Every flag that stands tonight, sorted; several findings of one reason are one flag."""
    keys = sorted({key for one in judgements for key in (one.left, one.right)})
    accounts = {row["account_key"]: _as_read(row) for row in _matching(frames, CreatorAccount, account_key=keys)}
    known = [one for one in judgements if one.left in accounts and one.right in accounts]
    found: dict[tuple[str, str, str, datetime], list[str]] = defaultdict(list)
    handles = _HandleChanges(frames, accounts, known)
    for judgement in known:
        changes = [*handles.of(judgement), *_statements(frames, judgement, accounts, grounds)]
        for change in changes:
            found[judgement.left, judgement.right, change.reason, judgement.decided_at].append(change.detail)
    return [
        {"left": left, "right": right, "reason": reason, "detail": "; ".join(sorted(details)), "decided_at": decided_at}
        for (left, right, reason, decided_at), details in sorted(found.items())
    ]


def _as_read(row: _Row) -> _Row:
    return row | {"external_urls": " ".join(orjson.loads(row["external_urls"]))}


def _matching(frames: FrameWriter, table: type[Any], **keys: list[str]) -> list[_Row]:
    return list(
        frames.matching(
            table, pa.table({name: pa.array(values, pa.string()) for name, values in keys.items()})
        ).to_pylist()
    )


# --- handles ------------------------------------------------------------------------------------------------------


class _HandleChanges:
    """Handles of judged accounts: what each had when it was judged, and who has it now."""

    def __init__(self, frames: FrameWriter, accounts: Mapping[str, _Row], judgements: Iterable[Judgement]) -> None:
        self._accounts = accounts
        self._spans: dict[str, list[_Row]] = defaultdict(list)
        for span in _matching(frames, HandleSpan, account_key=sorted(accounts)):
            self._spans[span["account_key"]].append(span)
        self._holders = self._load_holders(frames, judgements)

    def of(self, judgement: Judgement) -> list[Change]:
        return [
            change
            for key in (judgement.left, judgement.right)
            for change in self._of_account(key, judgement.decided_at)
        ]

    def _of_account(self, key: str, decided_at: datetime) -> list[Change]:
        handle, now = self._handle_at(key, decided_at), self._accounts[key]["handle"]
        if handle is None:
            return []
        changes = [
            Change("handle_handed_over", f"@{handle} was {key}'s and is {holder}'s now")
            for holder, since in self._holders.get((self._accounts[key]["platform"], handle), [])
            if holder != key and since > to_micros(decided_at)
        ]
        if now is not None and now != handle:
            changes.append(Change("renamed", f"{key} was @{handle} and is @{now} now"))
        return changes

    def _handle_at(self, key: str, moment: datetime) -> str | None:
        """The handle last seen first at that moment; None when the account was not known by one then."""
        seen = [span for span in self._spans[key] if span["first_seen"] <= to_micros(moment)]
        newest = max(seen, key=lambda span: (span["first_seen"], span["last_seen"], span["handle"]), default=None)
        return None if newest is None else str(newest["handle"])

    def _load_holders(
        self, frames: FrameWriter, judgements: Iterable[Judgement]
    ) -> dict[tuple[str, str], list[tuple[str, int]]]:
        """(platform, handle) → the accounts that have it now, and since when."""
        wanted = {
            (self._accounts[key]["platform"], handle)
            for one in judgements
            for key in (one.left, one.right)
            if (handle := self._handle_at(key, one.decided_at)) is not None
        }
        names = sorted(wanted)
        rows = _matching(
            frames, CreatorAccount, platform=[name[0] for name in names], handle=[name[1] for name in names]
        )
        others = {row["account_key"]: (row["platform"], row["handle"]) for row in rows}
        holders: dict[tuple[str, str], list[tuple[str, int]]] = defaultdict(list)
        for span in _matching(frames, HandleSpan, account_key=sorted(others)):
            name = others[span["account_key"]]
            if span["handle"] == name[1]:
                holders[name].append((span["account_key"], span["first_seen"]))
        return {name: sorted(found) for name, found in holders.items()}


# --- statements and addresses -------------------------------------------------------------------------------------


def _statements(
    frames: FrameReader, judgement: Judgement, accounts: Mapping[str, _Row], grounds: Mapping[Decision, Pair]
) -> list[Change]:
    """What the two say of each other and of themselves, against what they said when they were judged."""
    kept = grounds.get((judgement.left, judgement.right, judgement.decided_at, judgement.reviewer))
    if kept is None:
        return []  # decided before grounds were kept
    changes: list[Change] = []
    for (key, other), json in zip(
        ((judgement.left, judgement.right), (judgement.right, judgement.left)), kept, strict=True
    ):
        before, now = Grounds.from_values(orjson.loads(json)), grounds_of(accounts[key], accounts[other])
        changes += changed_claims(before, now, key, other)
        changes += _new_owners(frames, key, before, now)
    return changes


def _new_owners(frames: FrameReader, key: str, before: Grounds, now: Grounds) -> list[Change]:
    """Addresses that the account gave up and another one shows as its own."""
    emails, sites = given_up(before, now)
    changes = []
    for address in (*emails, *sites):
        rows = [_as_read(row) for row in load_accounts_that_show(frames, address).to_pylist()]
        owners = [row["account_key"] for row in rows if row["account_key"] != key and _shows(row, address)]
        reason = "email_changed_owner" if address in emails else "site_changed_owner"
        changes += [Change(reason, f"{address} was {key}'s and is {owner}'s now") for owner in sorted(owners)[:1]]
    return changes


def _shows(account: _Row, address: str) -> bool:
    shown = grounds_of(account, account)
    return address in shown.emails or address in shown.sites


# --- differences --------------------------------------------------------------------------------------------------


def _difference(flags: list[_Row], stored: list[_Row], as_of: datetime) -> tuple[pa.Table, pa.Table]:
    """Flags that are not stored as they are, stamped; and the keys of those that stand no longer."""
    before = {tuple(flag[name] for name in _COMPARED) for flag in stored}
    changed = [flag for flag in flags if tuple(flag[name] for name in _COMPARED) not in before]
    standing = {tuple(flag[name] for name in _KEY) for flag in flags}
    vanished = [flag for flag in stored if tuple(flag[name] for name in _KEY) not in standing]
    rows = [flag | {"decided_at": to_micros(flag["decided_at"]), "as_of": to_micros(as_of)} for flag in changed]
    keys = pa.schema([_FLAG.field(name) for name in _KEY])
    return pa.Table.from_pylist(rows, schema=_FLAG), pa.Table.from_pylist(
        [{name: flag[name] for name in _KEY} for flag in vanished], schema=keys
    )
