"""Fit identity/model.json on generated corpora: m and u per level, handle characters, thresholds per precision.

    python benchmarks/fit_model.py [--out identity/model.json]

Three steps, all seeded. (1) Counting: m over proposed pairs of one owner, u over proposed pairs of two. (2) The
comparisons are not independent, so weights and prior then move to the penalised maximum of the likelihood of the
proposed pairs: the penalty pulls every weight to its counted value, which rare levels keep; neutral levels stay at
zero; agreement never speaks against a pair, nor disagreement for it; the rarer of two values weighs more. (3) On
corpora with other seeds, pooled by size: the lowest weight from which on merges keep each precision.
"""

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa
import pyarrow.compute as pc
from scipy.optimize import minimize

from corpus.generate import Corpus, generate
from embeddings.document import bio_documents
from embeddings.neighbours import nearest_neighbours
from embeddings.vectors import Vectors
from engines.duckdb_engine import DuckDBEngine
from engines.engine import Engine
from identity.blocking import propose_pairs
from identity.clustering import Links, cluster
from identity.compare import compare
from identity.comparisons import BIO_RARITY_EDGES, COMPARISONS, HANDLE_RARITY_EDGES, NAME_RARITY_EDGES
from identity.evaluation import score_labels
from identity.forms import with_forms
from identity.handles import near_form
from identity.profile import build_profiles
from identity.rarity import rarity_of, with_bands
from identity.resolution import claims_by_row, neighbours_by_row, with_rows
from identity.rivals import rival_levels
from identity.triage import IdentitySettings, Thresholds, Triage, cap_codes, triage
from identity.values import count_values, population_band
from identity.weights import SHIPPED_MODEL, CalibrationPoint, HandleCharacters, Model, level_matrix, match_weight_bits
from providers.local import load_embedder

TRAINING = ((5_000, 105), (20_000, 101), (80_000, 103), (200_000, 104))
#: and one corpus in which many accounts have no name
NAMELESS, NAMELESS_SHARE, SEED = (40_000, 106), 0.3, 1
CALIBRATION = (
    *((2_000, seed) for seed in range(301, 313)),
    (5_000, 201), (5_000, 202), (20_000, 211), (20_000, 212), (80_000, 221), (300_000, 231), (1_000_000, 241),
)  # fmt: skip
PRECISIONS = (0.8, 0.87, 0.9, 0.95, 0.97, 0.985, 0.99, 0.995)
#: a promised precision may be missed by 0.015 on corpora the model has not seen: most of it is spent where
#: a corpus is large; the precision of a small one scatters by as much from seed to seed
TOLERANCE_SPENT, LARGE_BAND = 0.012, 15
SMOOTHING = 0.5
EMBEDDED_AT_ONCE = 8_192
#: how hard a weight is pulled to its counted value, per squared bit
PENALTY = 0.05
#: no single level says more than this either way: a corpus shows only what its author thought of
MAX_WEIGHT_BITS = 20.0
#: levels that say nothing, by definition
NEUTRAL = {
    "handle_rarity": ("none",), "name_rarity": ("none",), "claim": ("none",), "email": ("incomparable",),
    "site": ("incomparable",), "address": ("none",), "bio": ("incomparable",), "bio_vector": ("unknown",),
    "kind": ("incomparable",), "scale": ("incomparable",), "script": ("incomparable", "latin"),
    "platform": ("different",), "rivals": ("none",),
}  # fmt: skip
#: lowest and highest weight in bits of levels whose meaning fixes their direction, whatever a corpus shows
BOUNDS: dict[str, dict[str, tuple[float | None, float | None]]] = {
    "claim": {
        "mutual": (0.0, None), "self": (0.0, None), "secondary": (0.0, None), "described": (0.0, 8.0),
        "almost": (2.0, 8.0),
        "contested": (-4.0, 6.0), "named": (0.0, 4.0), "elsewhere_unknown": (-4.0, 0.0), "related": (None, 0.0),
        "elsewhere": (-10.0, -4.0), "elsewhere_both": (-12.0, -6.0), "fan_of": (-12.0, -10.0),
    },
    "email": {
        "private": (0.0, None), "of_two": (0.0, None), "of_few": (0.0, None), "same_domain": (0.0, 4.0),
        "different": (-4.0, 0.0),
    },
    "site": {"private": (0.0, None), "of_two": (0.0, None), "of_few": (0.0, None), "different": (-4.0, 0.0)},
    "address": {"spells": (0.0, None)},
    "bio": {"different": (None, 0.0)},
    "bio_vector": {"same": (0.0, 3.0), "alike": (0.0, 2.0)},
    "kind": {"same": (0.0, 1.0), "different": (-4.0, 0.0), "branch": (-8.0, -2.0), "fan": (-10.0, -6.0)},
    "scale": {"close": (0.0, 2.0), "near": (-1.0, 1.0), "apart": (-3.0, 0.0), "far": (-4.0, 0.0)},
    "script": {"same": (0.0, 3.0), "different": (-3.0, 0.0)},
    "platform": {"same": (None, -2.0)},
}  # fmt: skip
#: how many levels of a comparison, from its first, run from the rarest down
RARITIES = {
    "handle_rarity": len(HANDLE_RARITY_EDGES) + 1, "name_rarity": len(NAME_RARITY_EDGES) + 1,
    "bio": len(BIO_RARITY_EDGES) + 1,
}  # fmt: skip
#: levels that corpora hardly show are bound to a neighbour: handle unknown weighs as a handle that differs, plus this
UNKNOWN_HANDLE_BITS = 1.0
REVIEW_BITS = -4.0
BARE_HANDLE_MARGIN_BITS = 8.0
ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"

Matrix = npt.NDArray[np.int8]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sample:
    """Compared pairs of one corpus, and whether each is one owner's."""

    compared: pa.Table
    #: shape (pairs, comparisons)
    levels: Matrix
    is_match: npt.NDArray[np.bool_]
    n_band: int
    owners: npt.NDArray[np.int64]
    platforms: npt.NDArray[np.int64]
    #: row, platform
    rows: pa.Table


@dataclass(frozen=True, slots=True)
class Fit:
    #: per comparison, the m of each level
    m: list[Floats]
    #: per comparison, the weight of each level in bits
    weights: list[Floats]
    prior_offset_bits: float
    prior_slope: float


def fit(characters: HandleCharacters, engine: Engine) -> Fit:
    """Count, then correct for dependence."""
    unfitted = Fit(
        [np.ones(len(c.levels)) for c in COMPARISONS], [np.zeros(len(c.levels)) for c in COMPARISONS], 0.0, 1.0
    )
    draft = model_of(unfitted, characters)
    samples = [_sample(generate(accounts, seed), draft, engine) for accounts, seed in TRAINING]
    samples.append(_sample(generate(*NAMELESS), draft, engine, nameless_share=NAMELESS_SHARE))
    counts = [_counted(samples, place) for place in range(len(COMPARISONS))]
    weights, prior = _likeliest(samples, [np.log2(m / u) for m, u in counts])
    first = Fit([m for m, _ in counts], weights, *prior)
    samples = [_with_rivals(sample, model_of(first, characters)) for sample in samples]
    counts[-1] = _counted(samples, len(COMPARISONS) - 1)
    weights, prior = _likeliest(samples, [np.log2(m / u) for m, u in counts])
    return Fit([m for m, _ in counts], _rarer_weighs_more(_with_unknown_handles(weights)), *prior)


def _with_unknown_handles(weights: list[Floats]) -> list[Floats]:
    names = [level.name for level in COMPARISONS[0].levels]
    first = weights[0].copy()
    for place, name in enumerate(names):
        if name.startswith("unknown_"):
            first[place] = first[names.index(name.replace("unknown_", "different_"))] + UNKNOWN_HANDLE_BITS
    return [first, *weights[1:]]


def _rarer_weighs_more(weights: list[Floats]) -> list[Floats]:
    """Rarity levels run from the rarest down: none weighs more than a rarer one."""
    fitted = [column.copy() for column in weights]
    for column, comparison in zip(fitted, COMPARISONS, strict=True):
        levels = RARITIES.get(comparison.name, 0)
        column[:levels] = np.minimum.accumulate(column[:levels])
    return fitted


def _sample(corpus: Corpus, model: Model, engine: Engine, nameless_share: float = 0.0) -> Sample:
    built = build_profiles(corpus.accounts, engine, corpus.contents)
    bare = _without_names(built.profiles, nameless_share)
    n_band = population_band(corpus.accounts.num_rows)
    counts = count_values(bare, engine)
    profiles = with_bands(with_rows(with_forms(bare), engine), counts)
    claims = claims_by_row(built.claims, profiles["account_id"])
    owner_of = dict(zip(corpus.truth["account_key"].to_pylist(), corpus.truth["person_id"].to_pylist(), strict=True))
    owners = np.unique([owner_of[key] for key in profiles["account_id"].to_pylist()], return_inverse=True)[1]
    rarity = rarity_of(counts, n_band, model)
    nearby = neighbours_by_row(bio_neighbours(corpus.accounts), profiles["account_id"])
    compared = compare(propose_pairs(profiles, claims, engine, nearby), profiles, claims, rarity, engine, nearby)
    left, right = compared["left"].to_numpy(), compared["right"].to_numpy()
    return Sample(
        compared, np.column_stack(level_matrix(compared)), owners[left] == owners[right], n_band,
        owners.astype(np.int64),
        profiles["platform"].combine_chunks().dictionary_encode().indices.to_numpy().astype(np.int64),
        profiles.select(["row", "platform"]),
    )  # fmt: skip


def bio_neighbours(accounts: pa.Table) -> pa.Table:
    """left, right, cosine of accounts whose bios read alike, as a night with the `fast` embedder finds them."""
    settings = IdentitySettings()
    documents = bio_documents(accounts.append_column("account_key", accounts["account_id"]))
    texts = documents["text"].combine_chunks().dictionary_encode()
    embedder, distinct = load_embedder("fast"), texts.dictionary.to_pylist()
    starts = range(0, len(distinct), EMBEDDED_AT_ONCE)
    vectors = np.concatenate([embedder.embed(distinct[start : start + EMBEDDED_AT_ONCE]) for start in starts])
    ids, matrix = documents["account_key"], vectors[texts.indices.to_numpy()]
    found = nearest_neighbours(
        Vectors(ids.to_pylist(), matrix, "fast"), settings.neighbours_per_account, settings.neighbour_min_cosine
    )
    return pa.table(
        {"left": ids.take(found["left_index"]), "right": ids.take(found["right_index"]), "cosine": found["cosine"]}
    )


def _without_names(profiles: pa.Table, share: float) -> pa.Table:
    """The profiles, a share of them without a name: every generated account has one, but vendors' lists do not."""
    nameless = pa.array(np.random.default_rng(SEED).random(profiles.num_rows) < share)
    for column in ("name", "name_key", "name_latin"):
        kept = pc.if_else(nameless, None, profiles[column])
        profiles = profiles.set_column(profiles.column_names.index(column), column, kept)
    return profiles


def _with_rivals(sample: Sample, model: Model) -> Sample:
    """The sample with its last comparison read from the weight of the others."""
    weight_bits = match_weight_bits([*sample.levels.T], model, sample.n_band)
    rivals = rival_levels(sample.compared, sample.rows, weight_bits)
    return replace(sample, levels=np.column_stack([sample.levels[:, :-1], rivals]))


def _counted(samples: list[Sample], place: int) -> tuple[Floats, Floats]:
    """m and u of one comparison's levels, over proposed pairs."""
    size = len(COMPARISONS[place].levels)
    levels = np.concatenate([sample.levels[:, place] for sample in samples])
    match = np.concatenate([sample.is_match for sample in samples])
    m, u = (np.bincount(levels[side], minlength=size) + SMOOTHING for side in (match, ~match))
    return m / m.sum(), u / u.sum()


def _likeliest(samples: list[Sample], counted_weights: list[Floats]) -> tuple[list[Floats], tuple[float, float]]:
    """The weights of all levels, and offset and slope of the prior (kept as the last two parameters)."""
    offsets = np.cumsum([0, *(len(weights) for weights in counted_weights)])
    bounds = [_bounds(c.name, level.name) for c in COMPARISONS for level in c.levels]
    low = np.array([bound[0] for bound in bounds])
    high = np.array([bound[1] for bound in bounds])
    counted = np.clip(np.concatenate(counted_weights), low, high)
    patterns, pairs, matches = _patterns(samples)
    places, n_bands = patterns[:, :-1] + offsets[:-1], patterns[:, -1].astype(np.float64)

    def loss(parameters: Floats) -> tuple[float, Floats]:
        weights, (offset, slope) = parameters[:-2], parameters[-2:]
        logits = (offset - slope * n_bands + weights[places].sum(axis=1)) * math.log(2)
        error = pairs / (1 + np.exp(-np.clip(logits, -500, 500))) - matches
        likelihood = (pairs * np.logaddexp(0, logits)).sum() - (matches * logits).sum()
        gradient = np.zeros_like(parameters)
        for column in range(places.shape[1]):
            gradient[:-2] += np.bincount(places[:, column], weights=error, minlength=len(weights))
        gradient[-2:] = error.sum(), -(error * n_bands).sum()
        away = weights - counted
        gradient *= math.log(2)
        gradient[:-2] += 2 * PENALTY * away
        return likelihood + PENALTY * (away**2).sum(), gradient

    start = np.append(counted, [8.0, 0.5])
    found = minimize(
        loss, start, jac=True, method="L-BFGS-B", bounds=[*bounds, (-30.0, 30.0), (0.0, 1.0)], options={"maxiter": 1000}
    ).x  # fmt: skip
    return [found[first:last] for first, last in pairwise(offsets)], (
        float(round(found[-2], 4)),
        float(round(found[-1], 4)),
    )


def _patterns(samples: list[Sample]) -> tuple[npt.NDArray[np.int64], Floats, Floats]:
    """The distinct combinations of levels and population band, with their pairs and their matches."""
    rows = [np.column_stack([s.levels, np.full(len(s.levels), s.n_band, np.int8)]) for s in samples]
    joined = np.ascontiguousarray(np.concatenate(rows).astype(np.int8))
    keys = joined.view(np.dtype((np.void, joined.shape[1]))).ravel()
    _, first, place = np.unique(keys, return_index=True, return_inverse=True)
    match = np.concatenate([sample.is_match for sample in samples]).astype(np.float64)
    pairs, matches = np.bincount(place).astype(np.float64), np.bincount(place, weights=match).astype(np.float64)
    return joined[first].astype(np.int64), pairs, matches


def _bounds(comparison: str, level: str) -> tuple[float, float]:
    if level in NEUTRAL.get(comparison, ()):
        return 0.0, 0.0
    low, high = BOUNDS.get(comparison, {}).get(level, (None, None))
    return -MAX_WEIGHT_BITS if low is None else low, MAX_WEIGHT_BITS if high is None else high


def count_characters(handles: list[str]) -> HandleCharacters:
    """Bits of each character after each other one, over handle cores."""
    characters = " " + ALPHABET
    place = {character: index for index, character in enumerate(characters)}
    seen = np.full((len(characters), len(characters)), SMOOTHING)
    for handle in handles:
        known = [place[character] for character in f" {handle} " if character in place]
        for before, after in pairwise(known):
            seen[before, after] += 1
    bits = -np.log2(seen / seen.sum(axis=1, keepdims=True))
    return HandleCharacters(
        alphabet=ALPHABET, bits=tuple(tuple(round(float(x), 2) for x in row) for row in bits), other_bits=9.0
    )


def calibrate(model: Model, engine: Engine) -> list[CalibrationPoint]:
    """Per size and precision the lowest weight, in half bits, from which on merges keep that precision."""
    merges: dict[int, Floats] = {}
    grid = np.arange(-6.0, 20.5, 0.5)
    for accounts, seed in CALIBRATION:
        sample = _with_rivals(_sample(generate(accounts, seed), model, engine), model)
        merges[sample.n_band] = merges.get(sample.n_band, 0.0) + _merges(sample, model, grid)
    points = []
    for n_band, (right, found) in sorted(merges.items()):
        precisions = right / np.maximum(found, 1)
        print(
            f"2^{n_band}:", {float(bits): round(float(share), 4) for bits, share in zip(grid, precisions, strict=True)}
        )
        for precision in PRECISIONS:
            below = np.flatnonzero(precisions < precision - (TOLERANCE_SPENT if n_band >= LARGE_BAND else 0.0))
            first = min(below[-1] + 1 if len(below) else 0, len(grid) - 1)
            points.append(CalibrationPoint(n_band=n_band, precision=precision, link_bits=float(grid[first])))
    return points


def _merges(sample: Sample, model: Model, grid: Floats) -> Floats:
    """Right and found pairs of the clusters at each threshold, shape (2, thresholds)."""
    compared = sample.compared
    weight_bits = match_weight_bits([*sample.levels.T], model, sample.n_band)
    rivals = compared.column_names.index("rivals")
    codes = cap_codes(compared.set_column(rivals, "rivals", pa.array(sample.levels[:, -1])), model, sample.n_band)
    left, right = (compared[side].to_numpy().astype(np.int64) for side in ("left", "right"))
    links = Links(left, right, weight_bits)
    apart = [(int(a), int(b)) for a, b in zip(left[codes == 1], right[codes == 1], strict=True)]
    counts = []
    for link_bits in grid:
        bands = triage(weight_bits, codes, Thresholds(link_bits=link_bits, review_bits=min(REVIEW_BITS, link_bits)))
        linked = links.where(pc.equal(bands, Triage.LINK.value).to_numpy(zero_copy_only=False))
        label = cluster(sample.platforms, linked, cannot_link=apart, compared=links, link_bits=link_bits).label
        score = score_labels(np.unique(label, return_inverse=True)[1].astype(np.int64), sample.owners)
        counts.append((score.pairwise.precision * score.found_pairs, score.found_pairs))
    return np.array(counts, dtype=np.float64).T


def model_of(fitted: Fit, characters: HandleCharacters, calibration: Sequence[CalibrationPoint] = ()) -> Model:
    comparisons = []
    for comparison, ms, weights in zip(COMPARISONS, fitted.m, fitted.weights, strict=True):
        levels = [
            _level(level.name, level.label, float(m), float(bits))
            for level, m, bits in zip(comparison.levels, ms, weights, strict=True)
        ]
        comparisons.append({"name": comparison.name, "levels": levels})
    provenance = {
        "made_by": "benchmarks/fit_model.py", "corpus": "corpus.generate", "penalty": PENALTY,
        "training": [list(pair) for pair in TRAINING], "calibration": [list(pair) for pair in CALIBRATION],
    }  # fmt: skip
    return Model.model_validate({
        "version": 2, "provenance": provenance, "prior_offset_bits": fitted.prior_offset_bits,
        "prior_slope": fitted.prior_slope,
        "review_bits": REVIEW_BITS, "bare_handle_margin_bits": BARE_HANDLE_MARGIN_BITS, "comparisons": comparisons,
        "handle_characters": characters,
        "calibration": calibration or [CalibrationPoint(n_band=1, precision=0.985, link_bits=6.0)],
    })  # fmt: skip


def _level(name: str, label: str, m: float, weight_bits: float) -> dict[str, str | float]:
    """m as counted and the u that gives the fitted weight; where no u <= 1 does, m gives way."""
    u = m / 2**weight_bits
    m, u = (m, u) if u <= 1 else (2**weight_bits, 1.0)
    return {"name": name, "label": label, "m": float(f"{m:.5g}"), "u": float(f"{u:.5g}")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=SHIPPED_MODEL)
    out = parser.parse_args().out
    cores = (near_form(handle) for handle in generate(*TRAINING[0]).accounts["handle"].to_pylist())
    characters = count_characters(sorted({core for core in cores if core}))
    with DuckDBEngine() as engine:
        fitted = fit(characters, engine)
        model = model_of(fitted, characters, calibrate(model_of(fitted, characters), engine))
    out.write_bytes(orjson.dumps(model.model_dump(mode="json"), option=orjson.OPT_INDENT_2) + b"\n")
    print(f"prior offset {model.prior_offset_bits} bits")
    for comparison in model.comparisons:
        for level in comparison.levels:
            print(f"{comparison.name:12} {level.name:22} m={level.m:<10} u={level.u:<10} {level.weight_bits:+6.2f}")
    for point in model.calibration:
        print(point)


if __name__ == "__main__":
    main()
