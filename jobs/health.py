"""How complete and fresh the store is: the `health` part of a manifest, and the same numbers as metrics."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from base.fingerprint import fingerprint
from enrich.taxonomy import load_taxonomy
from identity.weights import load_model
from jobs.context import Context
from jobs.settings import Settings
from store.health import (
    count_accounts_by_platform,
    count_batches_under_way,
    count_embedded_accounts,
    count_enrichments,
    count_fresh_accounts,
    count_merged_creators,
    count_pairs_by_band,
    count_rows,
)
from store.tables import ContentItem, Creator, MetricSnapshot


def measure_health(context: Context) -> dict[str, Any]:
    """Counts and shares of the store as of this run. Shares of nothing are None."""
    with context.reading() as session:
        platforms = count_accounts_by_platform(session)
        accounts = sum(platforms.values())
        creators = count_rows(session, Creator)
        enriched = count_enrichments(session)
        return {
            "accounts_by_platform": platforms,
            "content_items": count_rows(session, ContentItem),
            "metric_snapshots": count_rows(session, MetricSnapshot),
            "creators": creators,
            "creators_merged": count_merged_creators(session),
            "pairs_by_band": count_pairs_by_band(session),
            "awaited_answers": count_batches_under_way(session),
            "fresh_ratio": _share(count_fresh_accounts(session, context.as_of), accounts),
            "embedded_ratio": _share(count_embedded_accounts(session, context.profile_recipe.fingerprint), accounts),
            "enriched_ratio": _share(enriched["enriched"], creators),
            "labelled_ratio": _share(enriched["labelled"], creators),
        }


def fingerprints_of(settings: Settings) -> dict[str, str]:
    """What steered the run, so that two manifests can be compared (SEC-12)."""
    knobs = settings.model_dump(mode="json", exclude={"home", "database_url"})
    return {
        "settings": fingerprint(knobs),
        "taxonomy": load_taxonomy().fingerprint,
        "identity_model": load_model(settings.identity.model).fingerprint,
    }


def metrics_of(
    health: Mapping[str, Any],
    execution: Mapping[str, Any],
    state: str,
    finished_at: datetime,
    last_success: datetime | None,
) -> dict[str, float]:
    """Samples for `metrics.prom`; alert on the age of `last_success_timestamp_seconds`, not on one failure."""
    samples: dict[str, float] = {
        "last_run_timestamp_seconds": finished_at.timestamp(),
        "last_run_duration_seconds": execution["seconds"],
        "last_run_failed": float(state == "failed"),
        "peak_rss_bytes": execution["peak_rss_bytes"],
    }
    if last_success is not None:
        samples["last_success_timestamp_seconds"] = last_success.timestamp()
    for platform, count in health["accounts_by_platform"].items():
        samples[f'accounts{{platform="{platform}"}}'] = count
    for name, count in health["awaited_answers"].items():
        samples[f"awaited_{name}"] = count
    for band, count in health["pairs_by_band"].items():
        samples[f'candidate_pairs{{band="{band}"}}'] = count
    for name in ("content_items", "metric_snapshots", "creators", "creators_merged"):
        samples[name] = health[name]
    for name in ("fresh_ratio", "embedded_ratio", "enriched_ratio", "labelled_ratio"):
        if health[name] is not None:
            samples[name] = health[name]
    for stage in execution["stages"]:
        samples[f'stage_seconds{{stage="{stage["name"]}"}}'] = stage["seconds"]
    return samples


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None
