"""The page of a night: whole in one file, every chart with its numbers, strangers' words kept harmless."""

import dataclasses
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

from identity.explain import Evidence, PairExplanation
from identity.triage import Thresholds, Triage
from jobs.night_summary import (
    AccountShown,
    CreatorCard,
    HitShown,
    NightSummary,
    PairShown,
    SearchShown,
    StageLine,
)
from jobs.report_page import report_page, write_report

ANN_YOUTUBE = AccountShown("youtube:UC1", "youtube", "annbakes", "Ann Bakes", "Bread and patience", 12_000)
ANN_INSTAGRAM = AccountShown("instagram:7", "instagram", "ann.bakes", "Ann", None, None)
EVIDENCE = (
    Evidence("handle_name", "near_handle", 6.25, "the same handle but for a dot"),
    Evidence("site", "private", 8.0, "both name the site annbakes.example"),
)
MERGE = PairExplanation(
    left="instagram:7", right="youtube:UC1", prior_bits=-9.5, evidence=EVIDENCE, match_weight_bits=4.75,
    match_probability=0.964, triage=Triage.LINK, reason="4.8 bits put it in link", proposed_because=("the same site",),
    quotes=("instagram:7 says in its bio: annbakes (self)",), thresholds=Thresholds(link_bits=4.0, review_bits=-4.0),
)  # fmt: skip
NIGHT = NightSummary(
    run_id="20260301T020000Z-nightly-1",
    as_of=datetime(2026, 3, 1, 2, tzinfo=UTC),
    exit_code=0,
    stages=(
        StageLine("ingest_accounts", {"rows_read": 5200, "rejected": 12}, 3.25),
        StageLine("embed_accounts", {"written": 2011}, 8.0, paid_usd=1.25),
    ),
    accounts_by_platform={"instagram": 800, "tiktok": 150, "youtube": 1050},
    creators_by_size={1: 900, 2: 400, 3: 100},
    weight_bins=(-20.0, -10.0, 0.0, 10.0, 20.0),
    pairs_by_weight={"separate": (900, 300, 0, 0), "review": (0, 20, 35, 0), "link": (0, 0, 80, 520)},
    pairs_by_rule={"exact_handle": 610, "bio_neighbour": 900},
    merges_by_evidence={"claim": 300, "rare_handle": 120},
    niches={"fitness": 120, "cooking": 80, "other": 40},
    confidences={"high": 90, "medium": 110, "low": 40},
    activity={"youtube": {"active": 500, "long_tail": 550}, "instagram": {"semi_active": 800}},
    coverage={"demo · youtube": {"handle": 1.0, "email": 0.12}, "demo · instagram": {"handle": 1.0, "email": 0.6}},
    rejections={"body is not JSON": 9, "no platform": 3},
    gate={"vector_coverage": 0.97, "passed": True},
    card=CreatorCard("cr_a", "Ann", "cooking", "high", "Bakes bread slowly.", (ANN_YOUTUBE, ANN_INSTAGRAM)),
    merge=PairShown(ANN_INSTAGRAM, ANN_YOUTUBE, MERGE),
    held=PairShown(ANN_INSTAGRAM, ANN_YOUTUBE, dataclasses.replace(MERGE, triage=Triage.REVIEW)),
    truth_scores={"pair_precision": 0.993, "pair_recall": 0.912},
    calibration=((0.1, 0.08, 120), (0.95, 0.97, 640)),
    searches=(SearchShown("home workouts under 500k followers", (HitShown("Ann", 0.62, ("niche fitness",)),)),),
)


class Elements(HTMLParser):
    """Counts elements and checks that they close in the order they opened."""

    VOID = frozenset({"meta", "br", "rect", "line", "circle"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.seen.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        self.seen.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def elements(page: str) -> list[str]:
    parser = Elements()
    parser.feed(page)
    assert parser.open == []
    return parser.seen


def test_every_chart_has_its_numbers_in_a_table():
    seen = elements(report_page(NIGHT))
    assert seen.count("svg") >= 12
    assert seen.count("svg") == seen.count("figure") == seen.count("details") == seen.count("figcaption")


def test_the_page_needs_nothing_but_itself():
    page = report_page(NIGHT)
    assert "script" not in elements(page)
    assert not re.search(r"(?:src|href)=|url\(|@import|https?://", page)


def test_the_numbers_of_the_night_stand_in_the_page():
    page = report_page(NIGHT)
    expected = ["2\xa0000", "1\xa0400", "11.2", "+4.8 bits", "the same handle but for a dot", "97%", "no platform"]
    assert [words for words in expected if words not in page] == []


def test_a_hostile_profile_stays_text():
    hostile = "</bdi><script>alert(1)</script>\u202e"
    account = dataclasses.replace(ANN_YOUTUBE, name=hostile, bio=hostile, handle=hostile)
    card = CreatorCard("cr_x", hostile, hostile, None, hostile, (account,))
    evidence = (Evidence("site", "private", 1.0, hostile),)
    explained = dataclasses.replace(MERGE, evidence=evidence, quotes=(hostile,), reason=hostile)
    pair = PairShown(account, account, explained)
    search = SearchShown(hostile, (HitShown(hostile, 0.5, (hostile,)),))
    page = report_page(dataclasses.replace(NIGHT, card=card, merge=pair, searches=(search,), rejections={hostile: 1}))
    assert "script" not in elements(page)


@pytest.mark.parametrize("missing", ["card", "merge", "held", "truth_scores", "calibration", "searches"])
def test_what_is_not_known_is_left_out(missing):
    empty = None if missing in {"card", "merge", "held"} else type(getattr(NIGHT, missing))()
    assert len(report_page(dataclasses.replace(NIGHT, **{missing: empty}))) < len(report_page(NIGHT))


def test_a_night_without_rows_still_has_a_page():
    night = NightSummary("r", NIGHT.as_of, 0, (), {}, {}, (0.0, 1.0), {"link": (0,)}, {}, {}, {}, {}, {}, {}, {}, {})
    assert elements(report_page(night))


def test_the_page_is_written_whole(tmp_path: Path):
    path = write_report(tmp_path / "report.html", NIGHT)
    assert path.read_text() == report_page(NIGHT)
    assert list(tmp_path.iterdir()) == [path]


def test_the_page_says_what_the_night_cost_stage_by_stage_and_together():
    page = report_page(NIGHT)
    assert page.count("$1.2500") == 2
    assert "nothing" in page
