"""Training: what moves a weight, what must not, and that order does not."""

import json
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest

from base.judgement import Judgement, Verdict
from corpus.generate import generate
from engines.duckdb_engine import DuckDBEngine
from identity.evaluation import evaluate
from identity.resolution import resolve
from identity.training import MOST_BITS, train
from identity.weights import Model, load_model, match_probability
from tests.factories import AS_OF
from tests.identity.scored import bits_of, levels, pairs

START = load_model()
N_BAND = 10


def trained(frame: pa.Table, judgements=(), start: Model = START) -> Model:
    return train(frame, start=start, n_band=N_BAND, as_of=AS_OF, accounts=1000, judgements=judgements)


def judged(verdict: Verdict, left: str, right: str) -> Judgement:
    return Judgement(left, right, verdict, "ida", datetime(2026, 1, 1, tzinfo=UTC))


def surely(number: int, **reached: str):
    """Pairs that each name the other: matches, whatever else they show."""
    return [(f"a{i:04}", f"b{i:04}", {"claim": "mutual", **reached}) for i in range(number)]


@pytest.fixture(scope="module")
def corpus():
    return generate(3000, 77)


@pytest.fixture(scope="module")
def resolution(corpus):
    with DuckDBEngine() as engine:
        return resolve(corpus.accounts, model=START, engine=engine)


def test_a_level_that_matches_reach_more_often_here_gains():
    model = trained(pairs(surely(4000, bio="bio_7")))
    assert bits_of(model, "bio", "bio_7") > bits_of(START, "bio", "bio_7")
    assert bits_of(model, "bio", "bio_5") == pytest.approx(bits_of(START, "bio", "bio_5"), abs=1e-3), (
        "nobody reached it"
    )


def test_few_pairs_hardly_move_a_weight():
    model = trained(pairs(surely(3, bio="bio_7")))
    assert bits_of(model, "bio", "bio_7") == pytest.approx(bits_of(START, "bio", "bio_7"), abs=0.1)


def test_people_who_say_different_make_a_level_worth_less_and_same_makes_it_worth_more():
    rows = [(f"a{i:03}", f"b{i:03}", {"handle_name": "exact_equal", "bio": "bio_5"}) for i in range(60)]
    weights = {
        verdict: bits_of(
            trained(pairs(rows), [judged(verdict, left, right) for left, right, _ in rows]), "bio", "bio_5"
        )
        for verdict in Verdict
    }
    assert weights[Verdict.DIFFERENT] < weights[Verdict.UNSURE] < weights[Verdict.SAME]


def test_no_level_changes_sides_goes_too_far_or_speaks_when_it_says_nothing(resolution):
    frame = resolution.pairs
    contrary = [judged(Verdict.DIFFERENT, row["left"], row["right"]) for row in frame.slice(0, 800).to_pylist()]
    model = trained(frame, contrary)
    for before, after in zip(START.weights, model.weights, strict=True):
        assert np.all(before * after >= -1e-6)
        assert np.all(np.abs(after - before) <= MOST_BITS + 1e-3)
        assert np.all(after[np.abs(before) < 1e-3] == pytest.approx(before[np.abs(before) < 1e-3], abs=1e-5))


def test_order_of_pairs_and_judgements_is_not_seen_and_the_same_input_gives_the_same_bytes(resolution):
    frame = resolution.pairs
    decided = [judged(Verdict.SAME, row["left"], row["right"]) for row in frame.slice(0, 50).to_pylist()]
    shuffled = frame.take(np.random.default_rng(5).permutation(frame.num_rows))
    one, other = trained(frame, decided), trained(shuffled, decided[::-1])
    assert one.model_dump_json() == other.model_dump_json()
    assert one.fingerprint == other.fingerprint != START.fingerprint


def test_a_trained_model_is_valid_readable_and_says_where_it_comes_from(resolution):
    model = trained(resolution.pairs)
    assert Model.model_validate(json.loads(model.model_dump_json())) == model
    assert model.calibration == START.calibration
    used = model.provenance["pairs_used"]
    assert model.provenance["start_model"] == START.fingerprint
    assert model.provenance["as_of"] == AS_OF.isoformat()
    assert used["candidates"] == resolution.pairs.num_rows
    assert used["seat_taken"] > 0
    assert 0 < used["expected_matches"] < used["candidates"]


def test_training_on_the_kind_of_data_the_model_knows_keeps_precision_and_f1(corpus, resolution):
    truth = corpus.truth.select(["account_key", "person_id"]).rename_columns(["account_id", "creator_id"])
    with DuckDBEngine() as engine:
        model = train(resolution.pairs, start=START, n_band=12, as_of=AS_OF, accounts=3000)
        after = evaluate(resolve(corpus.accounts, model=model, engine=engine).members, truth, engine)
        before = evaluate(resolution.members, truth, engine)
    assert after.pairwise.precision > before.pairwise.precision - 0.01
    assert after.pairwise.f1 > before.pairwise.f1 - 0.02


def test_a_model_spoilt_on_purpose_recovers_some_of_its_ranking(corpus, resolution):
    """Start with bios, sites, claims, handles and names of half their worth: the data show what they are worth."""
    owner = dict(zip(corpus.truth["account_key"].to_pylist(), corpus.truth["person_id"].to_pylist(), strict=True))
    spoilt_values = START.model_dump(mode="json")
    for comparison in spoilt_values["comparisons"]:
        if comparison["name"] in ("bio", "site", "claim", "handle_name"):
            for level in comparison["levels"]:
                level["m"], level["u"] = (
                    (level["m"], (level["m"] * level["u"]) ** 0.5) if level["m"] < 1 else (1.0, 1.0)
                )
                level["m"] = max(min(level["m"] / 2, 1.0), 1e-9)
                level["u"] = max(min(level["u"] / 2, 1.0), 1e-9)
    spoilt = Model.model_validate(spoilt_values)
    frame = resolution.pairs
    right = np.array(
        [owner[a] == owner[b] for a, b in zip(frame["left"].to_pylist(), frame["right"].to_pylist(), strict=True)]
    )
    decided = [
        judged(Verdict.SAME if same else Verdict.DIFFERENT, row["left"], row["right"])
        for row, same in zip(frame.to_pylist()[::3], right[::3].tolist(), strict=True)
    ]
    taught = trained(frame, decided, spoilt)
    assert _log_loss(taught, frame, right) < _log_loss(spoilt, frame, right)


def _log_loss(model: Model, frame: pa.Table, right) -> float:
    from identity.levels import ReachedLevels

    bits = model.prior_bits(12) + ReachedLevels(frame["levels"]).bits(model.weights).sum(axis=1)
    p = np.clip(match_probability(bits), 1e-9, 1 - 1e-9)
    return float(-np.where(right, np.log(p), np.log(1 - p)).mean())


@pytest.mark.parametrize("frame", [pairs([]), pa.table({"left": ["a"], "right": ["b"], "levels": [levels()[:-1]]})])
def test_pairs_that_cannot_be_used_are_refused(frame):
    with pytest.raises(ValueError, match="pair"):
        trained(frame)
