"""The page that explains identity weighs one match by hand: its numbers are the model's."""

import re
from pathlib import Path

import pyarrow as pa
import pytest

from engines.duckdb_engine import DuckDBEngine
from identity.blocking import RULE_NAMES
from identity.compare import LARGEST_PRIVATE_BAND
from identity.comparisons import COMPARISONS
from identity.explain import PairExplanation, explain_pair
from identity.values import SCHEMA
from identity.weights import load_model

PAGE = Path(__file__).parents[2] / "docs" / "identity.md"
POPULATION = 100_000
#: as the page tells them
ACCOUNTS = [
    {
        "account_id": "youtube:UCquill", "platform": "youtube", "handle": "quillandember",
        "display_name": "Quill & Ember",
        "bio": "Stationery reviews and slow letters. New film on Sundays", "website": "https://quillandember.com",
        "followers": 12_000,
    },
    {
        "account_id": "instagram:4711", "platform": "instagram", "handle": "quill.and.ember",
        "display_name": "Quill and Ember", "bio": "Slow letters, fountain pens, stationery",
        "website": "quillandember.com", "followers": 8_000,
    },
]  # fmt: skip
COUNTS = {"letters": 40, "slow": 900, "stationery": 60}


@pytest.fixture(scope="module")
def page() -> str:
    return PAGE.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def found() -> PairExplanation:
    counts = [{"kind": "bio_word", "value": word, "count": count} for word, count in COUNTS.items()]
    with DuckDBEngine(threads=1) as engine:
        return explain_pair(
            pa.Table.from_pylist(ACCOUNTS), population=POPULATION, model=load_model(), engine=engine,
            value_counts=pa.Table.from_pylist(counts, schema=SCHEMA),
        )  # fmt: skip


def waterfall(page: str) -> dict[str, tuple[str, float]]:
    rows = re.findall(r"^\| ([a-z_ ]+) \| (.*?) \| ([+-]\d+\.\d\d) \|$", page, flags=re.MULTILINE)
    return {name: (what, float(bits)) for name, what, bits in rows}


def test_every_number_of_the_waterfall_is_what_the_model_says_now(page, found):
    told = waterfall(page)
    expected = {"prior": found.prior_bits} | {step.comparison: step.weight_bits for step in found.evidence}
    assert list(told) == [*expected, "match weight"]
    assert {name: bits for name, (_, bits) in told.items() if name != "match weight"} == pytest.approx(
        {name: round(bits, 2) for name, bits in expected.items()}
    )
    for step in found.evidence:
        assert told[step.comparison][0].startswith(f"`{step.level}`"), step


def test_the_column_adds_up_and_the_band_follows(page, found):
    told = {name: bits for name, (_, bits) in waterfall(page).items()}
    total = told.pop("match weight")
    assert sum(told.values()) == pytest.approx(total, abs=0.05)
    assert total == round(found.match_weight_bits, 2)
    assert f"{found.match_probability:.4f}" in page
    assert f"link from {found.thresholds.link_bits:.1f}, review from {found.thresholds.review_bits:.1f}" in page
    assert found.triage.value == "link"


def test_counts_told_in_words_are_the_codes(page):
    assert len(COMPARISONS) == 14
    assert "fourteen aspects" in page
    assert len(RULE_NAMES) == 15
    assert "Fifteen rules" in page
    assert 2 ** (LARGEST_PRIVATE_BAND + 1) - 1 == 15
    assert "more than fifteen" in page
    assert load_model().bare_handle_margin_bits == 8.0
    assert "eight bits" in page
