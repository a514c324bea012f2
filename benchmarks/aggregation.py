"""Which way of making one vector of many items serves best: nights over one generated corpus, one per way.

    python benchmarks/aggregation.py [--accounts 3000] [--seeds 7 8] [--embedder fast]

Per way: how often the offline labels agree with the truth and how often they abstain, and of the ten creators nearest
by content how many have the same niche, which is what a search by meaning lives on.
"""

import argparse
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from benchmarks.measure import CREATORDEX
from corpus.generate import write_corpus
from corpus.reference import REFERENCE

WAYS: dict[str, Mapping[str, str]] = {
    "mean": {},
    "recency, 30 days": {"AGGREGATION": "recency", "HALF_LIFE_DAYS": "30"},
    "recency, 90 days": {"AGGREGATION": "recency", "HALF_LIFE_DAYS": "90"},
    "engagement": {"AGGREGATION": "engagement"},
}
NEIGHBOURS = 10


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=3_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[7, 8])
    parser.add_argument("--embedder", default="fast")
    options = parser.parse_args()
    print(f"{'seed':>5} {'way':18} {'creators':>8} {'agree':>7} {'abstain':>8} {'same niche among 10 nearest':>28}")
    for seed in options.seeds:
        with tempfile.TemporaryDirectory(prefix="creatordex-aggregation-") as scratch:
            files = write_corpus(Path(scratch) / "corpus", options.accounts, seed)
            truth = pq.read_table(files.truth, columns=["account_key", "niche"])
            niches = dict(zip(*(truth[name].to_pylist() for name in truth.column_names), strict=True))
            for way, settings in WAYS.items():
                home = Path(scratch) / way
                night(home, [*map(str, files.deliveries)], {"PROVIDER": options.embedder, **settings})
                print(f"{seed:5} {way:18} {score(home / 'store.db', niches)}", flush=True)
    return 0


def night(home: Path, files: list[str], settings: Mapping[str, str]) -> None:
    environment = {f"CREATORDEX_EMBEDDINGS__{name}": value for name, value in settings.items()}
    command = [str(CREATORDEX), "nightly", *files, "--as-of", REFERENCE.isoformat()]
    done = subprocess.run(
        command,
        env={**os.environ, **environment, "CREATORDEX_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in {0, 3}:
        sys.exit(done.stderr)


def score(store: Path, niches: Mapping[str, str]) -> str:
    """The line of one night; a creator's niche is that of most of its accounts."""
    with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as connection:
        members = connection.execute("SELECT creator_id, account_key FROM members ORDER BY 1, 2").fetchall()
        labels = dict(connection.execute("SELECT creator_id, primary_niche FROM enrichments").fetchall())
        vectors = connection.execute(
            "SELECT field, creator_id, vector FROM creator_vectors WHERE field LIKE '%content' ORDER BY 1, 2"
        ).fetchall()
    votes: dict[str, Counter[str]] = {}
    for creator, account in members:
        votes.setdefault(creator, Counter())[niches.get(account, "")] += 1
    truth = {creator: count.most_common(1)[0][0] for creator, count in votes.items()}
    answered = {creator: niche for creator, niche in labels.items() if niche != "other"}
    right = sum(truth[creator] == niche for creator, niche in answered.items())
    silent = 1 - len(answered) / max(1, len(labels))
    return f"{len(labels):8} {right / max(1, len(answered)):7.4f} {silent:8.4f} {alike(vectors, truth):28.4f}"


def alike(vectors: list[tuple[str, str, bytes]], truth: Mapping[str, str]) -> float:
    """Share of the nearest creators of the same field that have the same niche."""
    shares: list[Any] = []
    for field in sorted({name for name, _, _ in vectors}):
        rows = [(truth[creator], vector) for name, creator, vector in vectors if name == field]
        matrix = np.stack([np.frombuffer(vector, "<f2").astype(np.float32) for _, vector in rows])
        names = np.array([niche for niche, _ in rows])
        cosines = matrix @ matrix.T
        np.fill_diagonal(cosines, -2)
        nearest = np.argsort(-cosines, axis=1, kind="stable")[:, :NEIGHBOURS]
        shares.append((names[nearest] == names[:, None]).mean(axis=1))
    return float(np.concatenate(shares).mean())


if __name__ == "__main__":
    sys.exit(main())
