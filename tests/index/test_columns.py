"""Filters by column equal a look at every row."""

from collections import Counter

import numpy as np
import pytest

from index.snapshot import Snapshot
from tests.index.generated import some_creators
from tests.index.snapshots import input_of, write_snapshot


@pytest.fixture(scope="module", params=[10**6, 70], ids=["one shard", "three shards"])
def snapshot(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    folder = tmp_path_factory.mktemp("columns")
    return write_snapshot(folder, input_of(some_creators(200, seed=3), shard_creators=request.param))


@pytest.fixture(scope="module")
def rows(snapshot: Snapshot) -> list[dict]:
    return snapshot.rows(np.arange(len(snapshot)))


@pytest.mark.parametrize("wanted", [["en"], ["en", "es"], ["xx"], []])
def test_one_of(snapshot: Snapshot, rows: list[dict], wanted: list[str]):
    assert snapshot.columns.one_of("language", wanted).tolist() == [row["language"] in wanted for row in rows]


@pytest.mark.parametrize("wanted", [["fitness"], ["food.baking"], ["food", "other"], ["fit"], []])
def test_in_niche(snapshot: Snapshot, rows: list[dict], wanted: list[str]):
    expected = [
        any(niche == one or niche.startswith(f"{one}.") for one in wanted for niche in niches_of(row)) for row in rows
    ]
    assert snapshot.columns.in_niche(wanted).tolist() == expected


@pytest.mark.parametrize("wanted", [["youtube"], ["zz", "tiktok"], ["absent"]])
def test_on_platform(snapshot: Snapshot, rows: list[dict], wanted: list[str]):
    assert snapshot.columns.on_platform(wanted).tolist() == [bool(set(row["platforms"]) & set(wanted)) for row in rows]


@pytest.mark.parametrize("platforms", [[], ["youtube"], ["zz", "tiktok"]])
@pytest.mark.parametrize(("low", "high"), [(None, None), (10_000, None), (None, 9_999), (9_999, 250_000), (0, 0)])
def test_followers(snapshot: Snapshot, rows: list[dict], platforms: list[str], low: int | None, high: int | None):
    def fits(count: int | None) -> bool:
        return count is not None and (low or 0) <= count <= (10**18 if high is None else high)

    expected = [
        any(fits(entry["followers"]) for entry in row["followers_by_platform"] if entry["platform"] in platforms)
        if platforms
        else fits(row["followers_total"])
        for row in rows
    ]
    assert snapshot.columns.followers(low, high, platforms).tolist() == expected


def test_counts(snapshot: Snapshot, rows: list[dict]):
    docs = np.arange(0, len(snapshot), 3)
    chosen = [rows[doc] for doc in docs]
    counted = {
        "language": Counter(row["language"] for row in chosen if row["language"]),
        "platforms": Counter(platform for row in chosen for platform in row["platforms"]),
        "niches": Counter(niche for row in chosen for niche in niches_of(row)),
    }
    for name, expected in counted.items():
        found = snapshot.columns.counts(name, docs)
        assert list(found.items()) == sorted(expected.items(), key=lambda item: (-item[1], item[0]))


def test_every_creator_is_found_by_its_id(snapshot: Snapshot, rows: list[dict]):
    assert [snapshot.doc_of(row["creator_id"]) for row in rows] == list(range(len(rows)))
    assert [snapshot.doc_of(name) for name in ("", "cr_c0000x", "zz")] == [None, None, None]


def test_texts_are_those_the_words_came_from(snapshot: Snapshot, rows: list[dict]):
    from index.text import tokens

    texts = snapshot.texts(range(len(rows)))
    assert [len(tokens(text)) for text in texts] == [row["token_count"] for row in rows]


def niches_of(row: dict) -> set[str]:
    return {niche for niche in [row["primary_niche"], *row["secondary_niches"]] if niche}
