"""Everything the store holds about some accounts, found and deleted.

Kept are judgements and the spend ledger, which name keys and say nothing of anybody, retired creator ids, and the raw
payloads, which hold other people's accounts as well.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

from sqlalchemy import or_, select

from store.bulk import FrameReader, FrameWriter
from store.tables import METADATA

KEYS_AT_ONCE = 500  # in one statement: SQLite takes some thirty thousand parameters

_ALIASES = METADATA.tables["account_aliases"].c
_MEMBERS = METADATA.tables["members"].c
_CREATOR_ALIASES = METADATA.tables["creator_aliases"].c
_ITEMS = METADATA.tables["content_items"].c

#: table → columns of which any names an item of content, an account, a creator
_OF_CONTENT = {
    "content_vectors": ["content_key"], "metric_snapshots": ["entity_key"], "raw_entities": ["entity_key"],
}  # fmt: skip
_OF_ACCOUNTS = {
    "content_items": ["account_key"], "metric_snapshots": ["entity_key"], "raw_entities": ["entity_key"],
    "account_vectors": ["account_key"], "account_activity": ["account_key"], "handle_history": ["account_key"],
    "candidate_pairs": ["left", "right"], "account_relations": ["source", "target"],
    "judgement_grounds": ["left", "right"], "judgement_flags": ["left", "right"], "members": ["account_key"],
    "member_changes": ["account_key"], "account_aliases": ["account_key"], "accounts": ["account_key"],
    "news": ["entity_key"],
}  # fmt: skip
_OF_CREATORS = {
    "creator_vectors": ["creator_id"], "enrichments": ["creator_id"], "enrichment_failures": ["creator_id"],
    "enrichment_states": ["creator_id"], "creators": ["creator_id"],
}  # fmt: skip


def load_creator_in_force(frames: FrameReader, creator_id: str) -> str:
    """The id that answers for this one now: itself, unless it was retired."""
    found = frames.read(select(_CREATOR_ALIASES.creator_id).where(_CREATOR_ALIASES.retired_id == creator_id))
    return str(found["creator_id"][0]) if found.num_rows else creator_id


def load_member_keys(frames: FrameReader, creator_id: str) -> list[str]:
    """The accounts of a creator, under every key they ever had; empty when there is no such creator."""
    members = select(_MEMBERS.account_key).where(_MEMBERS.creator_id == creator_id)
    keys = frames.read(members)["account_key"].to_pylist()
    former = frames.read(select(_ALIASES.alias_key).where(_ALIASES.account_key.in_(keys)))["alias_key"].to_pylist()
    return sorted({*keys, *former})


def load_creators_of(frames: FrameReader, keys: Collection[str]) -> list[str]:
    """The creators that some of these accounts belong to."""
    found: set[str] = set()
    for some in _portions(keys):
        chosen = select(_MEMBERS.creator_id).where(_MEMBERS.account_key.in_(some)).distinct()
        found.update(frames.read(chosen)["creator_id"].to_pylist())
    return sorted(found)


def delete_accounts(frames: FrameWriter, keys: Collection[str]) -> int:
    """Delete everything about these accounts. Returns how many rows went."""
    gone = 0
    for some in _portions(keys):
        items = frames.read(select(_ITEMS.content_key).where(_ITEMS.account_key.in_(some)))
        for content in _portions(items["content_key"].to_pylist()):
            gone += _delete(frames, _OF_CONTENT, content)
        gone += _delete(frames, _OF_ACCOUNTS, some)
        for content in _portions(items["content_key"].to_pylist()):
            _delete(frames, {"news": ["entity_key"]}, content)  # that they left was noted just now
    return gone


def delete_creators(frames: FrameWriter, creator_ids: Collection[str]) -> int:
    """Delete what is known of these creators as such. Returns how many rows went."""
    return sum(_delete(frames, _OF_CREATORS, some) for some in _portions(creator_ids))


def _delete(frames: FrameWriter, places: Mapping[str, Sequence[str]], keys: Sequence[str]) -> int:
    gone = 0
    for name, columns in places.items():
        table = METADATA.tables[name]
        gone += frames.execute(table.delete().where(or_(*(table.c[column].in_(keys) for column in columns))))
    return gone


def _portions(keys: Collection[str]) -> Iterator[list[str]]:
    ordered = sorted(keys)
    for start in range(0, len(ordered), KEYS_AT_ONCE):
        yield ordered[start : start + KEYS_AT_ONCE]
