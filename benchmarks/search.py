"""Latency of hybrid search over a synthetic snapshot: build, open, then p50 and p99 per kind of query.

    .venv/bin/python -m benchmarks.search [--creators 100000] [--dim 384] [--queries 200]

Vectors are random around 2,000 centres, words follow Zipf's law; only the speed is meant to be believed.
"""

import argparse
import os
import platform
import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from embeddings.vectors import Matrix, normalise
from index.documents import DOCUMENTS
from index.scoring import ScoringSettings
from index.snapshot import Snapshot
from index.writer import ALIASES, CHANGES, FieldVectors, SnapshotInput, write_files, write_manifest
from providers.embedder import Kind
from search.searcher import Searcher

FIELDS = ("youtube_bio", "youtube_content", "instagram_bio", "instagram_content")
VOCABULARY = 120_000
WORDS_PER_CREATOR = 60


class RandomEmbedder:
    """A direction per text: latency does not care which."""

    max_tokens = 512

    def __init__(self, dim: int) -> None:
        self.dim = dim
        self.id = f"random/{dim}"

    def embed(self, texts: Sequence[str], *, kind: Kind = "document") -> Matrix:
        return normalise(np.stack([_direction(text, self.dim) for text in texts]))


def _direction(text: str, dim: int) -> Matrix:
    return np.random.default_rng(list(text.encode())).standard_normal(dim).astype(np.float32)


def synthetic(creators: int, dim: int) -> SnapshotInput:
    """Random creators, all of them on two platforms."""
    dice = np.random.default_rng(7)
    ids = pa.array([f"cr_{number:08}" for number in range(creators)])
    followers = (10 ** dice.uniform(2, 7, creators)).astype(np.int64)
    known = {
        "creator_id": ids,
        "name": ids,
        "platforms": pa.array([["instagram", "youtube"]] * creators),
        "followers_total": pa.array(followers),
        "followers_by_platform": pa.array([[{"platform": "youtube", "followers": int(count)}] for count in followers]),
        "primary_niche": pa.array(dice.choice([f"niche{number}" for number in range(25)], creators)),
        "language": pa.array(dice.choice(["en", "es", "de"], creators)),
        "quality": pa.array(dice.random(creators).round(6)),
        "keyword_text": pa.array(_texts(dice, creators)),
    }
    columns = [
        known[field.name].cast(field.type) if field.name in known else pa.nulls(creators, field.type)
        for field in DOCUMENTS
    ]
    return SnapshotInput(
        documents=pa.table(columns, DOCUMENTS),
        vectors=_vectors(dice, ids, dim),
        aliases=ALIASES.empty_table(),
        changes=CHANGES.empty_table(),
        niches={f"niche{number}": f"Niche {number}" for number in range(25)},
        recipe="benchmark",
        model=f"random/{dim}",
        dim=dim,
        scoring=ScoringSettings(),
    )


def _texts(dice: np.random.Generator, creators: int) -> Iterator[str]:
    for _ in range(creators):
        yield " ".join(f"w{number}" for number in np.minimum(dice.zipf(1.3, WORDS_PER_CREATOR), VOCABULARY))


def _vectors(dice: np.random.Generator, ids: pa.Array, dim: int) -> Iterator[FieldVectors]:
    centres = dice.standard_normal((2_000, dim)).astype(np.float32)
    for name in FIELDS:
        noise = dice.standard_normal((len(ids), dim), np.float32)
        matrix = normalise(centres[dice.integers(0, len(centres), len(ids))] + noise)
        yield FieldVectors(name, ids, matrix, pa.array(np.zeros(len(ids), np.int64)))


def measure(searcher: Searcher, queries: Sequence[str], **filters: Any) -> tuple[float, float]:
    """(p50, p99) in milliseconds."""
    taken = []
    for query in queries:
        start = time.perf_counter()
        searcher.search(query, **filters)
        taken.append((time.perf_counter() - start) * 1_000)
    return float(np.percentile(taken, 50)), float(np.percentile(taken, 99))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--creators", type=int, default=100_000)
    parser.add_argument("--dim", type=int, default=384)
    parser.add_argument("--queries", type=int, default=200)
    asked = parser.parse_args()
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, numpy {np.__version__}")
    with tempfile.TemporaryDirectory() as folder:
        searcher = _build_and_open(Path(folder), asked.creators, asked.dim)
        dice = np.random.default_rng(1)
        queries = [" ".join(f"w{number}" for number in dice.integers(1, 5_000, 3)) for _ in range(asked.queries)]
        kinds: dict[str, dict[str, Any]] = {
            "no filter": {},
            "one language (33%)": {"language": "en"},
            "one niche (4%)": {"niche": "niche3"},
            "niche and band (0.5%)": {"niche": "niche3", "min_followers": 2_000_000},
        }
        for name, filters in kinds.items():
            p50, p99 = measure(searcher, queries, **filters)
            print(f"{name:24} p50 {p50:7.1f} ms   p99 {p99:7.1f} ms")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB (building included)")


def _build_and_open(folder: Path, creators: int, dim: int) -> Searcher:
    given = synthetic(creators, dim)
    start = time.perf_counter()
    written = write_files(folder, given)
    manifest = written.manifest(1, parent=None, execution={})
    write_manifest(folder, manifest)
    size = sum(entry.bytes for entry in manifest.files.values())
    print(f"{creators:,} creators x {len(FIELDS)} fields x {dim}-d: {size / 1e6:,.0f} MB on disk")
    print(f"built in {time.perf_counter() - start:.1f} s, making random vectors included")
    start = time.perf_counter()
    searcher = Searcher(Snapshot(folder), RandomEmbedder(dim))
    searcher.search("w1 w2", language="en")
    print(f"opened, first answer after {time.perf_counter() - start:.2f} s")
    return searcher


if __name__ == "__main__":
    main()
