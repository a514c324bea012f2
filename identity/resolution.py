"""The room's one door: accounts in, creators out. Reads like a table of contents.

Comes in: accounts, what people judged, the bios that read alike. Goes out: members, scored pairs, value counts,
claims and a report, all frames. It asks no store, no settings and no clock.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from base.judgement import Judgement
from engines.engine import Engine
from engines.memory import give_back
from identity.blocking import rule_counts
from identity.canonical import name_members
from identity.clustering import Clustering, Links, Settled, cluster
from identity.columns import in_order, texts
from identity.compare import compare
from identity.constraints import Constraints, constraints_from
from identity.handle_history import as_meant
from identity.handles import letters_of, near_forms
from identity.memory import Memory, basis_of
from identity.nights import News, Night, decide, ruling_of
from identity.profile import build_profiles
from identity.rarity import Rarity, rarity_of, with_bands
from identity.relations import pairs_of_kind
from identity.rivals import Standing, rival_levels, rival_levels_beside
from identity.triage import CAPS, SAME_HANDLES, Levels, Thresholds, Triage, cap_codes, thresholds_for, triage
from identity.values import counts_from, population_band
from identity.weights import Model, encode_levels, level_matrix, match_probability, match_weight_bits

PAIRS = pa.schema(
    [
        ("left", pa.string()),
        ("right", pa.string()),
        ("rules", pa.int64()),
        ("levels", pa.string()),
        ("match_weight_bits", pa.float64()),
        ("match_probability", pa.float64()),
        ("triage", pa.string()),
    ]
)
LINKS = pa.schema([("left", pa.string()), ("right", pa.string()), ("match_probability", pa.float64())])


@dataclass(frozen=True, slots=True)
class Resolution:
    #: what was read of each account; sorted
    profiles: pa.Table
    #: account_id, creator_id; every account once, sorted
    members: pa.Table
    #: left, right, rules, levels, match_weight_bits, match_probability, triage; sorted
    pairs: pa.Table
    #: left, right of those in which one says what kind of account it is, and the other is not of that kind
    pairs_of_kind: pa.Table
    #: kind, value, count; values that stand once are left out
    value_counts: pa.Table
    #: what accounts say about each other
    claims: pa.Table
    #: left, right, match_probability of the links that hold creators together
    links: pa.Table
    #: counts and thresholds; deterministic
    report: dict[str, Any]
    #: what the next night need not do again; None unless a memory was given
    memory: Memory | None
    #: what is not as it was last night; None when nothing is known of that night, or it went by other rules
    news: News | None
    #: account_id, creator_id and what the creator's row rests on; by account
    decided: pa.Table
    #: accounts read and pairs compared, and those whose answer was remembered
    effort: dict[str, int]


def resolve(
    accounts: pa.Table,
    *,
    model: Model,
    engine: Engine,
    precision: float = 0.985,
    contents: pa.Table | None = None,
    neighbours: pa.Table | None = None,
    judgements: Sequence[Judgement] = (),
    handle_history: pa.Table | None = None,
    memory: Memory | None = None,
) -> Resolution:
    """Decide which accounts belong to one creator.

    accounts: account_id, platform and whatever else is known of each, every account once. contents: recent texts per
    account. neighbours: left, right (account ids), cosine. handle_history: account_id, handle, first_seen, last_seen;
    asks for last_seen in accounts. memory: of an earlier night, saves work and changes nothing else. Raises
    ConstraintConflict when judgements contradict.
    """
    known = memory or Memory.empty()
    built = build_profiles(accounts, engine, contents, known)
    said = built.claims if handle_history is None else as_meant(built.claims, accounts, handle_history, engine)
    n_band = population_band(accounts.num_rows)
    thresholds, basis = thresholds_for(model, n_band, precision), basis_of(model, n_band)
    constraints = constraints_among(judgements, built.profiles["account_id"])
    night = Night(known, built, ruling_of(basis, precision, constraints))
    tallies = night.tally(engine)
    counts = counts_from(tallies, engine)

    rarity = rarity_of(counts, n_band, model)
    profiles = with_bands(with_rows(built.profiles, engine), counts)
    keys = profiles["account_id"]
    claims = claims_by_row(said, keys)
    nearby = None if neighbours is None else neighbours_by_row(neighbours, keys)
    compared = night.compare(profiles, claims, rarity, engine, nearby, counts)
    give_back()
    scored = weigh_pairs(compared.pairs, profiles, rarity, thresholds, night.standing(compared))
    give_back()

    same = night.same(compared, scored)
    clusters = _cluster(profiles, scored, constraints, thresholds.link_bits, night.settled(compared, same))
    members = name_members(profiles, clusters.label)
    decided = decide(in_order(accounts, "account_id", engine), members, clusters, engine)
    return Resolution(
        profiles=built.profiles,
        members=members,
        pairs=_pairs_by_key(scored, keys),
        pairs_of_kind=pairs_of_kind(scored, profiles),
        value_counts=counts,
        claims=said,
        links=_links_by_key(clusters.kept, keys),
        report=_report(members, scored, clusters, thresholds, n_band, model, len(constraints.must_link)),
        decided=decided,
        memory=None if memory is None else night.remember(basis, tallies, counts, compared, scored, clusters, decided),
        news=night.news(compared, scored, rarity, same),
        effort={
            "accounts_read": built.read.fresh,
            "accounts_remembered": accounts.num_rows - built.read.fresh,
            "pairs_compared": compared.fresh,
            "pairs_remembered": scored.num_rows - compared.fresh,
        },
    )


def score_pairs(
    pairs: pa.Table,
    profiles: pa.Table,
    claims: pa.Table,
    rarity: Rarity,
    thresholds: Thresholds,
    engine: Engine,
    neighbours: pa.Table | None = None,
) -> pa.Table:
    """Candidate pairs by row, with their levels, weight, probability, band, and the cap that held them (0: none)."""
    compared = compare(pairs, profiles, claims, rarity, engine, neighbours)
    return weigh_pairs(compared, profiles, rarity, thresholds)


def weigh_pairs(
    compared: pa.Table, profiles: pa.Table, rarity: Rarity, thresholds: Thresholds, standing: Standing | None = None
) -> pa.Table:
    """Compared pairs with what follows from all of them together: rivals, weight, probability, band and cap.

    standing: of another night; saves work and changes nothing else.
    """
    levels = with_rivals(compared, profiles, rarity, standing)
    compared = compared.set_column(compared.column_names.index("rivals"), "rivals", pa.array(levels[-1]))
    weight_bits = match_weight_bits(levels, rarity.model, rarity.n_band)
    caps = cap_codes(compared, rarity.model, rarity.n_band)
    columns = {
        "levels": encode_levels(levels),
        "match_weight_bits": pa.array(weight_bits),
        "match_probability": pa.array(match_probability(weight_bits)),
        "cap": pa.array(caps),
        "triage": triage(weight_bits, caps, thresholds),
    }
    for name, column in columns.items():
        compared = compared.append_column(name, column)
    return compared


def with_rivals(
    compared: pa.Table, profiles: pa.Table, rarity: Rarity, standing: Standing | None
) -> list[npt.NDArray[np.int8]]:
    """All levels of the compared pairs, the last one read from the weight of the others."""
    levels = level_matrix(compared)
    weight_bits, platforms = (
        match_weight_bits(levels, rarity.model, rarity.n_band),
        profiles.select(["row", "platform"]),
    )
    if standing is None:
        return [*levels[:-1], rival_levels(compared, platforms, weight_bits)]
    return [*levels[:-1], rival_levels_beside(compared, platforms, weight_bits, standing)]


def with_rows(profiles: pa.Table, engine: Engine) -> pa.Table:
    """Profiles by key, numbered: rows are compared instead of keys, and `left < right` means the same for both."""
    ordered = in_order(profiles, "account_id", engine)
    return ordered.append_column("row", pa.array(np.arange(ordered.num_rows, dtype=np.int32)))


def _rows_of(ids: pa.ChunkedArray, keys: pa.ChunkedArray) -> pa.Array:
    return pc.index_in(ids, value_set=keys).cast(pa.int32())


def claims_by_row(claims: pa.Table, keys: pa.ChunkedArray) -> pa.Table:
    ends = _rows_of(pa.chunked_array([*claims["source"].chunks, *claims["target"].chunks], pa.string()), keys)
    targets = ends[claims.num_rows :]
    # Only where nobody has the handle is it asked whose differs in digits.
    unknown = pc.if_else(pc.is_null(targets), claims["target_handle"], None)
    return pa.table(
        {
            "source_row": ends[: claims.num_rows],
            "target_row": targets,
            "target_platform": claims["target_platform"],
            "target_letters": letters_of(near_forms(texts(unknown))),
            "kind": claims["kind"],
            "in_profile": pc.not_equal(claims["field"], "content"),
        }
    )


def neighbours_by_row(neighbours: pa.Table, keys: pa.ChunkedArray) -> pa.Table:
    by_row = pa.table(
        {
            "left": _rows_of(neighbours["left"], keys),
            "right": _rows_of(neighbours["right"], keys),
            "cosine": neighbours["cosine"].cast(pa.float32()),
        }
    )
    return by_row.drop_null()


def _cluster(
    profiles: pa.Table, scored: pa.Table, constraints: Constraints, link_bits: float, settled: Settled | None
) -> Clustering:
    compared = Links(
        left=scored["left"].to_numpy().astype(np.int64),
        right=scored["right"].to_numpy().astype(np.int64),
        weight_bits=scored["match_weight_bits"].to_numpy(),
    )
    links = compared.where(pc.equal(scored["triage"], Triage.LINK.value).to_numpy())
    fans = scored.filter(pc.equal(scored["cap"], 1))
    apart = list(zip(fans["left"].to_pylist(), fans["right"].to_pylist(), strict=True))
    must, cannot = (
        _by_row(pairs, profiles["account_id"]) for pairs in (constraints.must_link, constraints.cannot_link)
    )
    platforms = profiles["platform"].combine_chunks().dictionary_encode().indices.to_numpy()
    return cluster(
        platforms,
        links,
        must_link=must,
        cannot_link=cannot + _unless(apart, must),
        compared=compared,
        link_bits=link_bits,
        settled=settled,
    )


def constraints_among(judgements: Sequence[Judgement], keys: pa.ChunkedArray) -> Constraints:
    """The constraints of judgements about accounts that are here."""
    if not judgements:
        return Constraints()
    judged = pa.array(sorted({key for one in judgements for key in (one.left, one.right)}), pa.string())
    return constraints_from(judgements, set(judged.filter(pc.is_in(judged, value_set=keys)).to_pylist()))


def _by_row(pairs: frozenset[tuple[str, str]], keys: pa.ChunkedArray) -> list[tuple[int, int]]:
    if not pairs:
        return []
    sides = [pa.chunked_array([[pair[side] for pair in sorted(pairs)]], pa.string()) for side in (0, 1)]
    left, right = (_rows_of(side, keys).to_pylist() for side in sides)
    return list(zip(left, right, strict=True))


def _unless(apart: list[tuple[int, int]], must_link: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """A fan page never meets its star by machine; a person may still say that the two are one."""
    return apart if not must_link else [pair for pair in apart if pair not in set(must_link)]


def _pairs_by_key(scored: pa.Table, keys: pa.ChunkedArray) -> pa.Table:
    columns = {name: scored[name] for name in PAIRS.names}
    return pa.table(columns | {"left": keys.take(scored["left"]), "right": keys.take(scored["right"])}).cast(PAIRS)


def _links_by_key(kept: Links, keys: pa.ChunkedArray) -> pa.Table:
    frame = pa.table(
        {
            "left": keys.take(pa.array(kept.left)),
            "right": keys.take(pa.array(kept.right)),
            "match_probability": pa.array(match_probability(kept.weight_bits)),
        }
    ).cast(LINKS)
    return frame.sort_by([("left", "ascending"), ("right", "ascending")])


def _report(
    members: pa.Table,
    scored: pa.Table,
    clusters: Clustering,
    thresholds: Thresholds,
    n_band: int,
    model: Model,
    must_links: int,
) -> dict[str, Any]:
    bands = (
        dict(zip(*(column.to_pylist() for column in scored["triage"].value_counts().flatten()), strict=True))
        if scored.num_rows
        else {}
    )
    sizes = np.bincount(np.unique(clusters.label, return_inverse=True)[1]) if members.num_rows else np.zeros(0, int)
    return {
        "accounts": members.num_rows,
        "creators": len(sizes),
        "largest_creator": int(sizes.max(initial=0)),
        "candidate_pairs": scored.num_rows,
        "candidate_pairs_by_rule": rule_counts(scored),
        "pairs_by_triage": {band.value: int(bands.get(band.value, 0)) for band in Triage},
        "pairs_held_by_rule": {
            cap.name: int(np.count_nonzero(scored["cap"].to_numpy() == place + 1)) for place, cap in enumerate(CAPS)
        },
        "merges_by_evidence": merges_by_evidence(scored, clusters.kept),
        "must_links": must_links,
        "n_band": n_band,
        "link_bits": round(thresholds.link_bits, 6),
        "review_bits": round(thresholds.review_bits, 6),
        "model_fingerprint": model.fingerprint,
    }


def merges_by_evidence(scored: pa.Table, kept: Links) -> dict[str, int]:
    """How many of the links that hold creators together rest on what, each counted once, strongest reason first."""
    size = int(scored["right"].to_numpy().max(initial=0)) + 1
    keys = scored["left"].to_numpy().astype(np.int64) * size + scored["right"].to_numpy()
    levels = Levels(scored.take(pa.array(np.searchsorted(keys, kept.left * size + kept.right))))
    reasons = {
        "claim": levels.on("claim", "mutual", "self", "secondary", "described", "almost", "contested"),
        "email": levels.on("email", "private", "of_two", "of_few"),
        "site": levels.on("site", "private", "of_two", "of_few"),
        "handle_and_name": levels.handle_is(*SAME_HANDLES) & levels.name_is("equal", "similar"),
        "rare_handle": levels.handle_is(*SAME_HANDLES),
        "name_and_bio": levels.name_is("equal", "similar"),
    }
    counted: dict[str, int] = {}
    open_still = np.ones(len(levels.handle_bits), bool)
    for reason, mask in reasons.items():
        counted[reason] = int(np.count_nonzero(open_still & mask))
        open_still &= ~mask
    return counted | {"other": int(np.count_nonzero(open_still))}
