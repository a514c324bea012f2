"""Weekly counts: every way of growing shows in its series, and the series ends where the delivery begins."""

import io
import re
import statistics
from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from base.clock import to_micros
from corpus.accounts import Account
from corpus.answers import total_views
from corpus.generate import cast_blocks, write_corpus
from corpus.growth import GROWTHS, growth_of, weekly_counts
from corpus.reference import VIEWS_REDEFINED, WEEK
from ingest.files import Payload
from ingest.records import RejectedRow

PAGE = Path(__file__).parents[2] / "docs" / "corpus.md"
WEEKS, SEED = 26, 4
AUTUMN = datetime(2026, 11, 1, 2, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def accounts() -> list[Account]:
    (block,) = cast_blocks(3000, SEED, AUTUMN)
    return [account for account in block if (account.followers or 0) > 1000]


@pytest.fixture(scope="module")
def followers(accounts) -> dict[str, list[list[int]]]:
    """Kind of growth → followers of all weeks with the delivered number at the end."""
    found: dict[str, list[list[int]]] = {kind: [] for kind in GROWTHS}
    for account in accounts:
        counts = weekly_counts(account, SEED, WEEKS, total_views(account))
        if len(counts) == WEEKS - 1:
            found[growth_of(account.account_key, SEED)].append([*(c.followers for c in counts), account.followers])
    return found


def test_accounts_grow_in_every_way_at_the_stated_shares(accounts):
    kinds = Counter(growth_of(account.account_key, SEED) for account in accounts)
    for kind, share in GROWTHS.items():
        assert kinds[kind] / len(accounts) == pytest.approx(share, abs=0.03), kind


def test_the_page_states_the_shares_of_the_table():
    stated = re.findall(r"^\| `(\w+)` \| (\d+) % \|", PAGE.read_text(), re.MULTILINE)
    assert stated == [(kind, f"{share:.0%}"[:-1]) for kind, share in GROWTHS.items()]


def test_a_stable_account_hardly_moves(followers):
    assert max(max(series) / min(series) for series in followers["stable"]) < 1.25


def test_a_spike_jumps_in_one_week_and_is_partly_lost(followers):
    for series in followers["spike"]:
        top = max(range(1, WEEKS), key=lambda week: series[week] / series[week - 1])
        assert series[top] / series[top - 1] > 1.3
        assert min(series[top : top + 6]) < 0.9 * series[top]


def test_a_breakout_goes_on_growing_to_the_end(followers):
    assert all(series[-1] > 1.6 * series[0] and series[-1] > 1.05 * series[-2] for series in followers["breakout"])


def test_a_declining_account_loses(followers):
    assert all(series[-1] < 0.9 * series[0] for series in followers["decline"])


def test_a_season_comes_back_after_thirteen_weeks(followers):
    for series in followers["seasonal"]:
        assert 1.15 < max(series) / min(series) < 1.5
        assert series[0] == pytest.approx(series[13], rel=0.12)


def test_views_only_rise_and_end_with_those_of_the_delivery(accounts):
    for account in accounts[:300]:
        delivered = total_views(account)
        views = [count.views for count in weekly_counts(account, SEED, WEEKS, delivered)]
        assert [*views, delivered] == sorted([*views, delivered])
        assert min(views, default=delivered) >= 0.4 * delivered


def test_a_channel_gains_more_views_from_the_day_a_view_is_redefined(accounts):
    day = to_micros(VIEWS_REDEFINED)
    ratios = {platform: statistics.median(gains_after_over_before(accounts, platform, day)) for platform in PLATFORMS}
    assert ratios["youtube"] > 1.25
    assert 0.9 < ratios["tiktok"] < 1.1


PLATFORMS = ("youtube", "tiktok")


def gains_after_over_before(accounts: list[Account], platform: str, day: int) -> list[float]:
    ratios = []
    for account in accounts:
        if account.platform == platform and growth_of(account.account_key, SEED) == "stable":
            counts = weekly_counts(account, SEED, WEEKS, total_views(account))
            gains = [(late.as_of, late.views - early.views) for early, late in pairwise(counts)]
            before, after = ([gain for at, gain in gains if (at >= day) is later] for later in (False, True))
            if before and after:
                ratios.append(statistics.mean(after) / statistics.mean(before))
    return ratios


def test_a_series_does_not_begin_before_its_account(accounts):
    for account in accounts[:300]:
        at = [count.as_of for count in weekly_counts(account, SEED, 400, total_views(account))]
        assert all(instant > account.created_at for instant in at)
        assert all(late - early == WEEK for early, late in pairwise(at))


def test_one_week_writes_no_history(tmp_path):
    files = write_corpus(tmp_path, 60, SEED)
    assert files.history == ()
    assert not (tmp_path / "history").exists()
    assert pq.read_table(files.truth)["growth"].null_count == 60


def test_every_recorded_week_is_taken_in_and_belongs_to_a_delivered_account(tmp_path):
    files = write_corpus(tmp_path, 300, SEED, weeks=5, as_of=AUTUMN)
    truth = pq.read_table(files.truth)
    weeks: Counter[str] = Counter()
    for path in files.history:
        for found in Payload(io.BufferedReader(io.BytesIO(path.read_bytes())), path.name, None, to_micros(AUTUMN)):
            assert not isinstance(found, RejectedRow), found
            assert found.fetched_at < to_micros(AUTUMN) - 6 * WEEK / 7
            weeks[found.record.account_key] += 1
    assert set(weeks) == set(truth["account_key"].to_pylist())
    assert set(weeks.values()) <= {1, 2, 3, 4}
    assert statistics.mode(weeks.values()) == 4
    assert set(truth["growth"].to_pylist()) <= set(GROWTHS)
