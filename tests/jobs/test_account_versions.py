"""From an account back to the bytes: every version that was delivered, and what changed in between."""

from pathlib import Path

import pytest

from base.errors import SourceError
from ingest.files import Delivery
from jobs.account_versions import account_versions, changes, history
from jobs.ingest_accounts import ingest_accounts
from store.session import Store
from tests.factories import a_context

FIRST = """platform,platform_user_id,handle,bio,followers,fetched_at
tiktok,1,ann,Paints birds,100,2026-02-01
tiktok,2,bob,Bakes,5,2026-02-01
"""
SECOND = """platform,platform_user_id,handle,followers,fetched_at
tiktok,2,bob,6,2026-02-08
tiktok,1,ann_paints,250,2026-02-08
"""


def test_the_difference_between_two_raw_versions_is_shown(store: Store, tmp_path: Path):
    """NRM-06, NRM-08: walk from an account to its blobs, and see what each delivery changed."""
    context = a_context(store)
    files = [tmp_path / "first.csv", tmp_path / "second.csv"]
    for path, text in zip(files, (FIRST, SECOND), strict=True):
        path.write_text(text)
    ingest_accounts(context, [Delivery(path, "vendor") for path in files])

    versions = account_versions(context, "tiktok:1")
    assert [(version.origin, version.line) for version in versions] == [("first.csv", 2), ("second.csv", 3)]
    assert all(context.blobs.exists(version.sha256) for version in versions)
    found = {change.field: (change.before, change.after) for change in changes(*versions)}
    assert found == {"followers": (100, 250), "handle": ("ann", "ann_paints")}
    assert [len(changed) for _version, changed in history(versions)] == [0, 2]


def test_an_unknown_account_is_an_error(store: Store):
    with pytest.raises(SourceError):
        account_versions(a_context(store), "tiktok:nobody")
