"""How the labels in force look as a whole."""

from collections import Counter
from typing import Any

from enrich.summary import word_count
from enrich.taxonomy import UNKNOWN_KIND
from jobs.context import Context
from store import enrichments as store

MOST_NICHES = 10


def label_figures(context: Context) -> dict[str, Any]:
    """How the labels in force look as a whole."""
    with context.reading_frames() as frames:
        labels = store.load_labels_in_force(frames)
    total = max(1, len(labels))
    niches = Counter(labels["primary_niche"].to_pylist())
    abstain_id = context.taxonomy.abstain_id
    empty = {"primary_niche": abstain_id, "account_kind": UNKNOWN_KIND}
    words = [word_count(summary) for summary in labels["llm_summary"].to_pylist()]
    return {
        "niches": dict(sorted(niches.items(), key=lambda niche: (-niche[1], niche[0]))[:MOST_NICHES]),
        "abstain_rate": round(niches[abstain_id] / total, 4),
        "confidence": dict(sorted(Counter(labels["confidence"].to_pylist()).items())),
        "mean_summary_words": round(sum(words) / total, 1),
        "coverage": {
            name: round(sum(value not in (None, empty.get(name)) for value in labels[name].to_pylist()) / total, 4)
            for name in ("primary_niche", "content_style", "account_kind", "language")
        },
    }
