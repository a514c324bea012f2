"""One file per platform, found by looking: a module of this package with an ADAPTER is a platform.

Comes in: an answer of a platform's API. Goes out: drafts of accounts and content. Read `youtube.py` first.
"""

from functools import cache, lru_cache
from importlib import import_module
from pkgutil import iter_modules

from base.clock import from_micros
from ingest.adapter import Adapter, Json
from ingest.records import Kind


@cache
def _adapters() -> dict[str, Adapter]:
    modules = (import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__))
    return {adapter.platform: adapter for adapter in (module.ADAPTER for module in modules)}


def platforms() -> list[str]:
    """Platforms whose API answers can be read."""
    return sorted(_adapters())


def adapter_for(platform: str) -> Adapter | None:
    return _adapters().get(platform)


def register(adapter: Adapter) -> None:
    """Add a platform that lives elsewhere: another package's, or a test's."""
    _adapters()[adapter.platform] = adapter
    meanings.cache_clear()


def recognise(body: Json) -> tuple[Adapter, str] | None:
    """Whose answer this is, and from which endpoint, by its shape."""
    for _name, adapter in sorted(_adapters().items()):
        endpoint = adapter.recognise(body)
        if endpoint:
            return adapter, endpoint
    return None


def precision(platform: str, kind: Kind, metric: str) -> str:
    """exact, or what the platform does to its numbers."""
    adapter = adapter_for(platform)
    return adapter.precision(kind, metric) if adapter else "exact"


def definition_version(platform: str, metric: str, content_type: str | None, as_of: int) -> str:
    """What the platform meant by a metric at an instant (microseconds)."""
    adapter = adapter_for(platform)
    return adapter.definition_version(metric, content_type, from_micros(as_of)) if adapter else f"{platform}-{metric}-1"


@lru_cache(maxsize=4096)
def meanings(
    platform: str, kind: Kind, metrics: tuple[str, ...], content_type: str | None, as_of: int
) -> list[tuple[str, str]]:
    """Definition and precision of each metric of a record that was fetched at an instant (microseconds)."""
    adapter, at = adapter_for(platform), from_micros(as_of)
    if adapter is None:
        return [(f"{platform}-{metric}-1", "exact") for metric in metrics]
    return [
        (adapter.definition_version(metric, content_type, at), adapter.precision(kind, metric)) for metric in metrics
    ]
