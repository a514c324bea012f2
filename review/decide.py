"""Decisions of people about accounts, kept with what they stood on."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlmodel import Session

from base.errors import SourceError
from base.judgement import Judgement, Verdict
from identity.grounds import grounds_of
from store.creators import account_key_of, load_account_rows, load_member_keys, resolve_creator_id
from store.judgements import save_judgements
from store.session import Store
from store.tables import CreatorAccount


def judge(
    store: Store, left: str, right: str, verdict: Verdict, *, reviewer: str, decided_at: datetime, note: str = ""
) -> Judgement:
    """Keep that two accounts are the same creator's, are not, or that nobody can tell.

    left, right: account keys, former keys, `platform:@handle` or handles. Raises SourceError when one is unknown,
    names several accounts, or both are one account.
    """
    with store.writing() as session:
        keys = sorted({account_key_of(session, left), account_key_of(session, right)})
        if len(keys) != 2:
            raise SourceError(f"{left} and {right} are the same account", hint="name two accounts")
        judgement = Judgement(keys[0], keys[1], verdict, reviewer, decided_at, note)
        keep(session, [judgement])
    return judgement


def split(
    store: Store, creator: str, accounts: Sequence[str], *, reviewer: str, decided_at: datetime, note: str = ""
) -> list[Judgement]:
    """Keep the named accounts of a creator apart from all of its others; among themselves they may stay together.

    creator: an id that stands or ever stood. Raises SourceError when it never did, when an account is not a member,
    and when nothing would remain.
    """
    with store.writing() as session:
        members = _members(session, creator)
        named = sorted({account_key_of(session, account) for account in accounts})
        _check_split(creator, members, named)
        rest = [key for key in members if key not in named]
        decided = [
            Judgement(min(pair), max(pair), Verdict.DIFFERENT, reviewer, decided_at, note)
            for pair in ((one, other) for one in named for other in rest)
        ]
        keep(session, decided)
    return decided


def keep(session: Session, judgements: Iterable[Judgement]) -> int:
    """Append decisions on account keys, with what both accounts say at this moment. Returns how many were new."""
    decided = list(judgements)
    accounts = load_account_rows(session, (key for one in decided for key in (one.left, one.right)))
    grounds = {}
    for left, right in {tuple(sorted((one.left, one.right))) for one in decided}:
        if left in accounts and right in accounts:
            sides = said_by(accounts[left]), said_by(accounts[right])
            grounds[left, right] = (grounds_of(*sides).to_json(), grounds_of(*sides[::-1]).to_json())
    return save_judgements(session, decided, grounds)


def said_by(account: CreatorAccount) -> dict[str, Any]:
    """An account as identity reads it: its list of addresses as one text."""
    return account.model_dump() | {"external_urls": " ".join(orjson.loads(account.external_urls))}


def _members(session: Session, creator: str) -> list[str]:
    living = resolve_creator_id(session, creator)
    if living is None:
        raise SourceError(f"no creator {creator}", hint="creatordex export creators lists them")
    return load_member_keys(session, living)


def _check_split(creator: str, members: Sequence[str], named: Sequence[str]) -> None:
    strangers = [key for key in named if key not in members]
    if strangers:
        raise SourceError(f"{strangers[0]} is no account of {creator}", hint=f"its accounts: {', '.join(members)}")
    if len(named) == len(members):
        raise SourceError(f"nothing of {creator} would remain", hint="name only those that are somebody else's")
