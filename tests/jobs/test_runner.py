"""A run is locked, recorded, resumed after a kill, and ends with the documented exit code."""

import json
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from base.clock import FixedClock
from base.errors import GateRefused, StoreLocked
from jobs.context import Context
from jobs.history import recent_runs, run_manifest
from jobs.lock import run_lock
from jobs.report import JobReport
from jobs.runner import RunResult, run_jobs, working_store
from jobs.settings import Settings, read_settings
from store.runs import save_run
from store.tables import Run

NOW = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path, bare_address: str) -> Settings:
    return read_settings(home=tmp_path / "home", database_url=bare_address, embeddings={"provider": "fast"})


def counting(_context: Context) -> JobReport:
    report = JobReport("counting")
    report.count(rows_read=100, rejected=1)
    return report


def rejecting(_context: Context) -> JobReport:
    report = JobReport("rejecting")
    report.count(rows_read=100, rejected=5)
    return report


def refusing(_context: Context) -> JobReport:
    raise GateRefused(findings=["creator count fell by 80%"])


def run(settings: Settings, job=counting, **options) -> RunResult:
    return run_jobs("test", {job.__name__: job}, settings, clock=FixedClock(NOW), **options)


def test_a_run_leaves_a_manifest_metrics_and_a_row(settings: Settings):
    """GOV-11: a machine-readable manifest of every run."""
    result = run(settings)
    manifest = json.loads((result.folder / "manifest.json").read_text())
    assert manifest == run_manifest(settings, result.run_id)
    assert manifest["content"]["stages"] == [
        {"name": "counting", "counts": {"rows_read": 100, "rejected": 1}, "details": {}}
    ]
    assert "creatordex_last_success_timestamp_seconds" in (settings.home / "metrics.prom").read_text()


def test_the_deterministic_part_of_a_manifest_repeats(settings: Settings):
    """GOV-11: same input, same content hash."""
    first, second = run(settings), run(settings)
    contents = [run_manifest(settings, result.run_id)["content"] for result in (first, second)]
    assert first.run_id != second.run_id
    assert contents[0] == contents[1]


def test_log_lines_carry_the_run_id(settings: Settings):
    result = run(settings)
    lines = [json.loads(line) for line in (result.folder / "log.jsonl").read_text().splitlines()]
    assert [line["event"] for line in lines] == ["run_started", "stage_finished", "run_finished"]
    assert {line["run_id"] for line in lines} == {result.run_id}


def test_one_percent_of_rejected_rows_is_still_exit_zero(settings: Settings):
    assert run(settings).exit_code == 0


def test_more_rejected_rows_than_allowed_is_exit_three(settings: Settings):
    assert run(settings, rejecting).exit_code == 3


def test_a_refusing_gate_is_recorded_with_its_exit_code(settings: Settings):
    with pytest.raises(GateRefused):
        run(settings, refusing)
    (row,) = recent_runs(settings, 1)
    assert (row["state"], row["exit_code"]) == ("failed", 4)
    assert "fell by 80%" in row["error"]


def test_a_failed_run_does_not_touch_the_time_of_the_last_success(settings: Settings):
    run(settings)
    with pytest.raises(GateRefused):
        run_jobs("test", {"refusing": refusing}, settings, clock=FixedClock(NOW + timedelta(days=1)))
    metrics = dict(line.rsplit(" ", 1) for line in (settings.home / "metrics.prom").read_text().splitlines())
    assert float(metrics["creatordex_last_success_timestamp_seconds"]) == NOW.timestamp()
    assert float(metrics["creatordex_last_run_failed"]) == 1


def test_a_second_run_at_the_same_time_is_told_to_try_later(settings: Settings):
    with run_lock(settings.home), pytest.raises(StoreLocked) as refused:
        run(settings)
    assert refused.value.exit_code == 75


@pytest.mark.parametrize("bare_address", ["postgres"], indirect=True)
def test_a_run_from_another_home_over_the_same_database_is_told_to_try_later(settings: Settings, tmp_path: Path):
    elsewhere = settings.model_copy(update={"home": tmp_path / "elsewhere"})
    with working_store(elsewhere), pytest.raises(StoreLocked, match="another run is working in database") as refused:
        run(settings)
    assert refused.value.exit_code == 75
    assert run(settings).exit_code == 0, "the lock goes with its holder"


@pytest.mark.parametrize("bare_address", ["postgres"], indirect=True)
def test_a_killed_process_leaves_no_lock_behind(settings: Settings, bare_address: str):
    run(settings)
    held = "import sys, os; from store.session import Store; s = Store(sys.argv[1]); s.locked().__enter__()"
    command = [sys.executable, "-c", f"{held}; os.kill(os.getpid(), 9)", bare_address]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert run(settings).exit_code == 0


def killed(settings: Settings, **values) -> Run:
    """Leave a run behind as a kill would: begun, never ended."""
    row = Run(
        run_id="killed-1", command="test", as_of=NOW - timedelta(hours=3), state="running", inputs='{"files":["a"]}',
        started_at=NOW - timedelta(hours=3), **values,
    )  # fmt: skip
    with working_store(settings) as store, store.writing() as session:
        save_run(session, row)
    return row


def test_a_killed_run_goes_on_with_its_own_id_and_time(settings: Settings):
    """SYS-06"""
    killed(settings)
    result = run(settings, inputs={"files": ["a"]})
    assert (result.run_id, result.as_of, result.resumed) == ("killed-1", NOW - timedelta(hours=3), True)


def test_other_inputs_do_not_resume_a_killed_run(settings: Settings):
    killed(settings)
    result = run(settings, inputs={"files": ["b"]})
    assert not result.resumed
    states = {row["run_id"]: row["state"] for row in recent_runs(settings, 5)}
    assert states == {"killed-1": "failed", result.run_id: "done"}
