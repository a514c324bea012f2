"""How often the offline classifier agrees with labels that people gave, beside the nearest label name.

    python -m benchmarks.labels FOLDER [--embedder minilm|fast] [--accounts N] [--half dev|test]

Words, weights and thresholds were chosen on the `dev` half alone (by a hash of the account); quote the `test` half.

FOLDER holds `instagram_posts/ig_posts.csv.gz` (captions with one label per account) and
`awesome_youtubers/youtubers_topics.csv` (technology channels with a section); what is absent is skipped. The people who
labelled used other words than our taxonomy; the tables below say what counts as the same.
"""

import argparse
import csv
import gzip
import hashlib
import random
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from enrich.offline import OfflineClassifier
from enrich.redaction import without_contacts
from enrich.schema import CreatorLabels
from enrich.subjects import Subject
from enrich.taxonomy import load_taxonomy
from providers.embedder import Embedder
from providers.local import load_embedder


@dataclass(frozen=True, slots=True)
class Sample:
    account: str
    label: str
    bio: str | None
    items: list[str]


Vectors = npt.NDArray[np.float32]
MOST_CONFUSED = 5

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
        samples = [sample for sample in read(path) if sample.label in mapping and in_half(sample, arguments.half)]
        if arguments.accounts:
            samples = random.Random(0).sample(samples, min(arguments.accounts, len(samples)))  # noqa: S311
        started = time.process_time()
        vectors = embed(embedder, samples)
        embedded = time.process_time()
        answers = label(embedder, samples, vectors)
        seconds = f"{embedded - started:.1f} s of CPU to embed, {time.process_time() - embedded:.1f} s to label"
        print(f"\n{title}: {len(samples)} accounts, {embedder.id}, {seconds}")
        given = [answer.primary_niche for answer in answers]
        truth = [sample.label for sample in samples]
        report(truth, given, mapping)
        report_confidence(truth, answers, mapping)
        report_confusion(truth, given)
        print("  nearest label name instead, which never abstains:")
        report(truth, nearest_name(embedder, vectors), mapping)
    return 0


def in_half(sample: Sample, half: str | None) -> bool:
    """A fair coin by account."""
    side = "test" if hashlib.sha256(sample.account.encode()).digest()[0] % 2 else "dev"
    return half is None or side == half


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
        yield Sample(user, labels[user], None, [caption for _, caption in sorted(captions[user], reverse=True)])


def read_topics(path: Path) -> Iterator[Sample]:
    """One sample per channel: its name as a bio and its topics as its only item."""
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            items = [f"{row['section']}: {row['content_about']}"]
            yield Sample(row["channel_name"], "technology", row["channel_name"], items)


def embed(embedder: Embedder, samples: list[Sample]) -> Vectors:
    """The unit mean of each sample's texts, a row each."""
    texts = [[text for text in (sample.bio, *sample.items) if text] for sample in samples]
    owners = np.repeat(np.arange(len(samples)), list(map(len, texts)))
    vectors = embedder.embed([without_contacts(text).replace("#", " ") for own in texts for text in own])
    means = np.zeros((len(samples), embedder.dim), np.float32)
    np.add.at(means, owners, vectors)
    means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9)
    return means


def label(embedder: Embedder, samples: list[Sample], vectors: Vectors) -> list[CreatorLabels]:
    classifier = OfflineClassifier(load_taxonomy(), embedder, embedder.id)
    subjects = [_subject(str(row), sample, vectors[row]) for row, sample in enumerate(samples)]
    return [outcome.labels for outcome in classifier.label(subjects) if outcome.labels]


def nearest_name(embedder: Embedder, vectors: Vectors) -> list[str]:
    """What a similarity to the 25 names alone would answer."""
    niches = load_taxonomy().niches
    names = embedder.embed([niche.label for niche in niches])
    return [niches[nearest].id for nearest in (vectors @ names.T).argmax(axis=1)]


def report(truth: list[str], given: list[str], mapping: Mapping[str, set[str]]) -> None:
    """A line per label of theirs, then the means over labels; an abstention is a miss."""
    theirs_of = {ours: theirs for theirs, names in mapping.items() for ours in names}
    told = [theirs_of.get(niche) for niche in given]
    print(f"  {'their label':12} {'ours':16} {'n':>6} {'precision':>10} {'recall':>7} {'F1':>6} {'abstain':>8}")
    scores = []
    for theirs, ours in mapping.items():
        rows = [row for row, wanted in enumerate(truth) if wanted == theirs]
        right = sum(told[row] == theirs for row in rows)
        precision, recall = right / max(1, told.count(theirs)), right / max(1, len(rows))
        f1 = 2 * precision * recall / max(1e-9, precision + recall)
        scores.append((precision, recall, f1, sum(given[row] == "other" for row in rows) / max(1, len(rows))))
        _line(theirs, "/".join(sorted(ours)), len(rows), scores[-1])
    _line("macro", "", len(truth), np.mean(scores, axis=0))


def _line(theirs: str, ours: str, rows: int, figures: Iterable[float]) -> None:
    precision, recall, f1, silent = figures
    print(f"  {theirs:12} {ours:16} {rows:6} {precision:10.3f} {recall:7.3f} {f1:6.3f} {silent:8.3f}")


def report_confidence(truth: list[str], answers: list[CreatorLabels], mapping: Mapping[str, set[str]]) -> None:
    for confidence in ("high", "medium", "low"):
        agreed = [
            answer.primary_niche in mapping[theirs]
            for theirs, answer in zip(truth, answers, strict=True)
            if answer.confidence == confidence and answer.primary_niche != "other"
        ]
        if agreed:
            print(f"  {confidence:6} confidence: {len(agreed):6} answers, {np.mean(agreed):.3f} agree")


def report_confusion(truth: list[str], given: list[str]) -> None:
    """What each label of theirs was called, the commonest first."""
    for theirs in sorted(set(truth)):
        names = Counter(niche for niche, wanted in zip(given, truth, strict=True) if wanted == theirs)
        shares = ", ".join(f"{niche} {count / names.total():.2f}" for niche, count in names.most_common(MOST_CONFUSED))
        print(f"  {theirs:12} is called {shares}")


def _subject(creator_id: str, sample: Sample, vector: Vectors) -> Subject:
    items, count = sample.items, len(sample.items)
    return Subject(
        creator_id, ["instagram"], [None], [None], [sample.bio], [None], ["instagram"] * count, items, [None] * count,
        [None] * count, vector=vector,
    )  # fmt: skip


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--embedder", default="fast", choices=["minilm", "fast"])
    parser.add_argument("--half", choices=["dev", "test"], help="default: both")
    parser.add_argument("--accounts", type=int, default=0, help="at most so many per file; 0: all")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
