"""Whole generated populations as rows of a store."""

from collections.abc import Iterator

from corpus.generate import Corpus
from store.tables import CreatorAccount
from tests.factories import an_account

_COLUMNS = ("platform_user_id", "display_name", "bio", "website", "email", "followers")


def accounts_of(corpus: Corpus) -> Iterator[CreatorAccount]:
    """The accounts of a generated corpus."""
    for row in corpus.accounts.to_pylist():
        values = {name: row[name] for name in _COLUMNS}
        account = an_account(row["handle"] or "", row["platform"], account_key=row["account_id"], **values)
        account.handle = row["handle"]
        yield account
