"""How well the index over real files ranks, by queries that a person judged: the hybrid beside simpler rankings.

    python -m benchmarks.ranking HOME [--judged FILE] [--half tune|test] [--tune]

HOME is what `real_night.py --home HOME` left. The judged file names creators by id alone, and the same files resolve to
the same ids; where HOME is absent or holds nobody who was judged, nothing is measured.

`--tune` looks for better weights on the `tune` half (five in eight queries of each kind, by a hash) and prints what
they are worth on the `test` half: only that figure says something about other queries.
"""

import argparse
import hashlib
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from index.scoring import ScoringSettings
from search.evaluation import HYBRID, JudgedQuery, Quality, measure_ranking, ndcg_at, paired_interval, read_judged
from search.parse import parse_query
from search.score import Components, weighted_mean
from search.searcher import Searcher, open_snapshot

JUDGED = Path(__file__).with_name("judged") / "real.jsonl"
TUNED = 5 / 8
KEYWORD_SHARES = tuple(share / 20 for share in range(21))  # of what is not quality
QUALITIES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2)
BIO_WEIGHTS = (0.5, 1.0, 2.0)  # beside a content vector

Half = Literal["tune", "test"]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Asked:
    """A judged query and every candidate's components."""

    judged: JudgedQuery
    components: Components
    #: of the candidates, in the order of the components
    ids: Sequence[str]


def main() -> None:
    options = _options()
    snapshots = options.home / "snapshots"
    if not (snapshots / "CURRENT.json").is_file():
        sys.exit(
            f"no index below {options.home}: `real_night.py --home {options.home}` makes one. Nothing was measured."
        )
    searcher = open_snapshot(snapshots)
    judged = read_judged(options.judged)
    if all(searcher.snapshot.doc_of(one) is None for query in judged for one in query.grades):
        sys.exit("nobody in this index was judged: it was made of other files. Nothing was measured.")
    halves = split(judged)
    chosen = halves[options.half] if options.half else judged
    print(f"{len(searcher.snapshot):,} creators, {searcher.snapshot.content.embedding.model}")
    print_ranking(options.half or "all", chosen, measure_ranking(searcher, chosen))
    for kind in sorted({query.kind for query in chosen}):
        some = [query for query in chosen if query.kind == kind]
        print_ranking(kind, some, measure_ranking(searcher, some))
    if options.tune:
        print_tuned(searcher, halves)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("home", type=Path)
    parser.add_argument("--judged", type=Path, default=JUDGED)
    parser.add_argument("--half", choices=("tune", "test"), help="default: all queries")
    parser.add_argument("--tune", action="store_true", help="look for better weights")
    return parser.parse_args()


def split(judged: Iterable[JudgedQuery]) -> dict[Half, list[JudgedQuery]]:
    """Five in eight of each kind for choosing weights, by a hash of the question; the rest to test them on."""
    kinds: defaultdict[str, list[JudgedQuery]] = defaultdict(list)
    for one in sorted(judged, key=lambda one: hashlib.sha256(one.query.encode()).hexdigest()):
        kinds[one.kind].append(one)
    halves: dict[Half, list[JudgedQuery]] = {"tune": [], "test": []}
    for _, queries in sorted(kinds.items()):
        cut = round(len(queries) * TUNED)
        halves["tune"] += queries[:cut]
        halves["test"] += queries[cut:]
    return halves


def print_ranking(title: str, judged: Sequence[JudgedQuery], found: Iterable[Quality]) -> None:
    """One line per system that finds anything; the interval is of what the hybrid is better by."""
    print(f"\n{title}: {len(judged)} queries, {sum(len(query.grades) for query in judged):,} judgements")
    print(f"  {'':20} nDCG@10    P@5   R@50  unjudged@10  hybrid better by")
    for one in filter(lambda one: one.ndcg_at_10, found):
        better = "" if one.system == HYBRID else f"{one.difference:+.3f} ({one.low:+.3f} to {one.high:+.3f})"
        print(
            f"  {one.system:20} {one.ndcg_at_10:7.3f} {one.precision_at_5:6.3f} {one.recall_at_50:6.3f}"
            f" {one.unjudged_at_10:12.2f}  {better}"
        )


# --- weights ------------------------------------------------------------------------------------------------------


def print_tuned(searcher: Searcher, halves: dict[Half, list[JudgedQuery]]) -> None:
    """The best weights on one half, and what they are worth on the other."""
    asked = {half: [ask(searcher, query) for query in queries] for half, queries in halves.items()}
    grid = [
        ScoringSettings(
            keyword_weight=round(share * (1 - quality), 4),
            semantic_weight=round((1 - share) * (1 - quality), 4),
            quality_weight=quality,
            bio_weight=bio,
        )
        for share, quality, bio in product(KEYWORD_SHARES, QUALITIES, BIO_WEIGHTS)
    ]
    worth = [(float(ndcgs(asked["tune"], weights).mean()), weights) for weights in grid]
    worth.sort(key=lambda one: -one[0])
    shipped = ScoringSettings()
    print(f"\nweights on the tune half, of {len(grid)}; shipped: {ndcgs(asked['tune'], shipped).mean():.3f}")
    for mean, weights in worth[:5]:
        print(f"  {mean:.3f}  {_named(weights)}")
    chosen = worth[0][1]
    before, after = ndcgs(asked["test"], shipped), ndcgs(asked["test"], chosen)
    low, high = paired_interval(after - before)
    print(f"test half: shipped {before.mean():.3f}, the first of these {after.mean():.3f}")
    print(f"  better by {(after - before).mean():+.3f} ({low:+.3f} to {high:+.3f})")


def ask(searcher: Searcher, judged: JudgedQuery) -> Asked:
    """The components of a query's candidates: what weights are tried on."""
    components = searcher.rank(parse_query(judged.query)).scores.components
    ids = searcher.snapshot.creators["creator_id"].take(components.docs).to_pylist()
    return Asked(judged, components, ids)


def ndcgs(asked: Sequence[Asked], weights: ScoringSettings) -> Floats:
    """nDCG@10 per query under these weights."""
    return np.array([_ndcg(one, weights) for one in asked])


def _ndcg(asked: Asked, weights: ScoringSettings) -> float:
    components = asked.components
    shares = {name: weights.field_weight(name) for name in components.similarities}
    total = (
        weights.keyword_weight * components.keyword
        + weights.semantic_weight * weighted_mean(components.similarities, shares, len(components.docs))
        + weights.quality_weight * components.quality
    )
    first = np.lexsort((components.docs, -total))[:10]
    return ndcg_at([asked.ids[row] for row in first], asked.judged.grades)


def _named(weights: ScoringSettings) -> str:
    return (
        f"keyword {weights.keyword_weight:g}, semantic {weights.semantic_weight:g},"
        f" quality {weights.quality_weight:g}, bio {weights.bio_weight:g} : content {weights.content_weight:g}"
    )


if __name__ == "__main__":
    main()
