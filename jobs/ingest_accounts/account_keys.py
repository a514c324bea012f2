"""Which account each record of a batch is about: by its id, or by a handle that one known account carries."""

import pyarrow as pa
import pyarrow.compute as pc

from ingest.files import Batch
from store.accounts import load_aliases, load_holders
from store.bulk import FrameWriter, arrow_schema
from store.tables import AccountAlias

_NAMES = ["platform", "platform_user_id", "handle"]


def name_accounts(frames: FrameWriter, batch: Batch, as_of: int) -> tuple[pa.Table, pa.Table]:
    """The frames of a batch with `account_key` in both and `content_key` in the second.

    A bare handle means the one account that carries it, which is remembered as an alias, else itself.
    """
    records = pa.concat_tables([frame.select(_NAMES) for frame in (batch.accounts, batch.content)])
    keys = _resolved(frames, records.append_column("account_key", _own_keys(records)), as_of)
    accounts = batch.accounts.append_column("account_key", keys.slice(0, batch.accounts.num_rows))
    content = batch.content.append_column("account_key", keys.slice(batch.accounts.num_rows))
    items = pc.binary_join_element_wise(content["platform"], content["platform_content_id"], ":")
    return accounts, content.append_column("content_key", items)


def _own_keys(records: pa.Table) -> pa.ChunkedArray:
    """`platform:platform_user_id`, or provisionally `platform:@handle`."""
    provisional = pc.binary_join_element_wise("@", records["handle"], "")
    return pc.binary_join_element_wise(records["platform"], pc.coalesce(records["platform_user_id"], provisional), ":")


def _resolved(frames: FrameWriter, records: pa.Table, as_of: int) -> pa.ChunkedArray:
    bare = records.filter(pc.is_null(records["platform_user_id"])).select(["account_key", "platform", "handle"])
    if bare.num_rows == 0:
        return records["account_key"]
    names = bare.group_by(bare.column_names, use_threads=False).aggregate([])
    held = load_holders(frames, names.select(["platform", "handle"]))
    held = names.join(held, ["platform", "handle"], right_suffix="_held", join_type="inner")
    aliases = pa.table(
        {
            "alias_key": held["account_key"],
            "account_key": held["account_key_held"],
            "created_at": pa.repeat(pa.scalar(as_of), held.num_rows),
        },
        schema=arrow_schema(AccountAlias),
    ).sort_by("alias_key")
    frames.insert(AccountAlias, aliases)
    known = load_aliases(frames, names["account_key"])
    # Who carries the handle now counts for more than who did.
    now = pa.concat_tables([aliases.select(known.column_names), known])
    rows = pc.index_in(records["account_key"], now["alias_key"].combine_chunks())
    is_bare = pc.is_null(records["platform_user_id"])
    return pc.if_else(
        is_bare, pc.coalesce(now["account_key"].take(rows), records["account_key"]), records["account_key"]
    )
