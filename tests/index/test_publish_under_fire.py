"""SYS-08: a publisher is killed at random points while readers read without pause: nothing is torn, nothing fails."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from index.leases import leased_versions
from index.versions import Versions, verify_version
from tests.forks import Fork
from tests.index.publisher import publish, publish_on

KILLS = int(os.environ.get("CREATORDEX_PUBLISH_KILLS", "4"))
READERS = int(os.environ.get("CREATORDEX_PUBLISH_READERS", "2"))


def start_reading(root: Path, name: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.index.reading", str(root), name]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def kill_somewhere(root: Path, seed: int, seconds: float) -> None:
    """Kill a publisher so long after its first version came into force."""
    versions = Versions(root)
    before = versions.current_path()
    publisher = Fork(publish_on, root, seed)
    while versions.current_path() == before:
        time.sleep(0.01)
    time.sleep(seconds)
    assert publisher.process.is_alive()
    publisher.process.kill()
    assert publisher.ended().returncode == -signal.SIGKILL


def finished(reader: subprocess.Popen[str]) -> list[int]:
    reader.terminate()
    said, _ = reader.communicate(timeout=60)
    return [int(number) for number in said.split("\n")[-2].split()]


@pytest.mark.slow
def test_no_reader_sees_a_torn_version_and_none_loses_what_it_reads(tmp_path: Path):
    root, dice = tmp_path / "snapshots", random.Random(8)
    publish(root, 0)
    readers = [start_reading(root, f"reader{number}") for number in range(READERS)]
    for reader in readers:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "ready\n"
    for kill in range(KILLS):
        kill_somewhere(root, kill * 1_000, dice.uniform(0, 0.6))
        verify_version(Versions(root).current_path())
    answers = [finished(reader) for reader in readers]
    assert [(torn, failed) for _, _, torn, failed in answers] == [(0, 0)] * READERS
    assert min(seen for _, seen, _, _ in answers) >= KILLS / 2
    assert leased_versions(root, now=time.time()) == set()
    said = f"{KILLS} kills, {Versions(root).newest()} versions; answered, seen, torn, failed: {answers}"
    sys.stdout.write(f"{said}\n")
