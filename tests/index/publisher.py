"""Publishes version after version and is killed anywhere (run as a script: FOLDER SEED)."""

import sys
from pathlib import Path

from index.versions import Versions, verify_version
from index.writer import write_files, write_manifest
from tests.index.generated import some_creators
from tests.index.snapshots import input_of

CREATORS = 30


def publish(root: Path, seed: int) -> None:
    """As the job does, without a store: every creator of a version says which version it belongs to."""
    versions = Versions(root)
    with versions.writing():
        number = versions.next_number()
        with versions.staging(number) as staged:
            people = [person | {"bio": f"edition v{number}e"} for person in some_creators(CREATORS, seed)]
            write_manifest(staged, write_files(staged, input_of(people)).manifest(number, parent=None, execution={}))
            verify_version(staged)
            versions.place(staged, number)
        versions.promote(number)
        versions.retire_old(grace_seconds=0.5)


if __name__ == "__main__":
    for seed in range(int(sys.argv[2]), int(sys.argv[2]) + 1_000_000):
        publish(Path(sys.argv[1]), seed)
        sys.stdout.write("published\n")
        sys.stdout.flush()
