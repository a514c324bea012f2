"""`resolve --plan`: what a resolution would compare, of the store or of a file; writes nothing."""

from pathlib import Path
from typing import Any

from engines.duckdb_engine import DuckDBEngine
from identity.plan import plan_pairs
from jobs.account_files import accept_accounts, read_frame
from jobs.context import Context
from jobs.resolve_creators import load_stored, with_neighbours


def plan_store(context: Context) -> dict[str, Any]:
    """The plan for what the store holds."""
    stored = with_neighbours(context, load_stored(context))
    with context.engine() as engine:
        near = stored.get("neighbours")
        return plan_pairs(stored["accounts"], engine, stored["contents"], near, stored["handle_history"])


def plan_file(path: Path, *, memory_limit: str = "2GB", workers: int = 0) -> dict[str, Any]:
    """The plan for the accounts of a file. Raises SourceError when it cannot be read."""
    with DuckDBEngine(memory_limit=memory_limit, workers=workers) as engine:
        accounts, _ = accept_accounts(read_frame(path), engine)
        return plan_pairs(accounts, engine)
