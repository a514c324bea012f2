"""Looking back: what earlier runs did and how the store is now. Returns data, prints nothing."""

import json
from collections.abc import Mapping
from typing import Any

from base.errors import ConfigError
from enrich.ledger import NANO
from jobs.health import measure_health
from jobs.runner import inspecting
from jobs.settings import Settings
from store.llm_calls import load_costs
from store.runs import load_run, load_runs
from store.tables import Run

NIGHTS = 7


def store_status(settings: Settings) -> dict[str, Any]:
    """The last run, the store's health, and what the last nights with paid calls cost."""
    with inspecting(settings) as context:
        health = measure_health(context)
        with context.reading() as session:
            newest = [_summary(run) for run in load_runs(session, 1)]
        with context.reading_frames() as frames:
            spent = load_costs(frames, ("night",)).to_pylist()
    dollars = {row["night"]: row["nano_usd"] / NANO for row in spent[-NIGHTS:]}
    facts = {"last_run": newest[0] if newest else None, **health, "spent_usd_by_night": dollars}
    return facts | left_with_the_vendor(settings, health["awaited_answers"])


def left_with_the_vendor(settings: Settings, awaited: Mapping[str, int]) -> dict[str, str]:
    """What to do about batches that no run will fetch, for the provider that has them is not selected any more."""
    if not awaited["batches"] or settings.llm.provider == "openai":
        return {}
    return {
        "not_fetched": f"{awaited['requests']} answers that were ordered are not fetched while llm.provider is "
        f"{settings.llm.provider}: run creatordex enrich with llm.provider openai, its key and a budget; online will do"
    }


def recent_runs(settings: Settings, limit: int) -> list[dict[str, Any]]:
    """One summary per run, newest first."""
    with inspecting(settings) as context, context.reading() as session:
        return [_summary(run) for run in load_runs(session, limit)]


def run_manifest(settings: Settings, run_id: str) -> dict[str, Any]:
    """Both parts of a run's manifest. Raises ConfigError for an unknown run."""
    with inspecting(settings) as context, context.reading() as session:
        run = load_run(session, run_id)
    if run is None:
        raise ConfigError(f"no run {run_id}", hint="creatordex runs list")
    return {"content": json.loads(run.content), "execution": json.loads(run.execution)}


def _summary(run: Run) -> dict[str, Any]:
    return {
        "run_id": run.run_id,
        "state": run.state,
        "exit_code": run.exit_code,
        "as_of": run.as_of.isoformat(),
        "seconds": json.loads(run.execution).get("seconds"),
        "error": run.error,
    }
