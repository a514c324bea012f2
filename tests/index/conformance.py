"""Makes `index/conformance/`: a small snapshot and questions with their exact answers, for readers in any language.

    python -m tests.index.conformance

Answers come from the index room's own arithmetic over every creator; `second_reader.py` must give the same from the
format's page alone.
"""

import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

import index
from embeddings.vectors import normalise
from index.bm25 import best_rows
from index.manifest import Layout
from index.snapshot import Snapshot
from index.text import tokens
from index.versions import Versions
from index.writer import ALIASES, FieldVectors, write_files, write_manifest
from tests.index.generated import WORDS, some_creators
from tests.index.snapshots import input_of

FOLDER = Path(index.__file__).with_name("conformance")
CREATORS, DIM, QUERIES, SHOWN = 48, 16, 50, 10
FIELDS = ("youtube_bio", "youtube_content", "instagram_bio", "instagram_content")


def write(folder: Path) -> None:
    """The snapshot, in three shards and without accelerators, and the questions with their answers."""
    shutil.rmtree(folder, ignore_errors=True)
    version = folder / "versions" / "v00000001"
    version.mkdir(parents=True)
    people = some_creators(CREATORS, seed=21)
    aliases = pa.table({"retired_id": ["cr_before"], "creator_id": ["cr_c0007"]}, ALIASES)
    given = input_of(people, vectors=list(_vectors(people)), dim=DIM, model="given/16", aliases=aliases,
                     shard_creators=-(-CREATORS // 3))  # fmt: skip
    manifest = write_files(version, given).manifest(1, parent=None, execution={})
    for path in manifest.layout.accelerators:
        (version / path).unlink()
    bare = Layout(files=manifest.layout.files, accelerators={}, cells={})
    write_manifest(version, manifest.model_copy(update={"layout": bare}))
    Versions(folder).promote(1)
    snapshot = Snapshot(version)
    answers = [asked | {"expected": answer(snapshot, asked)} for asked in _questions(snapshot)]
    (folder / "queries.jsonl").write_text("".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in answers))


def answer(snapshot: Snapshot, asked: dict[str, Any]) -> dict[str, Any]:
    """How many creators are hits, and the best of them with every component."""
    docs = np.flatnonzero(mask_of(snapshot, asked["filters"]))
    constants, fields = snapshot.content.scoring, snapshot.content.embedding.fields
    keyword = snapshot.bm25.scores_of(list(dict.fromkeys(tokens(asked["text"]))), docs)
    vector = np.array(asked["vector"], np.float32)
    similar = {
        name: np.clip((field.cosines_of(docs, vector) - fields[name].median_cosine)
                      / (fields[name].top_cosine - fields[name].median_cosine), 0, 1)
        for name, field in snapshot.fields.items()
    }  # fmt: skip
    earned, known = np.zeros(len(docs)), np.zeros(len(docs))
    for name, values in similar.items():
        earned += fields[name].weight * np.nan_to_num(values)
        known += fields[name].weight * ~np.isnan(values)
    semantic = np.divide(earned, known, out=np.zeros(len(docs)), where=known > 0) * bool(vector.any())
    quality = snapshot.quality[docs]
    score = constants.keyword_weight * keyword + constants.semantic_weight * semantic
    score += constants.quality_weight * quality
    hits = np.flatnonzero((keyword > 0) | (semantic > 0)) if asked["text"] else np.arange(len(docs))
    best = hits[best_rows(score[hits], docs[hits], SHOWN)]
    return {
        "hits": len(hits),
        "best": [
            {
                "creator_id": snapshot.creators["creator_id"][int(docs[row])].as_py(), "score": float(score[row]),
                "keyword": float(keyword[row]), "semantic": float(semantic[row]), "quality": float(quality[row]),
                "similarities": {
                    name: float(values[row]) for name, values in similar.items() if not np.isnan(values[row])
                },
            }
            for row in best
        ],
    }  # fmt: skip


def mask_of(snapshot: Snapshot, filters: dict[str, Any]) -> np.ndarray:
    """The creators that a question's filters keep."""
    columns, mask = snapshot.columns, np.ones(len(snapshot), bool)
    platforms = filters.get("platform", [])
    if "min_followers" in filters or "max_followers" in filters:
        mask &= columns.followers(filters.get("min_followers"), filters.get("max_followers"), platforms)
    if platforms:
        mask &= columns.on_platform(platforms)
    if "niche" in filters:
        mask &= columns.in_niche(filters["niche"])
    for name, column in {"language": "language", "country": "country", "style": "content_style",
                         "activity": "activity", "follower_band": "follower_band"}.items():  # fmt: skip
        if name in filters:
            mask &= columns.one_of(column, filters[name])
    return mask


def _vectors(people: list[dict[str, Any]]) -> Iterator[FieldVectors]:
    """Whoever is on a platform has its vectors, but for every seventh."""
    dice = np.random.default_rng(5)
    for name in FIELDS:
        having = [person["creator_id"] for person in people if name.split("_")[0] in person["followers"]]
        kept = [creator_id for place, creator_id in enumerate(having) if place % 7]
        matrix = normalise(dice.standard_normal((len(kept), DIM)).astype(np.float32))
        yield FieldVectors(name, pa.array(kept), matrix, pa.array([1_700_000_000_000_000] * len(kept), pa.int64()))


def _questions(snapshot: Snapshot) -> Iterator[dict[str, Any]]:
    dice = random.Random(9)
    near = np.random.default_rng(10)
    filters = [
        {}, {}, {}, {"language": ["en"]}, {"platform": ["youtube"], "max_followers": 250_000}, {"niche": ["food"]},
        {"min_followers": 10_000}, {"country": ["DE", "US"], "style": ["tutorial"]}, {"platform": ["zz"]},
        {"activity": ["active"], "follower_band": ["mid", "mega"]}, {"niche": ["fitness.home_workouts"]},
    ]  # fmt: skip
    for number in range(QUERIES):
        words = dice.sample([*WORDS, "Café", "ÜBER", "東京", "unheard"], dice.randint(1, 4)) if number % 10 else []
        vector = normalise(near.standard_normal((1, DIM)).astype(np.float32))[0] * bool(words and number % 8)
        yield {
            "text": " ".join(words), "words": list(dict.fromkeys(tokens(" ".join(words)))),
            "vector": [float(part) for part in vector], "filters": dice.choice(filters),
        }  # fmt: skip


if __name__ == "__main__":
    write(FOLDER)
