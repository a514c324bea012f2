"""Why two accounts are, may be, or are not one creator's: the waterfall behind one stored weight.

Comes in: one scored pair and the two profiles. Goes out: evidence in bits whose sum with the prior is the weight,
exactly, the rules that proposed the pair, the band and the reason for it, and the words in which accounts claim.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from base.text import shorten
from engines.engine import Engine
from identity.blocking import SENTENCES, rules_in
from identity.comparisons import COMPARISONS
from identity.constraints import Pair
from identity.profile import build_profiles
from identity.rarity import rarity_of, with_bands
from identity.resolution import claims_by_row, score_pairs, with_rows
from identity.triage import CAPS, Thresholds, Triage, thresholds_for
from identity.values import population_band
from identity.weights import LEVEL_CODES, Model, decode_levels

_SHOWN_CHARACTERS = 60
#: profile column that a comparison's detail quotes
_QUOTED = {"email": "email", "site": "site", "kind": "account_kind_hint", "platform": "platform"}


@dataclass(frozen=True, slots=True)
class Evidence:
    """One comparison's contribution."""

    comparison: str
    level: str
    #: log2(m / u); positive favours "same creator"
    weight_bits: float
    #: a sentence for the reviewer, with the values compared
    detail: str


@dataclass(frozen=True, slots=True)
class PairExplanation:
    left: str
    right: str
    prior_bits: float
    #: in the order in which the weight is added up
    evidence: tuple[Evidence, ...]
    #: prior + sum of the evidence
    match_weight_bits: float
    match_probability: float
    triage: Triage
    #: why the pair is in that band
    reason: str
    #: why the pair was compared; empty when no rule proposes it
    proposed_because: tuple[str, ...]
    #: what the two say about each other, word for word
    quotes: tuple[str, ...]
    thresholds: Thresholds


def explain_pair(
    accounts: pa.Table,
    *,
    population: int,
    value_counts: pa.Table,
    model: Model,
    engine: Engine,
    precision: float = 0.985,
    stored: Mapping[str, Any] | None = None,
    contents: pa.Table | None = None,
) -> PairExplanation:
    """Explain the pair of the two `accounts`.

    population, value_counts: of the whole resolution, because rarity and the prior depend on it. stored: the scored
    pair (rules, levels, match_weight_bits, match_probability, triage); a pair no rule proposed is scored here.
    """
    built = build_profiles(accounts, engine, contents)
    n_band = population_band(population)
    thresholds = thresholds_for(model, n_band, precision)
    profiles = with_bands(with_rows(built.profiles, engine), value_counts)
    claims = claims_by_row(built.claims, profiles["account_id"])
    only = pa.table(
        {"left": pa.array([0], pa.int32()), "right": pa.array([1], pa.int32()), "rules": pa.array([0], pa.int64())}
    )
    fresh = score_pairs(only, profiles, claims, rarity_of(value_counts, n_band, model), thresholds, engine).to_pylist()[
        0
    ]
    scored = {**fresh, **(stored or {})}
    left, right = profiles.to_pylist()
    return PairExplanation(
        left=left["account_id"],
        right=right["account_id"],
        prior_bits=model.prior_bits(n_band),
        evidence=tuple(_evidence(scored["levels"], model, left, right)),
        match_weight_bits=scored["match_weight_bits"],
        match_probability=scored["match_probability"],
        triage=Triage(scored["triage"]),
        reason=_reason(scored, thresholds),
        proposed_because=tuple(dict.fromkeys(SENTENCES[name] for name in rules_in(scored["rules"]))),
        quotes=tuple(_quotes(built.claims, left["account_id"], right["account_id"])),
        thresholds=thresholds,
    )


def explain_row(pair: Mapping[str, Any], model: Model) -> tuple[Evidence, ...]:
    """The evidence of one scored pair from its `levels` string alone, without quoting profiles."""
    return tuple(_evidence(pair["levels"], model, {}, {}))


def _evidence(levels: str, model: Model, left: Mapping[str, Any], right: Mapping[str, Any]) -> list[Evidence]:
    rows = []
    for comparison, weights, index in zip(model.comparisons, model.weights, decode_levels(levels), strict=True):
        level = comparison.levels[index]
        detail = level.label + _compared_values(comparison.name, left, right)
        rows.append(Evidence(comparison.name, level.name, float(weights[index]), detail))
    return rows


def _compared_values(comparison: str, left: Mapping[str, Any], right: Mapping[str, Any]) -> str:
    if comparison == "handle_name":
        shown = (
            [f"@{side.get('handle') or '?'} ({side.get('name') or 'no name'})" for side in (left, right)]
            if left
            else []
        )
    else:
        column = _QUOTED.get(comparison, "")
        shown = [str(side[column]) for side in (left, right) if side.get(column)]
    return f": {' / '.join(shorten(value, _SHOWN_CHARACTERS) for value in dict.fromkeys(shown))}" if shown else ""


def _reason(scored: Mapping[str, Any], thresholds: Thresholds) -> str:
    weight = scored["match_weight_bits"]
    by_weight, band = thresholds.band(weight), Triage(scored["triage"])
    if by_weight is not band and scored["cap"]:
        return f"{weight:.1f} bits would put it in {by_weight.value}, but {CAPS[scored['cap'] - 1].sentence}"
    edges = f"link from {thresholds.link_bits:.1f}, review from {thresholds.review_bits:.1f}"
    return f"{weight:.1f} bits put it in {band.value} ({edges})"


def _quotes(claims: pa.Table, left: str, right: str) -> list[str]:
    about = claims.filter(
        pc.or_(
            pc.and_(pc.equal(claims["source"], left), pc.equal(claims["target"], right)),
            pc.and_(pc.equal(claims["source"], right), pc.equal(claims["target"], left)),
        )
    )
    return sorted(
        f'{row["source"]} says in its {row["field"]}: "{row["span"]}" ({row["kind"]})' for row in about.to_pylist()
    )


def building_order(links: Iterable[tuple[str, str, float]], must_link: Iterable[Pair] = ()) -> list[Pair]:
    """The pairs that hold one creator together, in the order in which it was built: people first, then by weight.

    links: left, right, match weight in bits. A link between accounts that stronger ones have joined adds nothing and is
    left out; ties go by account, as in `clustering.py`.

    >>> building_order([("a", "b", 3.0), ("a", "c", 9.0), ("b", "c", 5.0)])
    [('a', 'c'), ('b', 'c')]
    """
    strongest_first = sorted(links, key=lambda link: (-link[2], link[0], link[1]))
    group: dict[str, str] = {}
    order: list[Pair] = []
    for left, right in [*sorted(must_link), *((left, right) for left, right, _ in strongest_first)]:
        one, other = group.setdefault(left, left), group.setdefault(right, right)
        if one != other:
            order.append((left, right))
            group.update({account: one for account, name in group.items() if name == other})
    return order


def levels_from_names(names: Mapping[str, str]) -> str:
    """A `levels` string from level names by comparison, for tests and tools.

    >>> len(levels_from_names({})) == len(COMPARISONS)
    True
    """
    places = [comparison.index(names.get(comparison.name, comparison.levels[-1].name))[0] for comparison in COMPARISONS]
    return "".join(LEVEL_CODES[place] for place in places)
