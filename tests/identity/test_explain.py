"""The waterfall shown is the weight stored."""

import pytest

from corpus.generate import generate
from engines.duckdb_engine import DuckDBEngine
from identity.explain import explain_pair, explain_row
from identity.resolution import resolve
from identity.triage import Triage
from identity.weights import load_model


@pytest.fixture(scope="module")
def resolved():
    corpus, model = generate(1200, seed=8), load_model()
    with DuckDBEngine(threads=1) as engine:
        yield corpus, model, engine, resolve(corpus.accounts, model=model, engine=engine, contents=corpus.contents)


def test_for_every_pair_the_evidence_adds_up_to_the_stored_weight_exactly(resolved):
    """IDN-11: score and list of evidence with weights."""
    _, model, _, resolution = resolved
    prior = model.prior_bits(resolution.report["n_band"])
    assert resolution.pairs.num_rows > 200
    for pair in resolution.pairs.to_pylist():
        total = prior
        for step in explain_row(pair, model):
            total += step.weight_bits
        assert total == pair["match_weight_bits"], pair


def explain(resolved, triage: str):
    corpus, model, engine, resolution = resolved
    stored = next(pair for pair in resolution.pairs.to_pylist() if pair["triage"] == triage)
    ids = corpus.accounts["account_id"].to_pylist()
    two = corpus.accounts.take([ids.index(stored["left"]), ids.index(stored["right"])])
    return stored, explain_pair(
        two,
        population=corpus.accounts.num_rows,
        value_counts=resolution.value_counts,
        model=model,
        engine=engine,
        stored=stored,
    )


@pytest.mark.parametrize("triage", ["link", "review", "separate"])
def test_an_explanation_says_the_stored_band_its_reason_and_why_the_pair_was_compared(resolved, triage):
    stored, found = explain(resolved, triage)
    assert found.triage is Triage(triage)
    assert found.match_weight_bits == stored["match_weight_bits"]
    assert found.prior_bits + sum(step.weight_bits for step in found.evidence) == pytest.approx(found.match_weight_bits)
    assert found.proposed_because
    assert triage in found.reason or "but" in found.reason


def test_a_pair_scored_afresh_from_its_two_profiles_reaches_the_stored_levels(resolved):
    """What is shown rests on the same numbers as what was decided: rarity and counts of the whole population."""
    corpus, model, engine, resolution = resolved
    ids = corpus.accounts["account_id"].to_pylist()
    for stored in resolution.pairs.slice(0, 25).to_pylist():
        two = corpus.accounts.take([ids.index(stored["left"]), ids.index(stored["right"])])
        fresh = explain_pair(
            two,
            population=len(ids),
            value_counts=resolution.value_counts,
            model=model,
            engine=engine,
            contents=corpus.contents,
        )
        if fresh.quotes or "claim" not in [step.comparison for step in fresh.evidence if step.level != "none"]:
            assert _by_itself(fresh.evidence) == _by_itself(explain_row(stored, model))


def _by_itself(evidence) -> list[str]:
    """What two profiles tell without others: no claims about third accounts, no rivals."""
    return [step.level for step in evidence if step.comparison not in {"claim", "rivals"}]


def test_claims_are_quoted_in_the_words_of_the_profile(resolved):
    corpus, model, engine, resolution = resolved
    links = [pair for pair in resolution.pairs.to_pylist() if pair["triage"] == "link"]
    claimed = [pair for pair in links if explain_row(pair, model)[3].level == "mutual"]
    ids = corpus.accounts["account_id"].to_pylist()
    pair = claimed[0]
    two = corpus.accounts.take([ids.index(pair["left"]), ids.index(pair["right"])])
    found = explain_pair(
        two, population=len(ids), value_counts=resolution.value_counts, model=model, engine=engine, stored=pair
    )
    bios = " ".join(filter(None, [*two["bio"].to_pylist(), *two["website"].to_pylist()]))
    assert found.quotes
    assert all(quote.split('"')[1] in bios for quote in found.quotes)
