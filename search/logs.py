"""Two logs, both off unless asked for, a JSON object per line: who asked what, and what a ranking could learn from.

Neither ever holds a key. The audit log names the tenant; the query log does not. `docs/serving.md` has the fields.
"""

import json
import threading
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from search.score import Scores, best
from search.searcher import Ranking, SearchResult

LOGGED_CANDIDATES = 100  # of each question, best first: what was seen and what stood just below


class JsonLog:
    """Appends lines to one file per day below a folder; safe to use from any number of threads."""

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._name = name
        self._lock = threading.Lock()

    def write(self, entry: Mapping[str, Any], *, now: datetime) -> None:
        line = json.dumps({"at": now.isoformat(timespec="milliseconds"), **entry}, ensure_ascii=False) + "\n"
        with self._lock, (self._folder / f"{self._name}-{now:%Y-%m-%d}.jsonl").open("a", encoding="utf-8") as file:
            file.write(line)


def query_entry(result: SearchResult, ranking: Ranking, creator_ids: list[str]) -> dict[str, Any]:
    """A question with its candidates and every feature of theirs.

    creator_ids: of `logged_rows(ranking.scores)`, in that order.
    """
    return {
        "question": result.query.asked,
        "text": result.query.text,
        "filters": result.query.filters.model_dump(exclude_defaults=True),
        "fusion": ranking.fusion,
        "version": result.version,
        "snapshot_id": result.snapshot_id,
        "config_fingerprint": result.config_fingerprint,
        "shown": [hit.creator_id for hit in result.hits],
        "candidates": list(_features(ranking.scores, creator_ids)),
    }


def logged_rows(scores: Scores) -> list[int]:
    """The rows that are worth keeping, best first."""
    rows: list[int] = best(scores, LOGGED_CANDIDATES).tolist()
    return rows


def _features(scores: Scores, creator_ids: list[str]) -> Iterator[dict[str, Any]]:
    components = scores.components
    for place, (row, creator_id) in enumerate(zip(logged_rows(scores), creator_ids, strict=True), start=1):
        similar = {name: float(values[row]) for name, values in components.similarities.items()}
        yield {
            "rank": place,
            "creator_id": creator_id,
            "score": float(scores.total[row]),
            "keyword": float(components.keyword[row]),
            "quality": float(components.quality[row]),
            # NaN is not JSON: a creator without the field has null
            "similarities": {name: None if value != value else value for name, value in similar.items()},
        }
