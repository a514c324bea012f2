"""How often the offline classifier agrees with labels that people gave, and how often it abstains.

    python -m benchmarks.labels FOLDER [--embedder minilm|fast] [--accounts N]

FOLDER holds `instagram_posts/ig_posts.csv.gz` (captions with one label per account) and
`awesome_youtubers/youtubers_topics.csv` (technology channels with a section); what is absent is skipped. The people who
labelled used other words than our taxonomy; the tables below say what counts as the same.
"""

import argparse
import csv
import gzip
import random
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from enrich.offline import OfflineClassifier
from enrich.redaction import without_contacts
from enrich.schema import CreatorLabels
from enrich.subjects import Subject
from enrich.taxonomy import load_taxonomy
from providers.embedder import Embedder
from providers.local import load_embedder

Sample = tuple[str, str | None, list[str]]  # label, bio, items

#: their word → ours; `other` of theirs is any subject at all and cannot be right or wrong
INSTAGRAM = {
    "beauty": {"beauty"},
    "family": {"family"},
    "fashion": {"fashion"},
    "fitness": {"fitness"},
    "food": {"food"},
    "interior": {"home"},
    "pet": {"pets"},
    "travel": {"travel", "outdoors"},
}
MISSPELT = {"fashion 0.5": "fashion", "fasion": "fashion", "by": "beauty"}
#: every section is about making software, or about the devices it runs on
YOUTUBERS = {"technology": {"software", "tech"}}


def main() -> int:
    arguments = _arguments()
    sources = [
        ("captions by niche", arguments.folder / "instagram_posts" / "ig_posts.csv.gz", read_captions, INSTAGRAM),
        (
            "technology channels",
            arguments.folder / "awesome_youtubers" / "youtubers_topics.csv",
            read_topics,
            YOUTUBERS,
        ),
    ]
    present = [source for source in sources if source[1].is_file()]
    if not present:
        print(f"nothing to measure: {arguments.folder} holds none of the label files")
        return 0
    embedder = load_embedder(arguments.embedder)
    for title, path, read, mapping in present:
        samples = [sample for sample in read(path) if sample[0] in mapping]
        if arguments.accounts:
            samples = random.Random(0).sample(samples, min(arguments.accounts, len(samples)))  # noqa: S311
        started = time.perf_counter()
        answers = label(embedder, samples)
        seconds = time.perf_counter() - started
        print(f"\n{title}: {len(samples)} accounts, {embedder.id}, {seconds:.1f} s with embedding")
        report(samples, answers, mapping)
    return 0


def read_captions(path: Path) -> Iterator[Sample]:
    """One sample per account, newest caption first; posts shown under another name than their owner's are left out."""
    csv.field_size_limit(sys.maxsize)
    captions: dict[str, list[tuple[int, str]]] = {}
    labels: dict[str, str] = {}
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["owner_username"] == row["username"] and row["caption"].strip():
                captions.setdefault(row["username"], []).append(
                    (int(row["taken_at_timestamp"]), row["caption"][:1_000])
                )
                labels[row["username"]] = MISSPELT.get(row["category"], row["category"])
    for user in sorted(captions):
        yield labels[user], None, [caption for _, caption in sorted(captions[user], reverse=True)]


def read_topics(path: Path) -> Iterator[Sample]:
    """One sample per channel: its name as a bio and its topics as its only item."""
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield "technology", row["channel_name"], [f"{row['section']}: {row['content_about']}"]


def label(embedder: Embedder, samples: list[Sample]) -> list[CreatorLabels]:
    texts = [[text for text in (bio, *items) if text] for _, bio, items in samples]
    owners = np.repeat(np.arange(len(samples)), list(map(len, texts)))
    vectors = embedder.embed([without_contacts(text).replace("#", " ") for own in texts for text in own])
    means = np.zeros((len(samples), embedder.dim), np.float32)
    np.add.at(means, owners, vectors)
    means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9)
    classifier = OfflineClassifier(load_taxonomy(), embedder, embedder.id)
    subjects = [_subject(str(row), sample, means[row]) for row, sample in enumerate(samples)]
    return [outcome.labels for outcome in classifier.label(subjects) if outcome.labels]


def report(samples: list[Sample], answers: list[CreatorLabels], mapping: Mapping[str, set[str]]) -> None:
    """A line per label of theirs, then the means over labels."""
    print(f"  {'their label':12} {'ours':18} {'n':>6} {'agree':>7} {'agree when it answers':>22} {'abstain':>8}")
    shares = []
    for theirs, ours in mapping.items():
        given = [answer.primary_niche for answer, sample in zip(answers, samples, strict=True) if sample[0] == theirs]
        if not given:
            continue
        right, abstained = sum(niche in ours for niche in given), given.count("other")
        shares.append((right / len(given), right / max(1, len(given) - abstained), abstained / len(given)))
        agree, answered, silent = shares[-1]
        print(f"  {theirs:12} {'/'.join(sorted(ours)):18} {len(given):6} {agree:7.3f} {answered:22.3f} {silent:8.3f}")
    agree, answered, silent = np.mean(shares, axis=0)
    print(f"  {'macro':12} {'':18} {len(samples):6} {agree:7.3f} {answered:22.3f} {silent:8.3f}")
    for confidence in ("high", "medium", "low"):
        pairs = [
            answer.primary_niche in mapping[sample[0]]
            for answer, sample in zip(answers, samples, strict=True)
            if answer.confidence == confidence and answer.primary_niche != "other"
        ]
        if pairs:
            print(f"  {confidence:6} confidence: {len(pairs):6} answers, {np.mean(pairs):.3f} agree")


def _subject(creator_id: str, sample: Sample, vector: np.ndarray) -> Subject:
    _, bio, items = sample
    count = len(items)
    return Subject(
        creator_id, ["instagram"], [None], [None], [bio], [None], ["instagram"] * count, items, [None] * count,
        [None] * count, vector=vector,
    )  # fmt: skip


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--embedder", default="fast", choices=["minilm", "fast"])
    parser.add_argument("--accounts", type=int, default=0, help="at most so many per file; 0: all")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
