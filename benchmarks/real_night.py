"""A night over real files that lie beside the project: what came in, what was refused and why, who was merged and why.

    python benchmarks/real_night.py [DATA_DIR]

The files are read through the source contracts in `benchmarks/contracts`; two that are no tables are turned into rows
first. What it prints is about real people: it goes to the terminal and nowhere else.
"""

import argparse
import csv
import json
import os
import random
import re
import sqlite3
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks.measure import CREATORDEX, print_night, run_night
from corpus.reference import REFERENCE
from identity.explain import PairExplanation, explain_row
from identity.weights import load_model
from jobs.explain_accounts import explain_accounts
from jobs.runner import inspecting
from jobs.settings import Settings, read_settings

CONTRACTS = Path(__file__).with_name("contracts")
BESIDE_THE_PROJECT = Path(__file__).resolve().parents[2] / "shared" / "data"
QUESTIONS = (
    "makeup tutorials under 500k followers",
    "football highlights on youtube",
    "python programming for beginners",
)
#: Half of these files are lists of names and numbers: their accounts have no text, so no vector is right.
GATE = "[gate]\nmin_vector_coverage = 0.3\n"
_CHANNEL_ID = re.compile(r"UC[\w-]{22}")


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of file and the contract that reads it; None for rows already in our columns."""

    name: str
    files: str
    contract: str | None


SOURCES = (
    Source("youtube_trending", "youtube_trending/*_mdilin.csv", "youtube_trending"),
    Source("instagram_posts", "instagram_posts/ig_posts.csv.gz", "instagram_posts"),
    Source("instagram_influencers", "instagram_posts/influencers.txt", "instagram_influencers"),
    Source("kaggle_influencers", "kaggle_influencers/derived/influencers_normalised.csv", "kaggle_influencers"),
    Source("french_science", "french_science_youtube/all_channels.csv", "french_science"),
    Source("crossplatform", "crossplatform/dev_accounts.csv", "crossplatform"),
    Source("distractors", "crossplatform/distractors.csv", "crossplatform"),
)


def main() -> None:
    options = _options()
    if not options.data_dir.is_dir():
        sys.exit(f"no real files at {options.data_dir}: name their folder. Nothing was run.")
    with tempfile.TemporaryDirectory(prefix="creatordex-real-") as scratch:
        home = options.home or Path(scratch) / "home"
        config = _write_config(Path(scratch), options.data_dir)
        environment = {"CREATORDEX_EMBEDDINGS__PROVIDER": options.embedder} if options.embedder else {}
        night = run_night(home, ["--as-of", REFERENCE.isoformat()], environment, config)
        print_night("night over real files", night)
        with sqlite3.connect(f"file:{home / 'store.db'}?mode=ro", uri=True) as store:
            store.row_factory = sqlite3.Row
            print_rejected(store)
            print_sizes(store)
            print_merges_by_evidence(store)
            print_random_merges(store, read_settings(config, home=home), options.merges, options.seed)
            print_labels(store)
        for question in QUESTIONS:
            print(f"\n— search: {question}", flush=True)
            _creatordex(home, config, "search", question, "--limit", "5")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data_dir", type=Path, nargs="?", default=BESIDE_THE_PROJECT)
    parser.add_argument("--embedder", help="an embeddings.provider; default: that of the project")
    parser.add_argument("--merges", type=int, default=20, help="how many to show")
    parser.add_argument("--seed", type=int, default=1, help="picks the merges that are shown")
    parser.add_argument("--home", type=Path, help="keep the results here instead of throwing them away")
    return parser.parse_args()


def _write_config(scratch: Path, data_dir: Path) -> Path:
    """A settings file that names every source which is there."""
    rows = scratch / "rows"
    rows.mkdir()
    sources = [(source, sorted(data_dir.glob(source.files))) for source in SOURCES]
    for name, reshaped in (("legislators", legislators(data_dir)), ("awesome_youtubers", awesome_youtubers(data_dir))):
        path = rows / f"{name}.jsonl"
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in reshaped), encoding="utf-8")
        sources.append((Source(name, path.name, None), [path] if path.stat().st_size else []))
    config = scratch / "creatordex.toml"
    sections = [_section(source, files) for source, files in sources if files]
    config.write_text("\n".join([GATE, *sections]), encoding="utf-8")
    for source, files in sources:
        print(f"{source.name:24} {len(files)} file(s)" if files else f"{source.name:24} not there: skipped")
    return config


def _section(source: Source, files: list[Path]) -> str:
    lines = [f"[sources.{source.name}]", f"files = {json.dumps([str(file) for file in files])}"]
    if source.contract:
        lines.append(f"contract = {json.dumps(str(CONTRACTS / f'{source.contract}.toml'))}")
    return "\n".join([*lines, ""])


# --- files that are no tables -------------------------------------------------------------------------------------


def legislators(data_dir: Path) -> Iterator[dict[str, str]]:
    """One row per official account. A `youtube` value may be a channel id, a `facebook` value a number."""
    folder = data_dir / "congress_legislators"
    if not folder.is_dir():
        return
    names = {person["id"]["bioguide"]: _full_name(person) for person in _yaml(folder / "legislators-current.yaml")}
    for person in _yaml(folder / "legislators-social-media.yaml"):
        name = names.get(person["id"]["bioguide"], "")
        social = {key: str(value) for key, value in person["social"].items()}
        for platform in ("twitter", "facebook", "youtube", "instagram"):
            account = _named(social.get(platform, ""), social.get(f"{platform}_id", ""))
            if account:
                yield {"platform": platform, "display_name": name, **account}


def _named(handle: str, identifier: str) -> dict[str, str]:
    handle = handle.strip().lstrip("@")
    if _CHANNEL_ID.fullmatch(handle) or handle.isdigit():
        handle, identifier = "", identifier or handle
    return {key: value for key, value in (("handle", handle), ("platform_user_id", identifier)) if value}


def _full_name(person: dict[str, Any]) -> str:
    name = person["name"]
    return str(name.get("official_full") or f"{name['first']} {name['last']}")


def _yaml(path: Path) -> list[dict[str, Any]]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = path.read_text(encoding="utf-8")
    loaded: list[dict[str, Any]] = yaml.load(text, Loader=loader)  # noqa: S506 (both loaders are safe ones)
    return loaded


def awesome_youtubers(data_dir: Path) -> Iterator[dict[str, str]]:
    """One row per channel; its address holds an id (/channel/…) or a name (/@…, and the older /c/… and /user/…)."""
    path = data_dir / "awesome_youtubers" / "youtubers_topics.csv"
    if not path.is_file():
        return
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            tail = row["channel_url"].rstrip("/").rpartition("/")[2]
            named = _named(tail, "")
            if named:
                yield {"platform": "youtube", "display_name": row["channel_name"], "bio": row["content_about"], **named}


# --- what came out ------------------------------------------------------------------------------------------------


def print_rejected(store: sqlite3.Connection) -> None:
    """Refused rows by file and reason; values inside a reason are left out."""
    found: Counter[tuple[str, str]] = Counter()
    for row in store.execute("SELECT origin, field, reason FROM rejected_rows"):
        reason = re.sub(r"'[^']*'|\"[^\"]*\"", "…", row["reason"])
        found[row["origin"], f"{row['field']}: {reason}" if row["field"] else reason] += 1
    print(f"\nrejected rows: {found.total():,}")
    for (origin, reason), count in found.most_common(25):
        print(f"  {count:6,}  {origin}: {reason}")


def print_sizes(store: sqlite3.Connection) -> None:
    """How many accounts, items and creators there are, and how they fall."""
    counted = {
        "in the store": "SELECT 'accounts', count(*) FROM accounts "
        "UNION ALL SELECT 'content items', count(*) FROM content_items "
        "UNION ALL SELECT 'creators', count(*) FROM creators",
        "accounts by platform": "SELECT platform, count(*) FROM accounts GROUP BY 1 ORDER BY 2 DESC, 1",
        "creators by number of accounts": "SELECT account_count, count(*) FROM creators GROUP BY 1 ORDER BY 1",
        "candidate pairs": "SELECT triage, count(*) FROM candidate_pairs GROUP BY 1 ORDER BY 1",
    }
    print()
    for title, query in counted.items():
        print(f"{title}: " + ", ".join(f"{name} {count:,}" for name, count in store.execute(query)))


def print_merges_by_evidence(store: sqlite3.Connection) -> None:
    """Linked pairs by the piece of evidence that weighs most."""
    model = load_model()
    kinds: Counter[str] = Counter()
    for pair in _links(store, "1"):
        strongest = max(explain_row(dict(pair), model), key=lambda evidence: evidence.weight_bits)
        kinds[f"{strongest.comparison} = {strongest.level}"] += 1
    print(f"\nmerged pairs by their strongest evidence: {kinds.total():,}")
    for kind, count in kinds.most_common():
        print(f"  {count:6,}  {kind}")


def print_random_merges(store: sqlite3.Connection, settings: Settings, count: int, seed: int) -> None:
    """Merges across platforms with their evidence, for a person to judge."""
    pairs = [(pair["left"], pair["right"]) for pair in _links(store, "l.platform <> r.platform")]
    chosen = random.Random(seed).sample(pairs, k=min(count, len(pairs)))  # noqa: S311 (a sample to look at)
    print(f"\n{len(chosen)} of {len(pairs):,} merges across platforms (seed {seed})")
    with inspecting(settings) as context:
        for left, right in chosen:
            print(f"\n• {_shown(store, left)}\n  {_shown(store, right)}")
            print_evidence(explain_accounts(context, left, right))


def print_evidence(found: PairExplanation) -> None:
    for evidence in found.evidence:
        print(f"  {evidence.weight_bits:+6.1f}  {evidence.comparison}: {evidence.detail}")
    print(f"  {found.match_weight_bits:+6.1f}  together", *found.quotes, sep="\n          ")


def _links(store: sqlite3.Connection, condition: str) -> list[sqlite3.Row]:
    """Scored pairs in the link band whose accounts ended in one creator."""
    return store.execute(
        f"""
        SELECT p.* FROM candidate_pairs p
        JOIN accounts l ON l.account_key = p."left" JOIN accounts r ON r.account_key = p."right"
        JOIN members a ON a.account_key = p."left" JOIN members b ON b.account_key = p."right"
        WHERE p.triage = 'link' AND a.creator_id = b.creator_id AND {condition}
        ORDER BY p."left", p."right"
        """  # noqa: S608
    ).fetchall()


def _shown(store: sqlite3.Connection, key: str) -> str:
    row = store.execute("SELECT * FROM accounts WHERE account_key = ?", (key,)).fetchone()
    bio = " ".join((row["bio"] or "").split())[:90]
    return f"{row['platform']} @{row['handle'] or '?'} · {row['display_name'] or '(no name)'} · {bio}"


def print_labels(store: sqlite3.Connection) -> None:
    """Label coverage: of all creators, and of those who have any text to judge by."""
    query = "SELECT primary_niche, count(*) FROM enrichments WHERE is_current GROUP BY 1 ORDER BY 2 DESC, 1"
    rows = store.execute(query).fetchall()
    labelled = sum(count for niche, count in rows if niche != "other")
    totals = "SELECT (SELECT count(*) FROM creators), (SELECT count(DISTINCT creator_id) FROM creator_vectors)"
    everybody, with_text = store.execute(totals).fetchone()
    print(f"\nlabels: {labelled:,} creators have a niche, of {with_text:,} with text and {everybody:,} in all")
    print("  " + ", ".join(f"{niche} {count:,}" for niche, count in rows))


def _creatordex(home: Path, config: Path, *arguments: str) -> None:
    command = [str(CREATORDEX), "--config", str(config), *arguments]
    subprocess.run(command, env={**os.environ, "CREATORDEX_HOME": str(home)}, check=False)


if __name__ == "__main__":
    main()
