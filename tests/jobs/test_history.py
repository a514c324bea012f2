"""What status says of answers that were ordered and that nobody fetches."""

import pytest

from jobs.history import left_with_the_vendor
from jobs.settings import read_settings

OUT = {"batches": 1, "requests": 40}
ELSEWHERE = {"provider": "compatible", "base_url": "http://127.0.0.1:9/v1"}


@pytest.mark.parametrize("llm", [{}, ELSEWHERE], ids=["offline", "another server"])
def test_answers_that_nobody_fetches_are_named_with_what_to_do(tmp_path, llm):
    settings = read_settings(home=tmp_path, llm=llm)
    (said,) = left_with_the_vendor(settings, OUT).values()
    assert said.startswith("40 answers")
    assert "llm.provider openai" in said
    assert left_with_the_vendor(settings, {"batches": 0, "requests": 0}) == {}


def test_in_either_mode_the_vendor_that_has_them_is_asked(tmp_path):
    for mode in ("online", "batch"):
        settings = read_settings(home=tmp_path, llm={"provider": "openai", "mode": mode})
        assert left_with_the_vendor(settings, OUT) == {}
