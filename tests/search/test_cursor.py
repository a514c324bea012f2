"""Pages: together the whole ranking, each hit once, and never of two snapshots or two questions."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from base.errors import ConfigError, StaleCursor
from providers.hashing import HashingEmbedder
from search.cursor import Cursor, read_cursor, write_cursor
from search.searcher import Searcher
from tests.index.snapshots import a_creator, input_of, write_snapshot

QUESTIONS = ("home bread", "yoga on youtube", "", "like:cr_c0007", "café -oven")


@settings(max_examples=12)
@given(text=st.sampled_from(QUESTIONS), limit=st.integers(30, 120), fusion=st.sampled_from(["linear", "rrf"]))
def test_pages_put_together_are_the_whole_ranking(searcher: Searcher, text: str, limit: int, fusion):
    whole = searcher.search(text, limit=1_000, fusion=fusion)
    found, cursor = [], None
    while True:
        page = searcher.search(text, limit=limit, cursor=cursor, fusion=fusion)
        found += page.hits
        cursor = page.next_cursor
        if cursor is None:
            break
    assert found == list(whole.hits)
    assert len(found) == whole.total
    assert [hit.rank for hit in found] == list(range(1, len(found) + 1))


def test_a_cursor_of_another_question_is_refused(searcher: Searcher):
    cursor = searcher.search("yoga", limit=1).next_cursor
    with pytest.raises(ConfigError, match="another question"):
        searcher.search("bread", cursor=cursor)
    with pytest.raises(ConfigError, match="another question"):
        searcher.search("yoga", cursor=cursor, fusion="rrf")


def test_a_cursor_of_an_earlier_index_is_refused_with_the_way_on(tmp_path: Path):
    people = [a_creator(name, bio="yoga") for name in ("ann", "bob", "cat")]
    old = Searcher(write_snapshot(tmp_path / "1", input_of(people[:2])), HashingEmbedder())
    new = Searcher(write_snapshot(tmp_path / "2", input_of(people)), HashingEmbedder())
    with pytest.raises(StaleCursor) as refused:
        new.search("yoga", cursor=old.search("yoga", limit=1).next_cursor)
    assert "first page" in str(refused.value.hint)


@given(text=st.text(max_size=40))
def test_any_other_text_is_no_cursor(text: str):
    with pytest.raises(ConfigError):
        read_cursor(text, snapshot_id="a" * 64, question="q")


@given(score=st.floats(0, 1), creator_id=st.text(max_size=20))
def test_a_cursor_reads_back_bit_for_bit(score: float, creator_id: str):
    written = write_cursor(Cursor(score, creator_id), snapshot_id="s" * 64, question="q")
    assert read_cursor(written, snapshot_id="s" * 64, question="q") == Cursor(score, creator_id)
