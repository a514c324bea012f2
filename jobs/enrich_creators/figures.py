"""How the labels in force look as a whole."""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from enrich.summary import word_count
from enrich.taxonomy import UNKNOWN_KIND
from jobs.context import Context
from store import enrichments as store

MOST_NICHES = 10
#: labels whose share of creators is told
SHARED = ("primary_niche", "content_style", "account_kind", "language")


def label_figures(context: Context) -> dict[str, Any]:
    """How the labels in force look as a whole."""
    with context.reading_frames() as frames:
        labels = store.load_labels_in_force(frames)
    total = max(1, len(labels))
    counted = {name: _counted(labels[name]) for name in (*SHARED, "confidence")}
    niches, abstain_id = counted["primary_niche"], context.taxonomy.abstain_id
    empty = {"primary_niche": abstain_id, "account_kind": UNKNOWN_KIND}
    words = [word_count(summary) for summary in labels["llm_summary"].to_pylist()]
    return {
        "niches": dict(sorted(niches.items(), key=lambda niche: (-niche[1], niche[0]))[:MOST_NICHES]),
        "abstain_rate": round(niches.get(abstain_id, 0) / total, 4),
        "confidence": dict(sorted(counted["confidence"].items())),
        "mean_summary_words": round(sum(words) / total, 1),
        "coverage": {
            name: round(sum(n for value, n in counted[name].items() if value != empty.get(name)) / total, 4)
            for name in SHARED
        },
    }


def _counted(column: pa.ChunkedArray) -> dict[str, int]:
    """Value → how often; the unknown are left out."""
    return {row["values"]: row["counts"] for row in pc.value_counts(column.drop_null()).to_pylist()}
