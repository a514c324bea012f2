"""Which fields a source fills, and how fresh they are: source × field × share present × newest."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from base.clock import from_micros
from ingest.columns import MODELS
from ingest.files import Batch
from ingest.records import Kind

_FIELDS = frozenset().union(*(model.model_fields for model in MODELS.values()))


@dataclass(slots=True)
class _Source:
    records: int = 0
    newest: int = 0
    filled: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Coverage:
    """Counts as batches pass by; `table` is the matrix."""

    _sources: dict[tuple[str, Kind], _Source] = field(default_factory=dict)

    def add(self, source: str, batch: Batch) -> None:
        frames: dict[Kind, pa.Table] = {"account": batch.accounts, "content": batch.content}
        for kind, frame in frames.items():
            if frame.num_rows:
                self._add(self._sources.setdefault((source, kind), _Source()), frame)

    def _add(self, seen: _Source, frame: pa.Table) -> None:
        seen.records += frame.num_rows
        seen.newest = max(seen.newest, pc.max(frame["fetched_at"]).as_py())
        for name in set(frame.column_names) & _FIELDS:
            # The type of an item is always known, if only by habit.
            seen.filled[name] += frame.num_rows - (0 if name == "content_type" else frame[name].null_count)

    def table(self) -> list[dict[str, Any]]:
        """One row per source, kind and field, in a fixed order; a field that is never filled has share 0."""
        return [
            {
                "source": source, "kind": kind, "field": name, "records": seen.records,
                "present": round(seen.filled[name] / seen.records, 4), "newest": from_micros(seen.newest).isoformat(),
            }
            for (source, kind), seen in sorted(self._sources.items())
            for name in sorted(_fields(kind))
        ]  # fmt: skip


def _fields(kind: Kind) -> list[str]:
    return list(MODELS[kind].model_fields)
