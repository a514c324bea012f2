"""Filters against a naive scan of the rows."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from base.errors import ConfigError
from index.snapshot import Snapshot
from index.text import tokens
from search.filters import FilterIndex
from search.parse import parse_query
from search.query import Query
from tests.index.generated import WORDS


def satisfies(row: Mapping[str, Any], text: str, query: Query) -> bool:
    """The filters, one creator at a time, the slow and plain way."""
    wanted = query.filters
    columns = {"follower_band": "follower_band", "primary_niche": "primary_niche", "style": "content_style",
               "language": "language", "country": "country", "activity": "activity"}  # fmt: skip
    if any(getattr(wanted, name) and row[column] not in getattr(wanted, name) for name, column in columns.items()):
        return False
    niches = [niche for niche in [row["primary_niche"], *row["secondary_niches"]] if niche]
    if wanted.niche and not any(
        one == niche or one.startswith(f"{niche}.") for niche in wanted.niche for one in niches
    ):
        return False
    if wanted.platform and not set(wanted.platform) & set(row["platforms"]):
        return False
    audiences = [row["followers_total"]]
    if wanted.platform and (wanted.min_followers is not None or wanted.max_followers is not None):
        audiences = [one["followers"] for one in row["followers_by_platform"] if one["platform"] in wanted.platform]
    if wanted.min_followers is not None or wanted.max_followers is not None:
        low, high = wanted.min_followers or 0, wanted.max_followers if wanted.max_followers is not None else 10**18
        audiences = [count for count in audiences if count is not None and low <= count <= high]
    lines = [tuple(tokens(line)) for line in text.split("\n")] if query.phrases or query.excluded else []
    words = {word for line in lines for word in line}
    beside = all(
        any(line[start : start + len(phrase)] == phrase for line in lines for start in range(len(line)))
        for phrase in query.phrases
    )
    return bool(audiences) and beside and not words & set(query.excluded)


def some(values: list[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), max_size=2, unique=True).map(tuple)


FOLLOWERS = st.none() | st.sampled_from([0, 1, 9_999, 10_000, 10_001, 300_000, 5_000_000])
FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "platform": some(["youtube", "ig", "tiktok", "zz", "nowhere"]), "min_followers": FOLLOWERS,
        "max_followers": FOLLOWERS, "follower_band": some(["nano", "micro", "mega"]),
        "niche": some(["fitness", "food", "food.baking"]), "primary_niche": some(["fitness", "other"]),
        "style": some(["tutorial", "vlog"]), "language": some(["en", "es"]), "country": some(["us", "DE"]),
        "activity": some(["active", "long_tail"]),
    },
)  # fmt: skip
TEXTS = st.lists(
    st.sampled_from([*(f"-{word}" for word in WORDS), '"home gym"', '"bread cake"', '"gym yoga run"']), max_size=2
)


@pytest.fixture(scope="module")
def rows(snapshot: Snapshot) -> list[tuple[dict[str, Any], str]]:
    """Every creator with its text."""
    return list(zip(snapshot.creators.to_pylist(), snapshot.keyword_texts.to_pylist(), strict=True))


@settings(max_examples=200, deadline=None)
@given(filters=FILTERS, text=TEXTS)
def test_every_combination_of_filters_equals_a_naive_scan(
    snapshot: Snapshot, rows: list[tuple[dict[str, Any], str]], filters: dict[str, Any], text: list[str]
):
    """SRC-01."""
    query = parse_query(" ".join(text), **filters)
    naive = [satisfies(row, text, query) for row, text in rows]
    np.testing.assert_array_equal(FilterIndex(snapshot).mask(query), naive)


def test_a_platform_filter_keeps_creators_whose_followers_there_are_hidden(snapshot: Snapshot):
    rows = snapshot.creators.to_pylist()
    hidden = [
        number for number, row in enumerate(rows) if row["platforms"] == ["zz"] and row["followers_total"] is None
    ]
    assert hidden
    assert FilterIndex(snapshot).mask(parse_query("", platform=("zz",)))[hidden].all()


@pytest.mark.parametrize("name", ["niche", "follower_band", "activity"])
def test_a_value_outside_a_closed_vocabulary_is_refused(snapshot: Snapshot, name: str):
    with pytest.raises(ConfigError, match="sideways"):
        FilterIndex(snapshot).mask(parse_query("chess", **{name: "sideways"}))
