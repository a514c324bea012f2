"""What is known of accounts and items, from stored rows and from what a batch says about them.

Frames in, frames out: `*_claims` tell what rows claim (see `merge.py`), `merge_*` what follows, one row per key in the
store's columns.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingest.merge import FieldOrder, group, integers, newest_wins, unpack
from ingest.stored import ACCOUNT_FIELDS, CONTENT_FIELDS, LISTS, STORED_NAMES, usual_content_type

_NEVER = np.iinfo(np.int64).max  # later than any instant
_HANDLE = ACCOUNT_FIELDS.bits["handle"]
_CLAIM = ("key", "fetched_at", "sha256", "source", "about", "carried")
_IN_PAYLOAD_ORDER = [("line", "ascending"), ("seat", "ascending")]


def account_claims(accounts: pa.Table, content: pa.Table, sha256: str, source: str) -> pa.Table:
    """What a batch says about accounts: frames of records with their `account_key`.

    An item speaks for its account too: there is one, and it goes by that handle.
    """
    renamed = accounts.rename_columns([STORED_NAMES.get(name, name) for name in accounts.column_names])
    profiles = _with(renamed, about=_constant(True, accounts.num_rows))
    handles = pc.multiply(pc.cast(pc.is_valid(content["handle"]), pa.int64()), _HANDLE)
    sightings = content.select(["account_key", "line", "seat", "fetched_at", "handle"])
    sightings = _with(sightings, about=_constant(False, content.num_rows), carried=handles)
    claims = pa.concat_tables([profiles, sightings], promote_options="default").sort_by(_IN_PAYLOAD_ORDER)
    seen = pc.min_element_wise(claims["fetched_at"], claims["first_seen"])
    claims = _with(claims, first_seen=seen, stored_first_seen=pa.nulls(claims.num_rows, pa.int64()))
    return _claims(_with(claims, key=claims["account_key"], **_stamp(claims, sha256, source)), ACCOUNT_FIELDS)


def item_claims(content: pa.Table, sha256: str, source: str) -> pa.Table:
    """What a batch says about items: a frame of records with their `account_key` and `content_key`."""
    claims = _with(content, key=content["content_key"], about=_constant(True, content.num_rows))
    return _claims(_with(claims, **_stamp(claims, sha256, source)).sort_by(_IN_PAYLOAD_ORDER), CONTENT_FIELDS)


def stored_account_claims(stored: pa.Table) -> pa.Table:
    """What rows of the accounts table remember."""
    rows = _with(
        stored, key=stored["account_key"], fetched_at=stored["last_seen"], sha256=stored["raw_sha256"],
        stored_first_seen=stored["first_seen"],
    )  # fmt: skip
    return _claims(_remembered(rows, ACCOUNT_FIELDS), ACCOUNT_FIELDS)


def stored_item_claims(stored: pa.Table) -> pa.Table:
    """What rows of the content table remember."""
    rows = _with(stored, key=stored["content_key"], sha256=stored["raw_sha256"], source=_constant("", stored.num_rows))
    return _claims(_remembered(rows, CONTENT_FIELDS), CONTENT_FIELDS)


def merge_accounts(claims: pa.Table) -> pa.Table:
    """Rows of the accounts table, and `stored_first_seen`: what the store said of them, null for new ones.

    An account that no payload was about was last seen when an item named it, and `raw_sha256` is "".
    """
    groups = group(claims)
    known = newest_wins(ACCOUNT_FIELDS, claims, groups)
    fetched_at, about = integers(claims["fetched_at"])[groups.rows], claims["about"].to_numpy()[groups.rows]
    sighted_at = groups.greatest(np.where(about, -1, fetched_at))
    sources = sorted(claims["source"].unique().to_pylist())
    codes = pc.index_in(claims["source"], pa.array(sources)).to_numpy()[groups.rows]
    is_sighting = ~about & (fetched_at == np.repeat(sighted_at, groups.ends - groups.starts + 1))
    sighted_by = pa.array(sources).take(pa.array(np.maximum(groups.greatest(np.where(is_sighting, codes, -1)), 0)))
    stored = groups.least(integers(pc.fill_null(claims["stored_first_seen"], _NEVER))[groups.rows])
    return pa.table(
        {name: known[name] for name in ACCOUNT_FIELDS.names}
        | {name: pc.fill_null(known[name], "[]") for name in LISTS}
        | _named(known["key"], "account_key", "platform_user_id")
        | {
            "first_seen": groups.least(integers(claims["first_seen"])[groups.rows]),
            "last_seen": pc.coalesce(known["fetched_at"], pa.array(sighted_at)),
            "source": pc.coalesce(known["source"], sighted_by),
            "state": _constant("live", len(stored)),
            "raw_sha256": pc.fill_null(known["sha256"], ""),
            "carried": known["carried"],
            "stored_first_seen": pa.array(stored, mask=stored == _NEVER),
        }
    )


def merge_items(claims: pa.Table) -> pa.Table:
    """Rows of the content table."""
    known = newest_wins(CONTENT_FIELDS, claims, group(claims))
    named = _named(known["key"], "content_key", "platform_content_id")
    usual = _usual(named["platform"])
    return pa.table(
        {name: known[name] for name in CONTENT_FIELDS.names}
        | named
        | {
            "content_type": pc.coalesce(known["content_type"], usual),
            "fetched_at": known["fetched_at"], "raw_sha256": known["sha256"], "carried": known["carried"],
        }
    )  # fmt: skip


def _claims(rows: pa.Table, order: FieldOrder) -> pa.Table:
    firsts = [name for name in ("first_seen", "stored_first_seen") if name in rows.column_names]
    return rows.select([*_CLAIM, *order.names, *firsts])


def _remembered(rows: pa.Table, order: FieldOrder) -> pa.Table:
    memory = unpack(rows, order)
    claims = rows.take(memory["row"])
    return _with(claims, **{name: memory[name] for name in ("fetched_at", "sha256", "about", "carried")})


def _stamp(claims: pa.Table, sha256: str, source: str) -> dict[str, pa.Array]:
    return {"sha256": _constant(sha256, claims.num_rows), "source": _constant(source, claims.num_rows)}


def _named(keys: pa.ChunkedArray, key: str, own_id: str) -> dict[str, pa.Array]:
    """`platform:id` in its parts; a provisional key, `platform:@handle`, has no id."""
    parts = pc.extract_regex(keys.combine_chunks(), r"(?s)^(?P<platform>[^:]*):(?P<id>.*)$")
    ids = pc.struct_field(parts, "id")
    return {
        key: keys, "platform": pc.struct_field(parts, "platform"),
        own_id: pc.if_else(pc.starts_with(ids, "@"), None, ids),
    }  # fmt: skip


def _usual(platforms: pa.Array) -> pa.Array:
    encoded = platforms.dictionary_encode()
    usual = pa.array([usual_content_type(name) for name in encoded.dictionary.to_pylist()], pa.string())
    return usual.take(encoded.indices)


def _constant(value: bool | str, rows: int) -> pa.Array:
    return pa.repeat(pa.scalar(value), rows)


def _with(table: pa.Table, **columns: pa.Array | pa.ChunkedArray) -> pa.Table:
    """The table with these columns, put in the place of former ones of the name."""
    for name, column in columns.items():
        place = table.schema.get_field_index(name)
        table = table.append_column(name, column) if place < 0 else table.set_column(place, name, column)
    return table
