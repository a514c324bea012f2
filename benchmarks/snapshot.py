"""The snapshot at scale: build, build with frozen centres, disk, open, memory, and candidate search by filter width.

    .venv/bin/python -m benchmarks.snapshot [--creators 100000] [--dim 256] [--shards 1] [--queries 40] [--keep DIR]

Creators are generated: words follow Zipf's law over a vocabulary of 120,000, and vectors lie around 2,000 centres of
unequal size with a decaying spectrum. CPU seconds count all threads; wall seconds mean something on an idle machine.
Building and reading happen in processes of their own, so that each memory figure belongs to one of them.
"""

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow as pa

from embeddings.vectors import Matrix, normalise
from index.bm25 import Mask
from index.documents import DOCUMENTS
from index.fidelity import CLASSES, self_recall
from index.manifest import Manifest
from index.scoring import ScoringSettings
from index.snapshot import Snapshot
from index.versions import verify_version
from index.writer import ALIASES, CHANGES, FieldVectors, SnapshotInput, write_files, write_manifest

FIELDS = ("youtube_bio", "youtube_content", "instagram_bio", "instagram_content")
VOCABULARY = 120_000
WORDS_PER_CREATOR = 50
CLUSTERS = 2_000
CHUNK = 50_000

Result = TypeVar("Result")


def documents(creators: int) -> pa.Table:
    """Creators on two platforms each, in the schema of the index."""
    dice = np.random.default_rng(7)
    ids = pa.array([f"cr_{number:08}" for number in range(creators)])
    followers = (10 ** dice.uniform(2, 7, creators)).astype(np.int64)
    niche = pa.array([f"niche{number}" for number in range(25)])
    pair = pa.array(np.arange(0, 2 * creators + 1, 2, dtype=np.int32))
    platforms = pa.array(["instagram", "youtube"] * creators)
    counts = pa.array(np.repeat(followers // 2, 2))
    audiences = pa.StructArray.from_arrays([platforms, counts], ["platform", "followers"])
    keys = pa.array([f"{name}:{number}" for number in range(creators) for name in ("instagram", "youtube")])
    names = {"account_key": keys, "platform": platforms, "handle": keys, "followers": counts}
    accounts = pa.StructArray.from_arrays(list(names.values()), list(names))
    known = {
        "creator_id": ids,
        "name": ids,
        "handle": ids,
        "platforms": pa.ListArray.from_arrays(pair, platforms),
        "followers_total": pa.array(followers),
        "followers_by_platform": pa.ListArray.from_arrays(pair, audiences),
        "accounts": pa.ListArray.from_arrays(pair, accounts),
        "primary_niche": niche.take(pa.array(dice.integers(0, 25, creators))),
        "language": pa.array(["en", "es", "de"]).take(pa.array(dice.integers(0, 3, creators))),
        "summary": pa.array([f"Creator {number} makes videos every week for those who watch." for number in followers]),
        "quality": pa.array(dice.random(creators).round(6)),
        "keyword_text": pa.array(_texts(dice, creators)),
    }  # fmt: skip
    columns = [
        known[field.name].cast(field.type) if field.name in known else pa.nulls(creators, field.type)
        for field in DOCUMENTS
    ]
    return pa.table(columns, DOCUMENTS)


def _texts(dice: np.random.Generator, creators: int) -> Iterator[str]:
    weights = 1 / np.arange(1, VOCABULARY + 1) ** 1.05
    bounds = np.cumsum(weights / weights.sum())
    words = [f"w{number}" for number in range(VOCABULARY + 1)]
    for start in range(0, creators, CHUNK):
        drawn = np.searchsorted(bounds, dice.random((min(CHUNK, creators - start), WORDS_PER_CREATOR)))
        yield from (" ".join([words[number] for number in row]) for row in drawn.tolist())


def vectors(creators: int, dim: int, ids: pa.Array) -> Iterator[FieldVectors]:
    dice = np.random.default_rng(11)
    scale = (np.arange(1, dim + 1) ** -0.4).astype(np.float32)
    centres = dice.standard_normal((CLUSTERS, dim)).astype(np.float32) * scale
    sizes = 1 / np.arange(1, CLUSTERS + 1) ** 0.7
    for name in FIELDS:
        matrix = np.empty((creators, dim), np.float32)
        owners = dice.choice(CLUSTERS, creators, p=sizes / sizes.sum())
        for start in range(0, creators, CHUNK):
            part = owners[start : start + CHUNK]
            noise = dice.standard_normal((len(part), dim), np.float32) * scale
            matrix[start : start + CHUNK] = normalise(centres[part] + 0.7 * noise)
        yield FieldVectors(name, ids, matrix, pa.array(np.zeros(creators, np.int64)))


def build(folder: Path, creators: int, dim: int, shards: int) -> None:
    """The snapshot from nothing, then again with the centres of the first; generating is not counted."""
    table = documents(creators)
    given = [*vectors(creators, dim, table["creator_id"].combine_chunks())]
    for name in ("first", "frozen"):
        frozen = Snapshot(folder / "first").frozen_cells if name == "frozen" else {}
        (folder / name).mkdir()
        asked = SnapshotInput(
            documents=table, vectors=given, aliases=ALIASES.empty_table(), changes=CHANGES.empty_table(),
            niches={f"niche{number}": f"Niche {number}" for number in range(25)}, recipe="benchmark",
            model=f"random/{dim}", dim=dim, scoring=ScoringSettings(), cells=frozen,
            shard_creators=-(-creators // shards),
        )  # fmt: skip
        work = partial(_write, folder / name, asked)
        manifest = timed(f"build, centres {'kept' if frozen else 'found'}", work)
        size = sum(entry.bytes for entry in manifest.files.values())
        print(f"{'disk':34} {size / 1e6:10,.0f} MB", flush=True)


def _write(folder: Path, given: SnapshotInput) -> Manifest:
    manifest = write_files(folder, given).manifest(1, parent=None, execution={})
    write_manifest(folder, manifest)
    verify_version(folder)
    return manifest


def read(folder: Path, queries: int) -> None:
    """Open, then candidate search: words and each field, by how much a filter keeps."""
    snapshot = timed("open, all columns and arrays", lambda: _opened(folder))
    memory("opened")
    dice = np.random.default_rng(1)
    asked = [query_of(snapshot, dice) for _ in range(queries)]
    for name, step in CLASSES.items():
        mask = None if step == 1 else np.arange(len(snapshot)) % step == 0
        taken = np.array([candidate_seconds(snapshot, terms, vector, mask) for terms, vector in asked]) * 1e3
        p50, p99 = np.percentile(taken, [50, 99])
        print(f"{'candidates, ' + name:34} p50 {p50:6.1f}   p99 {p99:6.1f} ms of CPU", flush=True)
    memory("after queries")
    for name, share in self_recall(snapshot).items():
        print(f"{'recall@50, ' + name:34} {share:10.3f}", flush=True)


def _opened(folder: Path) -> Snapshot:
    snapshot = Snapshot(folder)
    snapshot.warm()
    return snapshot


def query_of(snapshot: Snapshot, dice: np.random.Generator) -> tuple[list[str], Matrix]:
    """Three words of one creator, and a vector near it."""
    doc = int(dice.integers(len(snapshot)))
    words = list(dict.fromkeys(snapshot.texts([doc])[0].split()))
    itself = snapshot.fields[FIELDS[0]].vector_of(doc)
    assert itself is not None
    near = itself + 0.3 * normalise(dice.standard_normal((1, len(itself))).astype(np.float32))[0]
    return [str(word) for word in dice.choice(words, 3, replace=False)], normalise(near[None])[0]


def candidate_seconds(snapshot: Snapshot, terms: list[str], vector: Matrix, mask: Mask | None) -> float:
    """CPU seconds for 200 candidates by words and 200 by each field, and every component of all of them."""
    start = time.process_time()
    found = [field.nearest(vector, 200, mask).docs for field in snapshot.fields.values()]
    docs = np.unique(np.concatenate([snapshot.bm25.best(terms, 200, mask), *found]))
    snapshot.bm25.scores_of(terms, docs)
    for field in snapshot.fields.values():
        field.cosines_of(docs, vector)
    return time.process_time() - start


def timed(name: str, work: Callable[[], Result]) -> Result:
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    print(f"{name:34} {time.process_time() - cpu:10.1f} s CPU, {time.perf_counter() - wall:.1f} s wall", flush=True)
    return result


def memory(when: str) -> None:
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    own, mapped, peak = (int(status[name].split()[0]) / 1024 for name in ("RssAnon", "RssFile", "VmHWM"))
    print(f"{'memory ' + when:34} {own:10,.0f} MiB own, {mapped:,.0f} MiB mapped, peak {peak:,.0f} MiB", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--creators", type=int, default=100_000)
    parser.add_argument("--dim", type=int, default=256)
    parser.add_argument("--shards", type=int, default=1)
    parser.add_argument("--queries", type=int, default=40)
    parser.add_argument("--keep", type=Path, help="folder for the snapshots; default: a temporary one")
    parser.add_argument("--step", choices=["build", "read"], help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.step == "build":
        build(asked.keep, asked.creators, asked.dim, asked.shards)
        memory("building")
        return
    if asked.step == "read":
        read(asked.keep / "frozen", asked.queries)
        return
    machine = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}"
    print(f"{asked.creators:,} creators x {len(FIELDS)} x {asked.dim}-d, {asked.shards} shards; {machine}", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="snapshot-", dir=asked.keep))
    try:
        for step in ("build", "read"):
            arguments = [*sys.argv[1:], "--keep", str(folder), "--step", step]
            subprocess.run([sys.executable, "-m", "benchmarks.snapshot", *arguments], check=True)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
