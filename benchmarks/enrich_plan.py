"""How long it takes to decide who is labelled tonight, and how much memory; nothing is asked and nothing is paid.

    python -m benchmarks.enrich_plan [--creators N] [--home DIR]

Fills a store with creators in the middle of a year: an account each and a second one for a fifth of them, a bio, and
vectors of the bio and the content. One creator in twenty is new; a model has answered about the others in the last two
months. Since then one in five posted, and one in a hundred so much that its posts are compared with those of its last
answer. The plan is made, and held against a cap. The store stays in DIR when given.
"""

import argparse
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from base.clock import from_micros
from base.fingerprint import Recipe
from embeddings.vectors import to_column
from enrich.labeller import Provenance
from enrich.plan import MICROS_PER_DAY
from enrich.subjects import Subject
from jobs.context import Context
from jobs.expected_costs import within_cap
from jobs.plan_enrichment import gather_states, plan_night
from jobs.runner import open_store
from jobs.settings import read_settings
from providers.hashing import HashingEmbedder
from store.enrichments import load_creator_ids
from store.session import Store
from store.tables import (
    AccountActivity,
    AccountVector,
    ContentItem,
    ContentVector,
    Creator,
    CreatorAccount,
    CreatorMember,
    Enrichment,
    EnrichmentState,
)

NOW = 20_000 * MICROS_PER_DAY
DIM = 256
PART = 50_000
POSTS_EACH = 12
NANOS_EACH = 700_000
CAP_USD = 14.0
BUCKETS = ("active", "semi_active", "long_tail")


class Asked:
    """A model that is planned for and never asked."""

    provenance: Provenance = "llm"
    model = "planned-only"
    prompt_version: str | None = "1"
    recipe = Recipe("planned-only", "1")

    def input_fingerprint(self, subject: Subject) -> str:
        return subject.fingerprint


def main() -> int:
    arguments = _arguments()
    with tempfile.TemporaryDirectory() as scratch:
        settings = read_settings(home=arguments.home or Path(scratch), budget={"max_usd": CAP_USD})
        store = open_store(settings)
        context = Context(settings=settings, store=store, run_id="benchmark", as_of=from_micros(NOW))
        context.embedder = HashingEmbedder(dim=DIM)
        with store.reading_frames() as frames:
            is_filled = bool(load_creator_ids(frames))
        if not is_filled:
            started = time.process_time()
            fill(store, context, arguments.creators)
            print(f"filled in {time.process_time() - started:.0f} CPU seconds", file=sys.stderr)
        measure(context)
        store.close()
    return 0


def measure(context: Context) -> None:
    wall, cpu = time.perf_counter(), time.process_time()
    night = within_cap(context, plan_night(context, Asked()), NANOS_EACH)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    print(f"{len(night):,} creators planned and budgeted: {cpu:.1f} CPU s, {wall:.1f} s wall, peak {peak:,.0f} MiB")
    pairs = zip(night["decision"].to_pylist(), night["reason"].to_pylist(), strict=True)
    for (decision, reason), count in sorted(Counter(pairs).items()):
        print(f"  {decision:6} {reason:18} {count:9,}")


def fill(store: Store, context: Context, creators: int) -> None:
    random = np.random.default_rng(0)
    for start in range(0, creators, PART):
        numbers = np.arange(start, min(start + PART, creators))
        with store.writing_frames() as frames:
            for model, rows in _rows(numbers, context, random):
                frames.load(model, rows)
    _remember(store, context, random)
    _post(store, context, creators, random)


def _remember(store: Store, context: Context, random: np.random.Generator) -> None:
    """As if every answer had been given for what stands here now, and for thirty posts."""
    states = gather_states(context, Asked())
    answered = states.filter(pc.is_valid(states["answered_at"]))
    for start in range(0, len(answered), PART):
        part = answered.slice(start, PART)
        rows = _table(
            part["creator_id"].combine_chunks(), "creator_id", answered_at=part["answered_at"].combine_chunks(),
            input_fingerprint=part["input_fingerprint"].combine_chunks(), streak=0,
            reference_recipe=context.embedding_recipe.fingerprint,
            reference_until=part["answered_at"].combine_chunks(), reference_posts=30,
            reference_mean=_vectors(len(part), random), reference_squares=30.0,
        )  # fmt: skip
        with store.writing_frames() as frames:
            frames.load(EnrichmentState, rows)


def _rows(numbers: Any, context: Context, random: np.random.Generator) -> Iterator[tuple[Any, pa.Table]]:
    ids, keys = creator_ids(numbers), _names("youtube:UC{:022d}", numbers)
    has_second = numbers % 5 == 0
    others = _names("instagram:{:012d}", numbers[has_second])
    accounts, owners = pa.concat_arrays([keys, others]), pa.concat_arrays([ids, ids.filter(pa.array(has_second))])
    count = len(accounts)
    platforms = pa.concat_arrays([_same("youtube", len(keys)), _same("instagram", len(others))])
    yield Creator, _table(
        ids, "creator_id", name="A name", anchor_account_key=keys, platforms="[]", account_count=1,
        followers_by_platform="{}", first_seen=0, updated_at=0,
    )  # fmt: skip
    yield CreatorMember, _table(accounts, "account_key", creator_id=owners, since=0)
    yield CreatorAccount, _table(
        accounts, "account_key", platform=platforms, platform_user_id=accounts,
        handle=_names("handle{}", random.integers(0, 10**9, count)), display_name="A name",
        bio=_names("Bio {} of bread, cakes and a few words more of what is baked and shown", np.arange(count)),
        external_urls="[]", platform_topics="[]", language="en",
        followers=pa.array((10 ** (1 + 6 * random.random(count))).astype(np.int64)), first_seen=0, last_seen=NOW,
        source="benchmark", state="live", raw_sha256="0" * 64,
    )  # fmt: skip
    buckets = pa.array(BUCKETS).take(pa.array(random.choice(3, count, p=[0.2, 0.3, 0.5])))
    yield AccountActivity, _table(accounts, "account_key", bucket=buckets, reason="-", next_due_at=0, since=0)
    for field in ("bio", "content"):
        fields = pa.concat_arrays([_same(f"youtube_{field}", len(keys)), _same(f"instagram_{field}", len(others))])
        yield AccountVector, _table(
            accounts, "account_key", field=fields, recipe_fingerprint=context.profile_recipe.fingerprint,
            input_fingerprint=_names("{:016x}", random.integers(0, 2**62, count)), vector=_vectors(count, random),
            updated_at=0,
        )  # fmt: skip
    answered = ids.filter(pa.array(numbers % 20 != 7))
    ages = random.integers(1, 62, len(answered)) * MICROS_PER_DAY
    yield Enrichment, _table(
        answered, "creator_id", input_fingerprint="shown", recipe_fingerprint=Asked.recipe.fingerprint, is_current=True,
        provenance="llm", reason="new", primary_niche="food", secondary_niches="[]", llm_summary="A summary of it.",
        account_kind="person", confidence="high", evidence="[]", flags="[]", model="planned-only",
        taxonomy_version="1.0.0", cost_usd=0.0, created_at=pa.array(NOW - ages), in_force_since=pa.array(NOW - ages),
    )  # fmt: skip


def _post(store: Store, context: Context, creators: int, random: np.random.Generator) -> None:
    """New texts for one creator in five, and for one in a hundred the posts themselves."""
    for start in range(0, creators, PART):
        numbers = np.arange(start, min(start + PART, creators))
        news = _names("youtube:UC{:022d}", numbers[numbers % 5 == 1])
        owners = np.repeat(numbers[numbers % 100 == 1], POSTS_EACH)
        posts = _names("youtube:post{:012d}", owners * POSTS_EACH + np.arange(len(owners)) % POSTS_EACH)
        with store.writing_frames() as frames:
            frames.upsert(AccountVector, _table(
                news, "account_key", field="youtube_content", recipe_fingerprint=context.profile_recipe.fingerprint,
                input_fingerprint=_names("{:016x}", random.integers(0, 2**62, len(news))),
                vector=_vectors(len(news), random), updated_at=NOW,
            ))  # fmt: skip
            frames.load(ContentItem, _table(
                posts, "content_key", account_key=_names("youtube:UC{:022d}", owners), platform="youtube",
                platform_content_id=posts, content_type="video", title_or_caption="A title", fetched_at=NOW,
                published_at=NOW - 3_600_000_000, raw_sha256="0" * 64,
            ))  # fmt: skip
            frames.load(ContentVector, _table(
                posts, "content_key", recipe_fingerprint=context.embedding_recipe.fingerprint, updated_at=NOW,
                input_fingerprint=_names("{:016x}", random.integers(0, 2**62, len(posts))),
                vector=_vectors(len(posts), random),
            ))  # fmt: skip


def creator_ids(numbers: Any) -> pa.Array:
    """Ids whose order is not that of their numbers."""
    return _names("cr_{:016x}", numbers * 7_919 % 2**40)


def _vectors(count: int, random: np.random.Generator) -> pa.Array:
    """A hundred vectors, over and over."""
    matrix = random.standard_normal((100, DIM)).astype("f4") / DIM**0.5
    return to_column(matrix).take(pa.array(np.arange(count) % 100))


def _names(template: str, numbers: Any) -> pa.Array:
    return pa.array([template.format(number) for number in numbers.tolist()], pa.string())


def _same(value: str, count: int) -> pa.Array:
    return pa.repeat(pa.scalar(value), count)


def _table(keys: pa.Array, key: str, **columns: Any) -> pa.Table:
    """One row per key; a column that is one value has it in every row."""
    whole = {
        name: value if isinstance(value, pa.Array) else pa.repeat(pa.scalar(value), len(keys))
        for name, value in columns.items()
    }
    return pa.table({key: keys, **whole})


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--creators", type=int, default=1_000_000)
    parser.add_argument("--home", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
