"""Which fields a source fills, and how fresh they are: source × field × share present × newest."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from base.clock import from_micros
from ingest.records import AccountRecord, ContentRecord, Entity

_MODELS: dict[str, type[AccountRecord | ContentRecord]] = {"account": AccountRecord, "content": ContentRecord}
_LISTS = ("external_urls", "platform_topics")


@dataclass(slots=True)
class _Source:
    records: int = 0
    newest: int = 0
    filled: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Coverage:
    """Counts as records pass by; `table` is the matrix."""

    _sources: dict[tuple[str, str], _Source] = field(default_factory=dict)

    def add(self, source: str, entities: Sequence[Entity]) -> None:
        for kind, model in _MODELS.items():
            found = [entity for entity in entities if isinstance(entity.record, model)]
            if found:
                self._add(self._sources.setdefault((source, kind), _Source()), found, list(model.model_fields))

    def _add(self, seen: _Source, entities: Sequence[Entity], names: Sequence[str]) -> None:
        seen.records += len(entities)
        seen.newest = max(seen.newest, *(entity.fetched_at for entity in entities))
        columns = zip(*(entity.record.__dict__.values() for entity in entities), strict=True)  # in the model's order
        for name, column in zip(names, columns, strict=True):
            empty = column.count(()) if name in _LISTS else 0
            seen.filled[name] += len(column) - column.count(None) - empty

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
    return list(_MODELS[kind].model_fields)
