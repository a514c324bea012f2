"""Queries on creators: the accounts they are made of, their members, aliases and the change feed."""

from collections.abc import Iterable, Sequence

import pyarrow as pa
from sqlalchemy import func, or_, select
from sqlmodel import Session, col
from sqlmodel import select as select_rows

from base.errors import SourceError
from store.bulk import FrameReader, FrameWriter
from store.tables import (
    METADATA,
    AccountAlias,
    Creator,
    CreatorAccount,
    CreatorAlias,
    CreatorChange,
    CreatorMember,
    IdentityNight,
    MemberChange,
)

_ACCOUNTS = METADATA.tables["accounts"].c
_ALIASES = METADATA.tables["account_aliases"].c
_SPANS = METADATA.tables["handle_history"].c
_ITEMS = METADATA.tables["content_items"].c
_VECTORS = METADATA.tables["account_vectors"].c
_CREATORS = METADATA.tables["creators"].c
_MEMBERS = METADATA.tables["members"].c
_CREATOR_ALIASES = METADATA.tables["creator_aliases"].c
_NIGHTS = METADATA.tables["identity_nights"].c
_MEMBER_CHANGES = METADATA.tables["member_changes"].c

_IDENTITY_COLUMNS = (
    "platform", "platform_user_id", "handle", "display_name", "bio", "website", "email", "external_urls", "followers",
    "profile_image_url", "country", "language", "first_seen", "last_seen",
)  # fmt: skip

ROWS_AT_ONCE = 1_000  # keys in one statement: SQLite takes some thirty thousand parameters


def load_accounts(frames: FrameReader, keys: Sequence[str] | None = None) -> pa.Table:
    """Every account (or those of `keys`), gone ones too, by key: what identity and creator profiles need.

    `account_id` is the key.
    """
    statement = select(_ACCOUNTS.account_key.label("account_id"), *(_ACCOUNTS[name] for name in _IDENTITY_COLUMNS))
    if keys is not None:
        statement = statement.where(_ACCOUNTS.account_key.in_(keys))
    return frames.read(statement.order_by(_ACCOUNTS.account_key))


def load_accounts_that_show(frames: FrameReader, address: str) -> pa.Table:
    """Account rows, by key, in which an e-mail address or a site stands somewhere: a first look, over every account."""
    columns = (_ACCOUNTS.email, _ACCOUNTS.website, _ACCOUNTS.external_urls, _ACCOUNTS.bio)
    anywhere = or_(*(func.lower(column).contains(address, autoescape=True) for column in columns))
    return frames.read(select(*_ACCOUNTS).where(anywhere).order_by(_ACCOUNTS.account_key))


def load_handle_history(frames: FrameReader) -> pa.Table:
    """account_id, handle, first_seen, last_seen: with which handles accounts were seen, and when."""
    spans = _SPANS.account_key.label("account_id"), _SPANS.handle, _SPANS.first_seen, _SPANS.last_seen
    return frames.read(select(*spans).order_by(_SPANS.account_key, _SPANS.handle))


def load_recent_texts(frames: FrameReader, per_account: int) -> pa.Table:
    """account_id, text: the newest descriptions of each account, newest first."""
    place = func.row_number().over(
        partition_by=_ITEMS.account_key, order_by=(_ITEMS.published_at.desc().nulls_last(), _ITEMS.content_key)
    )
    ranked = (
        select(_ITEMS.account_key.label("account_id"), _ITEMS.description.label("text"), place.label("place"))
        .where(_ITEMS.description.is_not(None), _ITEMS.description != "")
        .subquery()
        .c
    )
    return frames.read(
        select(ranked.account_id, ranked.text)
        .where(ranked.place <= per_account)
        .order_by(ranked.account_id, ranked.place)
    )


def load_bio_vectors(frames: FrameReader, recipe_fingerprint: str) -> pa.Table:
    """account_id, vector: bios of every platform in one recipe."""
    return frames.read(
        select(_VECTORS.account_key.label("account_id"), _VECTORS.vector)
        .where(_VECTORS.recipe_fingerprint == recipe_fingerprint, _VECTORS.field.like(r"%\_bio", escape="\\"))
        .order_by(_VECTORS.account_key, _VECTORS.field)
    )


def load_members(frames: FrameReader) -> pa.Table:
    """account_id, creator_id as stored."""
    return frames.read(
        select(_MEMBERS.account_key.label("account_id"), _MEMBERS.creator_id).order_by(_MEMBERS.account_key)
    )


def load_member_changes(frames: FrameReader) -> pa.Table:
    """as_of, account_key, creator_id ("" when it left): every move that was recorded, in no order."""
    return frames.read(select(_MEMBER_CHANGES.as_of, _MEMBER_CHANGES.account_key, _MEMBER_CHANGES.creator_id))


def load_account_aliases(frames: FrameReader) -> pa.Table:
    """alias_key, account_key."""
    return frames.read(select(_ALIASES.alias_key, _ALIASES.account_key).order_by(_ALIASES.alias_key))


def load_creators(frames: FrameReader) -> pa.Table:
    """Every creator row."""
    return frames.read(select(*_CREATORS).order_by(_CREATORS.creator_id))


def load_creator_aliases(frames: FrameReader) -> pa.Table:
    """retired_id, creator_id, retired_at."""
    return frames.read(select(*_CREATOR_ALIASES).order_by(_CREATOR_ALIASES.retired_id))


def load_members_of(frames: FrameWriter, account_keys: pa.Table) -> pa.Table:
    """account_id, creator_id of some accounts (account_key), as stored."""
    return (
        frames.matching(CreatorMember, account_keys)
        .select(["account_key", "creator_id"])
        .rename_columns(["account_id", "creator_id"])
    )


def load_creators_of(frames: FrameWriter, creator_ids: pa.Table) -> pa.Table:
    """The rows of some creators (creator_id)."""
    return frames.matching(Creator, creator_ids)


def load_identity_night(frames: FrameReader) -> str:
    """The name of the night whose decisions are stored; "" before the first."""
    nights: list[str] = frames.read(select(_NIGHTS.night))["night"].to_pylist()
    return nights[0] if nights else ""


def save_identity_night(frames: FrameWriter, night: str) -> str:
    """Give what is stored of creators, members, pairs, counts and relations a name."""
    forget_identity_night(frames)
    frames.insert(IdentityNight, pa.table({"night": [night]}))
    return night


def forget_identity_night(frames: FrameWriter) -> None:
    """For whoever changes what identity decided: no memory may say from now on what is stored."""
    frames.delete(IdentityNight, frames.read(select(_NIGHTS.night)))


def save_creators(frames: FrameWriter, changed: pa.Table, vanished: pa.Table) -> int:
    """Write creators that are new or changed, remove those that no longer stand (creator_id). Returns rows touched."""
    return frames.upsert(Creator, changed) + frames.delete(Creator, vanished)


def save_members(frames: FrameWriter, changed: pa.Table, vanished: pa.Table) -> int:
    """Write memberships that are new or changed, remove those of forgotten accounts (account_key)."""
    return frames.upsert(CreatorMember, changed) + frames.delete(CreatorMember, vanished)


def save_creator_aliases(frames: FrameWriter, changed: pa.Table, vanished: pa.Table) -> int:
    """Write aliases that are new or repointed, remove those of ids that stand again (retired_id)."""
    return frames.upsert(CreatorAlias, changed) + frames.delete(CreatorAlias, vanished)


def append_creator_changes(frames: FrameWriter, changes: pa.Table) -> int:
    """Add to the change feed: as_of, creator_id, change, other_id."""
    return frames.insert(CreatorChange, changes)


def append_member_changes(frames: FrameWriter, changes: pa.Table) -> int:
    """Add to the change feed: as_of, account_key, creator_id, former_id.

    A second change at the same instant keeps where the account was before the first one.
    """
    return frames.upsert(MemberChange, changes, update=["creator_id"])


def resolve_creator_id(session: Session, creator_id: str) -> str | None:
    """The living id for an id that stands or ever stood; None for one that never did."""
    if session.get(Creator, creator_id) is not None:
        return creator_id
    alias = session.get(CreatorAlias, creator_id)
    return None if alias is None else alias.creator_id


def find_accounts(session: Session, text: str) -> list[str]:
    """Keys of the accounts meant by a key, a former key, `platform:@handle` or a bare handle, sorted."""
    account = CreatorAccount
    if session.get(account, text) is not None:
        return [text]
    former = session.get(AccountAlias, text)
    if former is not None:
        return [former.account_key]
    platform, _, handle = text.rpartition("@")
    found = select_rows(account.account_key).where(account.handle == handle.casefold()).order_by(account.account_key)
    if platform:
        found = found.where(account.platform == platform.rstrip(":"))
    return list(session.exec(found))


def account_key_of(session: Session, text: str) -> str:
    """The one account meant by `text`. Raises SourceError when there is none, or several."""
    found = find_accounts(session, text)
    if len(found) == 1:
        return found[0]
    if not found:
        raise SourceError(f"no account {text}", hint="give platform:id, platform:@handle or a handle")
    raise SourceError(f"{text} names {len(found)} accounts", hint=f"give one of {', '.join(found[:5])}")


def load_account_rows(session: Session, keys: Iterable[str]) -> dict[str, CreatorAccount]:
    """The accounts of some keys by key, a thousand at a time; keys that name none are left out."""
    wanted = sorted(set(keys))
    parts = (wanted[start : start + ROWS_AT_ONCE] for start in range(0, len(wanted), ROWS_AT_ONCE))
    found = (
        session.exec(select_rows(CreatorAccount).where(col(CreatorAccount.account_key).in_(part))) for part in parts
    )
    return {account.account_key: account for part in found for account in part}


def load_member_keys(session: Session, creator_id: str) -> list[str]:
    """The accounts of a creator, by key."""
    keys = select_rows(CreatorMember.account_key).where(CreatorMember.creator_id == creator_id)
    return list(session.exec(keys.order_by(CreatorMember.account_key)))


def load_former_ids(session: Session, creator_id: str) -> list[CreatorAlias]:
    """The retired ids that a creator answers for, oldest first."""
    aliases = select_rows(CreatorAlias).where(CreatorAlias.creator_id == creator_id)
    return list(session.exec(aliases.order_by(col(CreatorAlias.retired_at), col(CreatorAlias.retired_id))))


def count_accounts(session: Session) -> int:
    """How many accounts identity works on."""
    return session.exec(select_rows(func.count()).select_from(CreatorAccount)).one()
