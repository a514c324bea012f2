"""Take a creator down: hidden from every reader at once, then out of the store, and never in again.

The list of takedowns lies beside the snapshots (`index/takedowns.py`), where readers look. Whatever brings rows in
(deliveries, raw bytes read again, an archived month) forgets those accounts again before it ends.
"""

from collections.abc import Sequence

from base.errors import ConfigError
from index.takedowns import Takedowns, add_takedown, read_takedowns, writing_takedowns
from index.versions import Versions
from jobs.context import Context
from jobs.identity_memory import forget_accounts
from jobs.report import JobReport
from store.takedowns import (
    delete_accounts,
    delete_creators,
    load_creator_in_force,
    load_creators_of,
    load_member_keys,
)


def hide_creator(context: Context, creator: str) -> list[str]:
    """Hide a creator, named by its id or by one of its accounts, from every reader. Returns its accounts.

    Waits for no run that is at work. Raises ConfigError when nobody is named so.
    """
    root = context.snapshots
    with context.reading_frames() as frames:
        named = load_creators_of(frames, [creator]) or [load_creator_in_force(frames, creator)]
        keys = load_member_keys(frames, named[0])
    if not keys and creator not in read_takedowns(root).creator_ids:
        raise ConfigError(f"no creator {creator}", hint="name it by its id, or by an account as platform:id")
    with writing_takedowns(root):
        add_takedown(root, [*named, creator], keys, newest=Versions(root).newest() or 0)
    return keys


def forget_taken_down(context: Context) -> JobReport:
    """Delete whatever the store and the memory of identity hold about accounts that were taken down."""
    report = JobReport("forget_taken_down")
    report.count(rows_deleted=forget(context, read_takedowns(context.snapshots)))
    return report


def forget(context: Context, taken: Takedowns) -> int:
    """Delete what there is about those who were taken down; returns how many rows went."""
    if not taken.account_keys and not taken.creator_ids:
        return 0
    with context.writing_frames() as frames:
        owners: Sequence[str] = load_creators_of(frames, taken.account_keys)
        gone = delete_accounts(frames, taken.account_keys)
        gone += delete_creators(frames, {*taken.creator_ids, *owners})
    return gone + forget_accounts(context.home, taken.account_keys)
