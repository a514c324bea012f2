"""Whether everything a run needs is there: home, schema, model files. Returns findings, changes nothing."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from base.errors import EngineError
from jobs.runner import working_store
from jobs.settings import Settings
from providers.local import load_embedder
from store.migrate import current_revision, latest_revision
from store.session import Store


@dataclass(frozen=True, slots=True)
class Finding:
    check: str
    ok: bool
    detail: str


def examine(settings: Settings) -> list[Finding]:
    """One finding per thing a run needs."""
    return list(_findings(settings))


def schema_revision(settings: Settings) -> tuple[str | None, str]:
    """The store's revision (None before the first run) and the latest one."""
    if settings.database_url is None and not (settings.home / "store.db").is_file():
        return None, latest_revision()
    store = Store(settings.store_url)
    try:
        return current_revision(store), latest_revision()
    finally:
        store.close()


def upgrade_schema(settings: Settings) -> str:
    """Bring the store to the latest revision and return it. Raises StoreLocked while a run is at work."""
    with working_store(settings):
        return latest_revision()


def _findings(settings: Settings) -> Iterator[Finding]:
    home = settings.home
    place = next(path for path in (home, *home.absolute().parents) if path.exists())
    yield Finding("home", os.access(place, os.W_OK), f"{home} {'exists' if home.exists() else 'will be made'}")
    yield _store_finding(settings)
    try:
        yield Finding("embedder", True, _embedder_id(settings))
    except EngineError as error:
        yield Finding("embedder", False, str(error))
    for name, source in sorted(settings.sources.items()):
        if source.contract is not None:
            there = Path(source.contract).is_file()
            yield Finding(f"source {name}", there, f"contract {source.contract}{'' if there else ' is missing'}")


def _embedder_id(settings: Settings) -> str:
    """Raises the EngineError that would keep a night from embedding; nothing is asked of a paid provider."""
    if settings.embeddings.is_paid:
        from jobs.paid_embeddings import paid_embedder

        return paid_embedder(settings, _no_ledger).id
    return load_embedder(settings.embeddings.provider, settings.embeddings.model_dir).id


def _no_ledger() -> NoReturn:
    raise AssertionError("a check pays for nothing")


def _store_finding(settings: Settings) -> Finding:
    try:
        found, latest = schema_revision(settings)
    except EngineError as error:
        return Finding("store", False, str(error))
    return Finding("store", found in (None, latest), f"schema {found or 'not made yet'}, latest {latest}")
