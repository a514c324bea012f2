"""What is known about each creator."""

import dataclasses
import random
from typing import Any

import pyarrow as pa
import pytest

from engines.duckdb_engine import DuckDBEngine
from index.documents import DOCUMENTS, build_documents
from tests.index.generated import some_creators
from tests.index.snapshots import a_creator, documents_of, frames_of


def document_of(**values: Any) -> dict[str, Any]:
    (row,) = documents_of([a_creator(**values)]).to_pylist()
    return row


def test_the_order_of_rows_does_not_matter():
    frames = frames_of(some_creators(60))

    def shuffled(table: pa.Table) -> pa.Table:
        rows = list(range(table.num_rows))
        random.Random(3).shuffle(rows)
        return table.take(pa.array(rows, pa.int64()))

    mixed = {field.name: shuffled(getattr(frames, field.name)) for field in dataclasses.fields(frames)}
    with DuckDBEngine(threads=1) as one, DuckDBEngine(threads=4) as four:
        assert build_documents(frames, one).equals(build_documents(dataclasses.replace(frames, **mixed), four))


def test_rows_stand_in_the_order_of_creator_ids():
    table = documents_of([a_creator("b"), a_creator("a"), a_creator("c")])
    assert table["creator_id"].to_pylist() == ["cr_a", "cr_b", "cr_c"]
    assert table.schema == DOCUMENTS


def test_keyword_text_holds_names_labels_summary_bio_and_titles():
    """SRC-04."""
    row = document_of(bio="kettlebell person", titles=["Swing", "Snatch"], secondary=["fitness.home_workouts"])
    assert row["keyword_text"].split("\n") == [
        "Ann", "Ann", "ann", "Fitness", "Training the body.", "Home workouts", "tutorial", "ann trains at home.",
        "kettlebell person", "Snatch", "Swing",
    ]  # fmt: skip


def test_a_summary_made_without_a_model_is_shown_and_lends_no_words():
    row = document_of(summary="The profile and its posts hold too little text to say more.", provenance="offline")
    assert row["summary"].startswith("The profile")
    assert "profile" not in row["keyword_text"]


@pytest.mark.parametrize(
    ("followers", "band"),
    [
        (0, "nano"),
        (9_999, "nano"),
        (10_000, "micro"),
        (100_000, "mid"),
        (500_000, "macro"),
        (1_000_000, "mega"),
        (None, None),
    ],
)
def test_follower_bands(followers: int | None, band: str | None):
    assert document_of(followers={"youtube": followers})["follower_band"] == band


@pytest.mark.parametrize(
    ("platform", "views", "likes", "engagement"),
    [
        ("youtube", 1_000, 40, 0.5),
        ("youtube", 1_000, 4_000, 1.0),
        ("youtube", 0, 40, None),
        ("youtube", None, 40, None),
        ("youtube", 1_000, None, None),
        ("instagram", None, 300, 0.5),
        ("instagram", None, None, None),
    ],
)
def test_engagement_is_per_view_on_video_platforms_and_per_follower_elsewhere(
    platform: str, views: int | None, likes: int | None, engagement: float | None
):
    """SRC-08: an unknown number makes the part unknown, never zero."""
    row = document_of(followers={platform: 10_000}, views=views, likes=likes)
    assert row["quality_engagement"] == engagement


def test_unknown_quality_is_ordinary_quality():
    """SRC-08."""
    row = document_of(followers={"youtube": None}, likes=None, activity=None)
    assert (row["quality_reach"], row["quality_engagement"], row["quality_activity"]) == (None, None, None)
    assert row["quality"] == 0.4


def test_quality_is_the_weighted_sum_of_its_parts():
    assert document_of()["quality"] == pytest.approx(0.4 * 0.4 + 0.4 * 0.5 + 0.2 * 1.0)


def test_a_creator_without_a_live_account_is_left_out():
    frames = frames_of([a_creator("ann"), a_creator("bob")])
    gone = dataclasses.replace(frames, accounts=frames.accounts.slice(0, 1))
    with DuckDBEngine() as engine:
        assert build_documents(gone, engine)["creator_id"].to_pylist() == ["cr_ann"]


def test_a_creator_without_a_label_is_still_found_by_its_words():
    row = document_of(niche=None)
    assert (row["primary_niche"], row["secondary_niches"], row["summary"]) == (None, [], None)
    assert "A day with ann" in row["keyword_text"]


def test_nobody_is_no_document():
    assert documents_of([]).num_rows == 0


@pytest.mark.parametrize(
    ("measured", "growth", "momentum"),
    [
        ({}, None, None),
        ({"youtube": (1_000, 1_100, 28)}, 0.1, "rising"),
        ({"youtube": (1_000, 1_210, 56)}, 0.1, "rising"),
        ({"youtube": (1_000, 1_050, 28)}, 0.05, "steady"),
        ({"youtube": (1_000, 900, 28)}, -0.1, "falling"),
        ({"youtube": (0, 900, 28)}, None, None),
        ({"youtube": (100, 200, 28), "tiktok": (9_800, 9_800, 30)}, 0.02, "steady"),
    ],
    ids=["unmeasured", "rising", "over eight weeks", "steady", "falling", "from nothing", "by followers"],
)
def test_momentum_is_growth_in_four_weeks(measured: dict, growth: float | None, momentum: str | None):
    """SRC: emerging creators."""
    person = a_creator(followers={"youtube": 1, "tiktok": 1}, growth=measured)
    (row,) = documents_of([person]).to_pylist()
    assert row["growth"] == (growth if growth is None else pytest.approx(growth, abs=1e-4))
    assert row["momentum"] == momentum
