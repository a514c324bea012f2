"""Small snapshots by hand: creators in words, vectors from the hashing embedder."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from engines.duckdb_engine import DuckDBEngine
from index.documents import DocumentFrames, build_documents
from index.scoring import ScoringSettings
from index.snapshot import Snapshot
from index.writer import ALIASES, CHANGES, FieldVectors, SnapshotInput, write_files, write_manifest
from providers.hashing import HashingEmbedder

NICHES = pa.table(
    {
        "id": ["fitness", "fitness.home_workouts", "food", "food.baking", "other"],
        "label": ["Fitness", "Home workouts", "Food", "Baking", "Other"],
        "definition": ["Training the body.", "Exercise without a gym.", "Cooking and eating.", "Bread and cake.", None],
    }
)
CREATORS = pa.schema(
    [
        ("creator_id", pa.string()), ("name", pa.string()), ("handle", pa.string()), ("platforms", pa.string()),
        ("followers_total", pa.int64()), ("followers_by_platform", pa.string()), ("country", pa.string()),
        ("language", pa.string()),
    ]
)  # fmt: skip
ACCOUNTS = pa.schema(
    [
        ("creator_id", pa.string()), ("account_key", pa.string()), ("platform", pa.string()), ("handle", pa.string()),
        ("display_name", pa.string()), ("bio", pa.string()), ("followers", pa.int64()), ("activity", pa.string()),
    ]
)  # fmt: skip
ITEMS = pa.schema(
    [
        ("account_key", pa.string()), ("content_key", pa.string()), ("title", pa.string()), ("views", pa.int64()),
        ("likes", pa.int64()), ("comments", pa.int64()), ("published_at", pa.int64()),
    ]
)  # fmt: skip
ENRICHMENTS = pa.schema(
    [
        ("creator_id", pa.string()), ("primary_niche", pa.string()), ("secondary_niches", pa.string()),
        ("content_style", pa.string()), ("account_kind", pa.string()), ("language", pa.string()),
        ("llm_summary", pa.string()), ("provenance", pa.string()), ("confidence", pa.string()),
    ]
)  # fmt: skip


GROWTH = pa.schema(
    [
        ("account_key", pa.string()), ("followers", pa.int64()), ("earlier_followers", pa.int64()),
        ("as_of", pa.int64()), ("earlier_as_of", pa.int64()),
    ]
)  # fmt: skip
DAY = 86_400_000_000  # in micros


def a_creator(name: str = "ann", /, **values: Any) -> dict[str, Any]:
    """A creator in words. `followers`: platform → count; `bio`, `titles` belong to its first platform.

    `growth`: platform → (followers then, followers now, days between).
    """
    defaults: dict[str, Any] = {
        "creator_id": f"cr_{name}", "name": name.title(), "followers": {"youtube": 50_000},
        "bio": f"{name} makes videos",
        "titles": [f"A day with {name}"], "niche": "fitness", "secondary": [], "style": "tutorial", "kind": "person",
        "language": "en", "country": "US", "activity": "active", "summary": f"{name} trains at home.",
        "likes": 40, "views": 1_000, "growth": {}, "provenance": "llm",
    }  # fmt: skip
    return defaults | values


def frames_of(creators: Sequence[Mapping[str, Any]]) -> DocumentFrames:
    accounts, items, growth = [], [], []
    for creator in creators:
        for platform, followers in creator["followers"].items():
            key = f"{platform}:{creator['creator_id']}"
            first = platform == next(iter(creator["followers"]))
            if measured := creator["growth"].get(platform):
                earlier, now, days = measured
                growth.append({"account_key": key, "earlier_followers": earlier, "followers": now,
                               "earlier_as_of": 0, "as_of": days * DAY})  # fmt: skip
            accounts.append({
                "creator_id": creator["creator_id"], "account_key": key, "platform": platform,
                "activity": creator["activity"],
                "handle": creator["name"].lower(), "display_name": creator["name"], "followers": followers,
                "bio": creator["bio"] if first else None,
            })  # fmt: skip
            items += [
                {"account_key": key, "content_key": f"{key}/{number}", "title": title, "views": creator["views"],
                 "likes": creator["likes"], "comments": None, "published_at": number}
                for number, title in enumerate(creator["titles"] if first else [])
            ]  # fmt: skip
    return DocumentFrames(
        creators=pa.Table.from_pylist([_creator_row(creator) for creator in creators], CREATORS),
        accounts=pa.Table.from_pylist(accounts, ACCOUNTS),
        items=pa.Table.from_pylist(items, ITEMS),
        enrichments=pa.Table.from_pylist(
            [_label_row(creator) for creator in creators if creator["niche"]], ENRICHMENTS
        ),
        niches=NICHES,
        growth=pa.Table.from_pylist(growth, GROWTH),
    )


def documents_of(creators: Sequence[Mapping[str, Any]]) -> pa.Table:
    with DuckDBEngine(threads=1) as engine:
        return build_documents(frames_of(creators), engine)


def input_of(creators: Sequence[Mapping[str, Any]], **values: Any) -> SnapshotInput:
    embedder = HashingEmbedder()
    defaults: dict[str, Any] = {
        "documents": documents_of(creators),
        "vectors": vectors_of(creators, embedder),
        "recipe": "recipe",
        "aliases": ALIASES.empty_table(),
        "changes": CHANGES.empty_table(),
        "model": embedder.id,
        "dim": embedder.dim,
        "niches": dict(zip(NICHES["id"].to_pylist(), NICHES["label"].to_pylist(), strict=True)),
        "scoring": ScoringSettings(),
    }
    return SnapshotInput(**(defaults | values))


def vectors_of(creators: Sequence[Mapping[str, Any]], embedder: HashingEmbedder) -> list[FieldVectors]:
    """A bio and a content vector for the first platform of each creator."""
    texts: dict[str, list[tuple[str, str]]] = {}
    for creator in creators:
        platform = next(iter(creator["followers"]))
        texts.setdefault(f"{platform}_bio", []).append((creator["creator_id"], creator["bio"] or ""))
        texts.setdefault(f"{platform}_content", []).append((creator["creator_id"], " ".join(creator["titles"])))
    return [
        FieldVectors(name, pa.array([owner for owner, _ in rows]), embedder.embed([text for _, text in rows]),
                     pa.array([0] * len(rows), pa.int64()))
        for name, rows in texts.items()
    ]  # fmt: skip


def write_snapshot(directory: Path, given: SnapshotInput, version: int = 1) -> Snapshot:
    directory.mkdir(parents=True, exist_ok=True)
    write_manifest(directory, write_files(directory, given).manifest(version, parent=None, execution={}))
    return Snapshot(directory)


def _creator_row(creator: Mapping[str, Any]) -> dict[str, Any]:
    # As in the store: a hidden count is left out.
    known = {platform: count for platform, count in creator["followers"].items() if count is not None}
    return {
        "creator_id": creator["creator_id"], "name": creator["name"], "handle": creator["name"].lower(),
        "platforms": json.dumps(sorted(creator["followers"])),
        "followers_total": sum(known.values()) if known else None,
        "followers_by_platform": json.dumps(known), "country": creator["country"], "language": None,
    }  # fmt: skip


def _label_row(creator: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "creator_id": creator["creator_id"], "primary_niche": creator["niche"], "content_style": creator["style"],
        "secondary_niches": json.dumps(creator["secondary"]), "account_kind": creator["kind"],
        "language": creator["language"], "llm_summary": creator["summary"], "provenance": creator["provenance"],
        "confidence": "high",
    }  # fmt: skip
