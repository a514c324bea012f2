"""Which fields a source fills, and how fresh they are: source × field × share present × newest."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from base.clock import from_micros
from ingest.records import AccountRecord, ContentRecord, Entity


@dataclass(slots=True)
class _Source:
    records: int = 0
    newest: int = 0
    filled: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Coverage:
    """Counts as records pass by; `table` is the matrix."""

    _sources: dict[tuple[str, str], _Source] = field(default_factory=dict)

    def add(self, source: str, entity: Entity) -> None:
        record = entity.record
        kind = "account" if isinstance(record, AccountRecord) else "content"
        seen = self._sources.setdefault((source, kind), _Source())
        seen.records += 1
        seen.newest = max(seen.newest, entity.fetched_at)
        seen.filled.update([name for name, value in record.__dict__.items() if value is not None and value != ()])

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


def _fields(kind: str) -> list[str]:
    return list((AccountRecord if kind == "account" else ContentRecord).model_fields)
