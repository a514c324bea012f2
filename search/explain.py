"""Why a hit stands where it stands: the terms of its score, and what they rest on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from index.snapshot import Snapshot
from index.text import tokens
from search.filters import Docs
from search.query import Query
from search.score import Components, Floats, Scores


@dataclass(frozen=True, slots=True)
class Explanation:
    #: the terms of the sum: keyword, one per vector field the creator has, quality; they add up to the score
    parts: Mapping[str, float]
    #: the same before weighting: keyword, similarity per field, semantic, quality; each in [0, 1]
    components: Mapping[str, float]
    #: vector fields of the snapshot that this creator does not have
    absent_fields: tuple[str, ...]
    #: words of the query that stand in the creator's text
    matched_words: tuple[str, ...]
    #: labels of the creator's niches that share a word with the query
    niche_match: tuple[str, ...]
    #: the filters in force; the creator satisfies all of them
    filters: tuple[str, ...]


def explain(
    snapshot: Snapshot, query: Query, scores: Scores, rows: Sequence[int], creators: Sequence[Mapping[str, Any]]
) -> list[Explanation]:
    """One explanation per row of `scores`; `creators` are the same rows as the snapshot has them."""
    docs = scores.docs[list(rows)]
    matched, absent = _matched_words(snapshot, query.terms, docs), _absent_fields(snapshot, docs)
    parts, components = _by_row(scores.parts, rows), _by_row(_components(scores.components), rows)
    filters = query.filters.in_words()
    return [
        Explanation(
            parts={name: value for name, value in parts[place].items() if name not in absent[place]},
            components={name: value for name, value in components[place].items() if name not in absent[place]},
            absent_fields=absent[place],
            matched_words=matched[place],
            niche_match=_niche_match(snapshot, query.terms, creator),
            filters=filters,
        )
        for place, creator in enumerate(creators)
    ]


def why(explanation: Explanation) -> list[str]:
    """The reasons for a rank, in words."""
    reasons = []
    if explanation.matched_words:
        reasons.append(f"words {', '.join(explanation.matched_words)}")
    if explanation.niche_match:
        reasons.append(f"niche {', '.join(explanation.niche_match)}")
    if explanation.components.get("growth"):
        reasons.append("rising")
    fields = {name: value for name, value in explanation.components.items() if name.endswith(("_bio", "_content"))}
    if fields and max(fields.values()) > 0:
        closest = max(fields, key=lambda name: fields[name])
        reasons.append(f"{closest.replace('_', ' ')} {fields[closest]:.0%} alike in meaning")
    return [*reasons, *explanation.filters] or ["quality alone"]


def _components(components: Components) -> dict[str, Floats]:
    return {
        "keyword": components.keyword,
        **components.similarities,
        "semantic": components.semantic,
        "quality": components.quality,
        **({} if components.growth is None else {"growth": components.growth}),
    }


def _by_row(columns: Mapping[str, Floats], rows: Sequence[int]) -> list[dict[str, float]]:
    values = zip(*(column[list(rows)].tolist() for column in columns.values()), strict=True)
    return [dict(zip(columns, row, strict=True)) for row in values]


def _matched_words(snapshot: Snapshot, terms: tuple[str, ...], docs: Docs) -> list[tuple[str, ...]]:
    held = snapshot.bm25.matched(terms, docs)
    return [tuple(terms[place] for place in np.flatnonzero(held[:, doc])) for doc in range(len(docs))]


def _absent_fields(snapshot: Snapshot, docs: Docs) -> list[tuple[str, ...]]:
    present = {name: field.has(docs) for name, field in snapshot.fields.items()}
    return [tuple(name for name, has in present.items() if not has[place]) for place in range(len(docs))]


def _niche_match(snapshot: Snapshot, terms: tuple[str, ...], creator: Mapping[str, Any]) -> tuple[str, ...]:
    labels = snapshot.content.niches
    niches = [creator["primary_niche"], *(creator["secondary_niches"] or [])]
    named = [labels[niche] for niche in niches if niche in labels]
    return tuple(label for label in named if not _words(label).isdisjoint(terms))


@lru_cache(1_024)
def _words(label: str) -> frozenset[str]:
    return frozenset(tokens(label))
