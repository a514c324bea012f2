"""The night: six verbs in order, and the inputs they start from. Read this file first, then the verb you care about."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

from base.clock import Clock
from base.errors import ConfigError
from ingest.contracts import read_contract
from ingest.files import Delivery, Mode
from jobs.context import Progress, no_progress
from jobs.embed_accounts import embed_accounts
from jobs.embed_creators import embed_creators
from jobs.enrich_creators import enrich_creators
from jobs.ingest_accounts import ingest_accounts
from jobs.payable import require_payable
from jobs.publish_index import publish_index
from jobs.report_page import write_report
from jobs.resolve_creators import resolve_creators
from jobs.runner import Job, RunResult, inspecting, run_jobs
from jobs.settings import Settings
from jobs.summarise_night import summarise_night

REPORT_PAGE = "report.html"


def night(deliveries: Sequence[Delivery]) -> dict[str, Job]:
    """The stages of a night over these deliveries, in order."""
    return {
        "ingest_accounts": partial(ingest_accounts, deliveries=deliveries),
        "embed_accounts": embed_accounts,
        "resolve_creators": resolve_creators,
        "enrich_creators": enrich_creators,
        "embed_creators": embed_creators,
        "publish_index": publish_index,
    }


def run_night(
    settings: Settings,
    deliveries: Sequence[Delivery],
    as_of: datetime | None = None,
    progress: Progress = no_progress,
    clock: Clock | None = None,
) -> RunResult:
    """Take what was delivered all the way to a published snapshot, and leave a page about it in the run's folder.

    Raises ConfigError, before anything is touched, when a stage could not pay for what the settings select.
    """
    require_payable(settings)
    inputs = {"deliveries": [describe(delivery) for delivery in deliveries]}
    result = run_jobs(
        "nightly", night(deliveries), settings, inputs=inputs, as_of=as_of, progress=progress, clock=clock
    )
    with inspecting(settings, result.as_of) as context:
        write_report(result.folder / REPORT_PAGE, summarise_night(context, result))
    return result


def describe(delivery: Delivery) -> dict[str, str]:
    """A delivery as the run record names it."""
    return {"source": delivery.source, "file": delivery.path.name, "mode": delivery.mode}


def deliveries_of(
    settings: Settings,
    files: Sequence[Path],
    *,
    source: str | None = None,
    contract: Path | None = None,
    mode: Mode | None = None,
) -> list[Delivery]:
    """The given files as one source, or else every file of every source in the settings, by name."""
    if files:
        known = settings.sources.get(source) if source else None
        chosen = contract or (known.contract if known else None)
        return _deliveries(files, source or "files", chosen, mode or (known.mode if known else "delta"))
    deliveries = []
    for name, named in sorted(settings.sources.items()):
        found = sorted({path for pattern in named.files for path in _glob(pattern)})
        deliveries += _deliveries(found, name, named.contract, mode or named.mode)
    return deliveries


def _deliveries(files: Sequence[Path], source: str, contract: Path | None, mode: Mode) -> list[Delivery]:
    missing = [str(path) for path in files if not path.is_file()]
    if missing:
        raise ConfigError(f"no such file: {', '.join(missing)}", hint="name files, or list them under [sources]")
    read = read_contract(contract) if contract else None
    return [Delivery(path=path, source=source, contract=read, mode=mode) for path in files]


def _glob(pattern: str) -> list[Path]:
    path = Path(pattern)
    return list(Path(path.anchor or ".").glob(str(path.relative_to(path.anchor))))
