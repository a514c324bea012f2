"""What was spent on paid calls, told apart by what a person asks about: sums over the ledger, nothing is written."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from base.errors import ConfigError
from enrich.ledger import NANO
from jobs.runner import inspecting
from jobs.settings import Settings
from store.llm_calls import CostKey, load_costs
from store.runs import load_run

KEYS: tuple[CostKey, ...] = ("purpose", "model", "prompt_version", "reason", "state")
#: what has no cost yet counts with the most it can be
STATES = {
    "settled": "settled",
    "failed": "failed",
    "unknown": "unknown, in full",
    "intent": "still reserved",
    "released": "released",
}


def costs(
    settings: Settings, *, run_id: str | None = None, night: str | None = None, since: datetime | None = None
) -> list[dict[str, Any]]:
    """One row per KEYS: calls, tokens by kind, nano_usd (exact) and usd. Raises ConfigError for an unknown run."""
    with inspecting(settings) as context:
        if run_id is not None:
            with context.reading() as session:
                if load_run(session, run_id) is None:
                    raise ConfigError(f"no run {run_id}", hint="creatordex runs list")
        with context.reading_frames() as frames:
            found = load_costs(frames, KEYS, run_id=run_id, night=night, since=since).drop_columns(["open_calls"])
    return [row | {"usd": row["nano_usd"] / NANO} for row in found.to_pylist()]


def cost_lines(rows: list[dict[str, Any]]) -> Iterator[tuple[str, ...]]:
    """The rows as a person reads them, dearest first, and their sum last."""
    for row in sorted(rows, key=lambda row: -row["nano_usd"]):
        names = (row[key] or "-" for key in KEYS[:-1])
        yield (*names, STATES.get(row["state"], row["state"]), *_figures([row]))
    if rows:
        yield ("together", *[""] * (len(KEYS) - 1), *_figures(rows))


def _figures(rows: list[dict[str, Any]]) -> tuple[str, ...]:
    calls, read, written = (sum(row[name] for row in rows) for name in ("calls", "input_tokens", "output_tokens"))
    nano_usd = sum(row["nano_usd"] for row in rows)
    return f"{calls:,}", f"{read:,}", f"{written:,}", f"${nano_usd / NANO:,.4f}"
