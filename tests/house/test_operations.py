"""The examples of the operations page are real: units parse, commands and options exist, metrics are written."""

import ast
import configparser
import importlib.util
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys

import pytest
import yaml

from tests.house.test_commands import COMMANDS, longest_command
from tests.house.tree import ROOT

PAGE = (ROOT / "docs" / "operations.md").read_text()
PROGRAM = "/opt/creatordex/.venv/bin/creatordex"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


UNITS = {text.splitlines()[0].removeprefix("# "): text for text in blocks("systemd")}


def commands_in(shell: str) -> list[list[str]]:
    """The words after the program, for each call of it in a line of shell."""
    words = shlex.split(re.sub(r"\{\{.*?\}\}", "2026-03-01T03:15:00+00:00", shell))
    starts = [place for place, word in enumerate(words) if word in (PROGRAM, "creatordex")]
    ends = [place for place, word in enumerate(words) if word in ("||", "&&", ";", ">>", "2>>")] + [len(words)]
    return [words[start + 1 : min(end for end in ends if end > start)] for start in starts]


def assert_real(words: list[str]) -> None:
    name = longest_command(words)
    assert name, words
    known = {flag for parameter in COMMANDS[name].params for flag in (*parameter.opts, *parameter.secondary_opts)}
    assert {word for word in words if word.startswith("--")} <= known, words


def test_the_cron_line_has_five_fields_and_a_real_command():
    (line,) = blocks("cron")[0].splitlines()
    fields = line.split(maxsplit=5)
    assert all(re.fullmatch(r"[\d*/,-]+", field) for field in fields[:5])
    assert "%" not in line, "cron takes it for a line break"
    (words,) = commands_in(fields[5])
    assert_real(words)


def test_the_units_say_what_the_page_says():
    units = {}
    for name, text in UNITS.items():
        units[name] = configparser.ConfigParser(strict=True, interpolation=None)
        units[name].read_string(text)
    service, timer = units["creatordex.service"], units["creatordex.timer"]
    (words,) = commands_in(service["Service"]["ExecStart"])
    assert_real(words)
    assert (service["Service"]["SuccessExitStatus"], service["Service"]["RestartPreventExitStatus"]) == ("3", "1 2 4")
    assert timer["Timer"]["Persistent"] == "true"
    assert timer["Install"]["WantedBy"] == "timers.target"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_systemd_accepts_the_units(tmp_path):
    for name, text in UNITS.items():
        (tmp_path / name).write_text(text.replace(PROGRAM, sys.executable))
    verify = ["systemd-analyze", "verify", "--man=no", *(str(tmp_path / name) for name in UNITS)]
    done = subprocess.run(verify, capture_output=True, text=True, check=False)
    ours = [line for line in done.stderr.splitlines() if "creatordex" in line]
    assert (done.returncode, ours) == (0, []), done.stderr


def test_the_airflow_example_calls_real_commands():
    """Imported as a whole where Airflow is installed; read as a syntax tree where it is not."""
    tree = compile(blocks("python")[0], "dag.py", "exec", ast.PyCF_ONLY_AST)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    told = [
        ast.literal_eval(keyword.value)
        for call in calls
        if ast.unparse(call.func) == "BashOperator"
        for keyword in call.keywords
        if keyword.arg == "bash_command"
    ]
    assert len(told) == 2
    for shell in told:
        (words,) = commands_in(shell)
        assert_real(words)


@pytest.mark.skipif(importlib.util.find_spec("airflow") is None, reason="Airflow is not installed")
def test_airflow_imports_the_example():
    scope: dict[str, object] = {}
    exec(blocks("python")[0], scope)  # noqa: S102 - our own page
    assert scope["dag"].task_ids == ["nightly", "export"]


def test_the_table_of_exit_codes_is_that_of_the_commands():
    codes = r"^\| (\d+) \|"
    documented = re.findall(codes, (ROOT / "docs" / "commands.md").read_text(), re.MULTILINE)
    assert re.findall(codes, PAGE, re.MULTILINE) == documented


def test_an_alert_watches_a_number_that_is_written():
    written = (ROOT / "jobs" / "health.py").read_text()
    (group,) = yaml.safe_load(blocks("yaml")[0])["groups"]
    for rule in group["rules"]:
        (name,) = re.findall(r"creatordex_(\w+)", rule["expr"])
        assert f'"{name}"' in written, rule["alert"]
        for call in re.findall(r"creatordex [a-z ]+", rule["annotations"]["action"]):
            assert longest_command(call.split()[1:]), call


def test_the_backup_is_whole_while_the_store_is_in_use(tmp_path):
    home = tmp_path / "creatordex-data"
    for folder in ("raw", "snapshots"):
        (home / folder).mkdir(parents=True)
    store = sqlite3.connect(home / "store.db")
    store.execute("PRAGMA journal_mode=WAL")
    store.execute("CREATE TABLE judgements (verdict TEXT)")
    store.execute("INSERT INTO judgements VALUES ('same')")
    store.commit()
    script = blocks("sh")[0].replace("python3", sys.executable)
    subprocess.run(["sh", "-e", "-c", script], cwd=tmp_path, check=True)
    store.close()
    copied = sqlite3.connect(tmp_path / "backup" / "store.db")
    assert copied.execute("SELECT verdict FROM judgements").fetchall() == [("same",)]
    copied.close()
    assert (tmp_path / "backup" / "raw").is_dir()


def test_the_commands_after_a_restore_are_real():
    for line in blocks("sh")[1].splitlines():
        (words,) = commands_in(line)
        assert_real(words)
