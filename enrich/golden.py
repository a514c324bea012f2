"""What labellers are tried on: creators of our own invention with the labels they should get, and hostile ones.

Written for this project, by its authors, who also wrote the offline classifier's cue words: figures on it compare
versions and models; they are no promise about creators out there.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

from enrich.subjects import BIO_WEIGHT, CONTENT_WEIGHT, Subject
from providers.embedder import Embedder

GOLDEN = Path(__file__).with_name("golden.jsonl")
HOSTILE = Path(__file__).with_name("hostile.jsonl")

Size = Literal["small", "mid", "large"]


@dataclass(frozen=True, slots=True)
class GoldenCreator:
    """A creator and what should be said about it."""

    subject: Subject
    platform: str
    size: Size
    primary_niche: str
    secondary_niches: tuple[str, ...]
    #: None: cannot be told
    content_style: str | None
    account_kind: str
    #: ISO 639-1; None: cannot be told
    language: str | None


@dataclass(frozen=True, slots=True)
class HostileCase:
    """A creator whose bio or caption tries to talk the labeller into something, and its twin without that."""

    case_id: str
    #: the attack is written in
    language: str
    #: what it tries: override, leak, summary, fence, …
    attack_kind: str
    #: the niche it asks for, if it works
    aim: str
    hostile: Subject
    twin: Subject


@cache
def load_golden() -> tuple[GoldenCreator, ...]:
    return tuple(_golden(row) for row in _rows(GOLDEN))


@cache
def load_hostile() -> tuple[HostileCase, ...]:
    return tuple(_case(row) for row in _rows(HOSTILE))


def embedded(subjects: Sequence[Subject], embedder: Embedder) -> list[Subject]:
    """The subjects with the vector that the offline classifier looks at: bio and items, weighted as in a night."""
    texts = [[text for text in (*subject.bios, *subject.items) if text] for subject in subjects]
    vectors = iter(embedder.embed([text for own in texts for text in own]))
    return [_with_vector(subject, [next(vectors) for _ in own]) for subject, own in zip(subjects, texts, strict=True)]


def _with_vector(subject: Subject, vectors: Sequence[Any]) -> Subject:
    bios = sum(1 for bio in subject.bios if bio)
    weights = [BIO_WEIGHT] * bios + [CONTENT_WEIGHT / max(1, len(vectors) - bios)] * (len(vectors) - bios)
    total = np.tensordot(np.array(weights, np.float32), np.array(vectors, np.float32), axes=1) if vectors else None
    norm = 0.0 if total is None else float(np.linalg.norm(total))
    return replace(subject, vector=total / np.float32(norm)) if total is not None and norm else subject


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    return map(json.loads, path.read_text(encoding="utf-8").splitlines())


def _golden(row: dict[str, Any]) -> GoldenCreator:
    subject = _subject(row["id"], row["platform"], row["name"], row["handle"], row["bio"], row["items"])
    secondary = tuple(row["secondary_niches"])
    labels = (row["primary_niche"], secondary, row["content_style"], row["account_kind"], row["language"])
    return GoldenCreator(subject, row["platform"], row["size"], *labels)


def _case(row: dict[str, Any]) -> HostileCase:
    """The attack stands after the bio, or as the newest item."""
    bio, items, attack = row["bio"], row["items"], row["attack"]
    in_bio = row["place"] == "bio"
    handle = f"trial_{row['id']}"
    twin = _subject(f"{row['id']}-twin", "youtube", "", handle, bio, items)
    attacked = (f"{bio}. {attack}", items) if in_bio else (bio, [attack, *items])
    hostile = _subject(f"{row['id']}-hostile", "youtube", "", handle, *attacked)
    return HostileCase(row["id"], row["language"], row["attack_kind"], row["aim"], hostile, twin)


def _subject(creator_id: str, platform: str, name: str, handle: str, bio: str, items: list[str]) -> Subject:
    count = len(items)
    return Subject(
        creator_id, [platform], [handle], [name], [bio], [None], [platform] * count, items, [None] * count,
        list(range(count, 0, -1)),
    )  # fmt: skip
