"""Publishes version after version and is killed anywhere."""

from itertools import count
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


def publish_on(root: Path, first_seed: int) -> None:
    """Until somebody puts an end to it."""
    for seed in count(first_seed):
        publish(root, seed)
