"""Token counts never reach for the network, and say whether they are counted or guessed."""

from pathlib import Path

import pytest

from providers.tokens import TABLE_NAME, has_o200k_table, load_token_counter


def test_without_a_cached_table_tokens_are_an_estimate_that_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    counter = load_token_counter()
    assert (counter.token_source, counter.count("ünïcode"), counter.count("")) == ("estimate", 3, 0)


def test_a_damaged_table_is_not_offered_to_tiktoken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    (tmp_path / TABLE_NAME).write_bytes(b"not the table")
    assert not has_o200k_table()


def test_a_cache_that_is_switched_off_holds_no_table(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", "")
    assert not has_o200k_table()
