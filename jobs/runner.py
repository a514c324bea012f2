"""Running stages under one lock and one record: resume after a kill, timing, manifest, metrics, exit code."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from base.clock import Clock, SystemClock
from base.errors import ConfigError, EngineError, StoreError
from base.fingerprint import canonical_json
from jobs.context import Context, Progress, no_progress
from jobs.health import fingerprints_of, measure_health, metrics_of
from jobs.lock import run_lock
from jobs.manifest import manifest_content, manifest_execution, write_manifest, write_metrics
from jobs.report import JobReport
from jobs.runlog import run_log
from jobs.settings import Settings
from store.health import load_last_success
from store.migrate import current_revision, latest_revision, upgrade
from store.runs import count_runs_named, load_unfinished_runs, save_run
from store.session import Store
from store.tables import Run

Job = Callable[[Context], JobReport]

DONE, FAILED, DONE_WITH_REJECTIONS = 0, 1, 3


@dataclass(frozen=True, slots=True)
class RunResult:
    run_id: str
    as_of: datetime
    exit_code: int
    reports: list[JobReport]
    #: seconds per stage
    seconds: dict[str, float]
    #: `runs/<run id>`: manifest, log, report
    folder: Path
    #: whether it went on where a killed run had stopped
    resumed: bool


def open_store(settings: Settings) -> Store:
    """The store of these settings, at the latest schema; for a caller that is alone with it."""
    store = Store(settings.store_url)
    upgrade(store)
    return store


@contextmanager
def working_store(settings: Settings) -> Iterator[Store]:
    """The store of these settings at the latest schema, locked against every other run.

    Raises StoreLocked when another run is at work, in this home or in this database.
    """
    with run_lock(settings.home):
        store = Store(settings.store_url)
        try:
            with store.locked():
                upgrade(store)
                yield store
        finally:
            store.close()


@contextmanager
def inspecting(settings: Settings, as_of: datetime | None = None) -> Iterator[Context]:
    """A context for looking only: no lock, no run record.

    Raises ConfigError when there is no store yet and StoreError when its schema is not this version's.
    """
    if settings.database_url is None and not (settings.home / "store.db").is_file():
        raise ConfigError(f"no store in {settings.home}", hint="creatordex nightly FILE… makes one")
    store = Store(settings.store_url)
    try:
        if current_revision(store) != latest_revision():
            raise StoreError(f"the store's schema is {current_revision(store)}", hint="creatordex db upgrade")
        yield Context(settings=settings, store=store, run_id="", as_of=as_of or SystemClock().now())
    finally:
        store.close()


def run_jobs(
    command: str,
    jobs: Mapping[str, Job],
    settings: Settings,
    *,
    inputs: Mapping[str, Any] | None = None,
    as_of: datetime | None = None,
    progress: Progress = no_progress,
    clock: Clock | None = None,
) -> RunResult:
    """Run `jobs` in order and record the run.

    A run of the same command and inputs that was killed is resumed with its own id and `as_of`. Raises StoreLocked
    when another run is at work, and whatever a job raises, after recording it.
    """
    clock = clock or SystemClock()
    with working_store(settings) as store:
        run, resumed = _begin(store, command, dict(inputs or {}), as_of, clock.now())
        return _Execution(settings, store, run, resumed, progress, clock).perform(jobs)


def _begin(
    store: Store, command: str, inputs: dict[str, Any], as_of: datetime | None, now: datetime
) -> tuple[Run, bool]:
    asked = canonical_json(inputs)
    resumable: Run | None = None
    with store.writing() as session:
        for run in load_unfinished_runs(session):
            same = run.command == command and run.inputs == asked and as_of in (None, run.as_of)
            if same and resumable is None:
                resumable = run
            else:
                run.state, run.exit_code, run.error, run.finished_at = "failed", FAILED, "killed", now
        session.expire_on_commit = False
        if resumable is not None:
            return resumable, True
        moment = as_of or now
        stem = f"{moment:%Y%m%dT%H%M%SZ}-{command}-"
        run = Run(
            run_id=f"{stem}{count_runs_named(session, stem) + 1}",
            command=command,
            as_of=moment,
            state="running",
            inputs=asked,
            started_at=now,
        )
        session.add(run)
        return run, False


class _Execution:
    """One run being performed: its context, and what has been seen so far."""

    def __init__(
        self, settings: Settings, store: Store, run: Run, resumed: bool, progress: Progress, clock: Clock
    ) -> None:
        self._settings, self._store, self._run, self._resumed = settings, store, run, resumed
        self._progress, self._clock = progress, clock
        self._started_at = clock.now()
        self._folder = settings.home / "runs" / run.run_id
        self._reports: list[JobReport] = []
        self._seconds: dict[str, float] = {}

    def perform(self, jobs: Mapping[str, Job]) -> RunResult:
        with run_log(self._folder, self._run.run_id) as log:
            context = Context(
                settings=self._settings,
                store=self._store,
                run_id=self._run.run_id,
                as_of=self._run.as_of,
                progress=self._progress,
                log=log,
                clock=self._clock,
            )
            log.info("run_started", command=self._run.command, as_of=self._run.as_of.isoformat(), resumed=self._resumed)
            try:
                for name, job in jobs.items():
                    self._perform_one(context, name, job)
                exit_code = self._exit_code()
                self._finish(context, "done", exit_code)
            except Exception as error:
                code = error.exit_code if isinstance(error, EngineError) else FAILED
                log.error("run_failed", error_class=type(error).__name__, exit_code=code)
                self._finish(context, "failed", code, error)
                raise
            log.info("run_finished", exit_code=exit_code)
        return RunResult(
            self._run.run_id, self._run.as_of, exit_code, self._reports, self._seconds, self._folder, self._resumed
        )

    def _perform_one(self, context: Context, name: str, job: Job) -> None:
        began = time.perf_counter()
        self._progress(name, 0, None)
        report = job(context)
        self._seconds[name] = time.perf_counter() - began
        self._reports.append(report)
        self._progress(name, 1, 1)
        context.log.info(
            "stage_finished", stage=name, seconds=round(self._seconds[name], 3), **report.counts, **report.effort
        )

    def _exit_code(self) -> int:
        read = sum(report.counts.get("rows_read", 0) for report in self._reports)
        rejected = sum(report.counts.get("rejected", 0) for report in self._reports)
        return DONE_WITH_REJECTIONS if rejected > self._settings.max_rejected * max(read, 1) else DONE

    def _finish(self, context: Context, state: str, exit_code: int, error: Exception | None = None) -> None:
        finished_at = self._clock.now()
        health = measure_health(context)
        content = manifest_content(
            self._run.command,
            self._run.as_of,
            json.loads(self._run.inputs),
            self._reports,
            health,
            fingerprints_of(self._settings),
        )
        execution = manifest_execution(self._started_at, finished_at, self._seconds, self._reports)
        run = self._run
        run.state, run.exit_code, run.finished_at = state, exit_code, finished_at
        run.error = None if error is None else f"{type(error).__name__}: {error}"
        run.content, run.execution = canonical_json(content), canonical_json(execution)
        with self._store.writing() as session:
            save_run(session, run)
        write_manifest(self._folder, content, execution)
        with self._store.reading() as session:
            last_success = load_last_success(session, run.command)
        metrics = metrics_of(health, execution, state, finished_at, last_success)
        write_metrics(self._settings.home / "metrics.prom", metrics)


def names(jobs: Sequence[Job]) -> dict[str, Job]:
    """Jobs by their function names, in order."""
    return {job.__name__: job for job in jobs}
