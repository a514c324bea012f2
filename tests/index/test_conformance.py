"""SYS-03: what every reader must pass, passed by ours and by one that knows the page alone."""

import json
from typing import Any

import pytest

from index.snapshot import Snapshot
from index.text import tokens
from index.versions import Versions, verify_version
from tests.index import second_reader
from tests.index.conformance import FOLDER, QUERIES, SHOWN, answer

TOLERANCE = 1e-9
QUESTIONS: list[dict[str, Any]] = [json.loads(line) for line in (FOLDER / "queries.jsonl").read_text().splitlines()]
PARTS = ("score", "keyword", "semantic", "quality")


def flat(hit: dict[str, Any]) -> dict[str, float]:
    """Every number of a hit."""
    return {name: hit[name] for name in PARTS} | hit["similarities"]


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    folder = Versions(FOLDER).current_path()
    assert verify_version(folder) > 10
    return Snapshot(folder)


@pytest.fixture(scope="module")
def reader() -> second_reader.Reader:
    return second_reader.Reader(FOLDER)


def test_the_questions_ask_for_everything():
    assert len(QUESTIONS) == QUERIES
    assert {name for asked in QUESTIONS for name in asked["filters"]} >= {"platform", "niche", "min_followers", "style"}
    assert any(not asked["text"] for asked in QUESTIONS)
    assert any(asked["text"] and not any(asked["vector"]) for asked in QUESTIONS)
    assert sum(len(asked["expected"]["best"]) == SHOWN for asked in QUESTIONS) > QUERIES / 3


@pytest.mark.parametrize("asked", QUESTIONS, ids=range(QUERIES))
def test_our_reader_gives_the_answers(snapshot: Snapshot, asked: dict[str, Any]):
    assert list(dict.fromkeys(tokens(asked["text"]))) == asked["words"]
    found, expected = answer(snapshot, asked), asked["expected"]
    assert found["hits"] == expected["hits"]
    for hit, wanted in zip(found["best"], expected["best"], strict=True):
        assert flat(hit) == pytest.approx(flat(wanted), abs=TOLERANCE)
        assert hit["creator_id"] == wanted["creator_id"]


@pytest.mark.parametrize("asked", QUESTIONS, ids=range(QUERIES))
def test_a_reader_that_knows_the_page_alone_gives_the_answers(reader: second_reader.Reader, asked: dict[str, Any]):
    words = list(dict.fromkeys(second_reader.tokens(asked["text"])))
    assert words == asked["words"]
    hits, expected = reader.hits(words, asked["vector"], second_reader.keeps(asked["filters"])), asked["expected"]
    assert len(hits) == expected["hits"]
    for hit, wanted in zip(hits[:SHOWN], expected["best"], strict=True):
        assert hit["creator_id"] == wanted["creator_id"]
        assert [hit[name] for name in PARTS] == pytest.approx([wanted[name] for name in PARTS], abs=TOLERANCE)
