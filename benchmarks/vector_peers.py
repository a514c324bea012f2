"""Nearest vectors behind filters: ours beside Qdrant's engine, on the same vectors, queries and filters in one run.

    .venv/bin/python -m benchmarks.vector_peers --qdrant-python PYTHON [--rows 100000] [--dim 256] [--queries 100]

PYTHON is an interpreter that has `qdrant-edge-py` and NumPy; without it the script says so and measures ours alone.
Both answer one question at a time, the nearest 50, after building from nothing. Qdrant has a graph of 16 links, looks
at 128 nodes, and knows the filtered payload by an index. Ours reads exact cosines of what its codes name. Recall is
against comparing everything. CPU milliseconds count all threads: on a busy machine they mean more than wall clock.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

COUNT = 50
#: class of filter → keep every so-manieth row
CLASSES = {"no filter": 1, "50 %": 2, "5 %": 20, "0.5 %": 200}
Matrix = npt.NDArray[np.float32]
#: seconds to build; per class of filter CPU and wall milliseconds of a search (median), and what was found
Found = dict[str, Any]

LINKS, BUILD_DEPTH, SEARCH_DEPTH = 16, 100, 128


def ours(folder: Path) -> Found:
    import pyarrow as pa

    from benchmarks.snapshot import documents
    from index.scoring import ScoringSettings
    from index.snapshot import Snapshot
    from index.writer import ALIASES, CHANGES, FieldVectors, SnapshotInput, write_files, write_manifest

    rows, queries = np.load(folder / "rows.npy"), np.load(folder / "queries.npy")
    table = documents(len(rows))
    field = FieldVectors("bio", table["creator_id"].combine_chunks(), rows, pa.array(np.zeros(len(rows), np.int64)))
    asked = SnapshotInput(
        documents=table, vectors=[field], aliases=ALIASES.empty_table(), changes=CHANGES.empty_table(),
        niches={f"niche{number}": f"Niche {number}" for number in range(25)}, recipe="benchmark", model="random",
        dim=rows.shape[1], scoring=ScoringSettings(),
    )  # fmt: skip
    began = time.process_time()
    (folder / "ours").mkdir()
    write_manifest(folder / "ours", write_files(folder / "ours", asked).manifest(1, parent=None, execution={}))
    built = time.process_time() - began
    snapshot = Snapshot(folder / "ours")
    snapshot.warm()
    masks = {step: None if step == 1 else np.arange(len(rows)) % step == 0 for step in CLASSES.values()}
    field_of = snapshot.fields["bio"]
    return measured(built, queries, lambda query, step: field_of.nearest(query, COUNT, masks[step]).docs.tolist())


def qdrant(folder: Path) -> Found:
    import qdrant_edge as engine  # type: ignore[import-not-found]  # of the other interpreter

    rows, queries = np.load(folder / "rows.npy"), np.load(folder / "queries.npy")
    (folder / "qdrant").mkdir()
    began = time.process_time()
    graph = engine.HnswIndexConfig(m=LINKS, ef_construct=BUILD_DEPTH, full_scan_threshold=10_000)
    vectors = engine.EdgeVectorParams(size=rows.shape[1], distance=engine.Distance.Dot)
    shard = engine.EdgeShard.create(str(folder / "qdrant"), engine.EdgeConfig(vectors=vectors, hnsw_config=graph))
    for start in range(0, len(rows), 1_000):
        points = [
            engine.Point(
                start + place, row.tolist(), {f"by{step}": (start + place) % step for step in CLASSES.values()}
            )
            for place, row in enumerate(rows[start : start + 1_000])
        ]
        shard.update(engine.UpdateOperation.upsert_points(points))
    for step in CLASSES.values():
        shard.update(engine.UpdateOperation.create_field_index(f"by{step}", engine.PayloadSchemaType.Integer))
    shard.optimize()
    built = time.process_time() - began

    def search(query: Matrix, step: int) -> list[int]:
        kept = [engine.FieldCondition(f"by{step}", match=engine.MatchValue(0))] if step > 1 else []
        request = engine.QueryRequest(
            limit=COUNT,
            query=engine.Query.Nearest(query.tolist()),
            filter=engine.Filter(must=kept) if kept else None,
            params=engine.SearchParams(hnsw_ef=SEARCH_DEPTH),
        )
        return [point.id for point in shard.query(request)]

    return measured(built, queries, search)


def measured(built: float, queries: Matrix, search: Callable[[Matrix, int], Sequence[int]]) -> Found:
    found: Found = {"built": built}
    for name, step in CLASSES.items():
        taken, answers = [], []
        for query in queries:
            cpu, wall = time.process_time(), time.perf_counter()
            answers.append(list(search(query, step)))
            taken.append((time.process_time() - cpu, time.perf_counter() - wall))
        cpu_ms, wall_ms = np.median(np.array(taken), axis=0) * 1e3
        found[name] = {"cpu": float(cpu_ms), "wall": float(wall_ms), "answers": answers}
    return found


def truth(rows: Matrix, queries: Matrix, step: int) -> list[set[int]]:
    cosines = queries @ rows[::step].T
    return [set((np.argsort(-line)[:COUNT] * step).tolist()) for line in cosines]


def write_vectors(folder: Path, rows: int, dim: int, queries: int) -> None:
    import pyarrow as pa

    from benchmarks.snapshot import vectors
    from embeddings.vectors import normalise

    matrix = next(vectors(rows, dim, pa.array([""] * rows))).matrix
    dice = np.random.default_rng(1)
    near = matrix[dice.integers(0, rows, queries)] + 0.3 * normalise(
        dice.standard_normal((queries, dim)).astype(np.float32)
    )
    np.save(folder / "rows.npy", matrix)
    np.save(folder / "queries.npy", normalise(near))


def run(python: str, engine: str, folder: Path) -> Found:
    """An engine in a process of its own. The other interpreter has none of ours, and is given this file alone."""
    script = ["-m", "benchmarks.vector_peers"] if engine == "ours" else [str(Path(__file__).resolve())]
    subprocess.run([python, *script, "--engine", engine, "--folder", str(folder)], check=True)
    found: Found = json.loads((folder / f"{engine}.json").read_text())
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--qdrant-python")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--dim", type=int, default=256)
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--engine", choices=["ours", "qdrant"], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.engine:
        engine = ours if asked.engine == "ours" else qdrant
        (asked.folder / f"{asked.engine}.json").write_text(json.dumps(engine(asked.folder)))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_vectors(folder, asked.rows, asked.dim, asked.queries)
        results = {"ours": run(sys.executable, "ours", folder)}
        if asked.qdrant_python:
            results["qdrant"] = run(asked.qdrant_python, "qdrant", folder)
        else:
            print("no --qdrant-python: ours alone")
        show(results, np.load(folder / "rows.npy"), np.load(folder / "queries.npy"))


def show(results: dict[str, Found], rows: Matrix, queries: Matrix) -> None:
    print(f"{len(rows):,} rows x {rows.shape[1]}-d, {len(queries)} queries, the nearest {COUNT}")
    for engine, found in results.items():
        print(f"{engine:8} built in {found['built']:.1f} s CPU" + (", words included" if engine == "ours" else ""))
    for name, step in CLASSES.items():
        right = truth(rows, queries, step)
        for engine, found in results.items():
            one = found[name]
            hits = [len(wanted & set(answer)) for wanted, answer in zip(right, one["answers"], strict=True)]
            recall = sum(hits) / sum(map(len, right))
            print(f"{name:10} {engine:8} {one['cpu']:7.2f} ms CPU {one['wall']:7.2f} ms wall   recall@50 {recall:.3f}")


if __name__ == "__main__":
    main()
