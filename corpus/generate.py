"""The door of the corpus: a number of accounts and a seed in; profiles with their truth, and delivered files, out."""

import argparse
import os
import resource
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq

from corpus.accounts import Account, Casting
from corpus.growth import growth_of
from corpus.payloads import CAPTURED, CorpusFiles, Order, files_in, write_payloads
from corpus.posts import ITEMS
from corpus.reference import DAY, REFERENCE, SECOND
from corpus.traps import TRAPS
from corpus.vocabulary import read_vocabulary

DEFAULT_ACCOUNTS = 2000
DEFAULT_SEED = 7
#: accounts per owner of an ordinary household: 1, 2, 3, 4
HOUSEHOLD_SHARES = (77, 15, 6, 2)
#: accounts that are cast, written and forgotten together
BLOCK = 25_000
MOST_WORKERS = 4
#: owners in the largest roster
MOST_CROWDED = 200
#: share of a block that scenes of traps may take
TRAPPED_AT_MOST = 0.6
#: how long a fetcher takes over all accounts
FETCHING = 2 * 3600 * SECOND

IDENTITY_COLUMNS = pa.schema(
    [
        ("account_id", pa.string()), ("platform", pa.string()), ("handle", pa.string()),
        ("platform_user_id", pa.string()), ("display_name", pa.string()), ("bio", pa.string()),
        ("website", pa.string()), ("email", pa.string()), ("followers", pa.int64()), ("first_seen", pa.int64()),
    ]
)  # fmt: skip
TRUTH_COLUMNS = pa.schema(
    [
        ("account_key", pa.string()), ("person_id", pa.string()), ("trap", pa.int8()), ("trap_name", pa.string()),
        ("role", pa.string()), ("relation", pa.string()), ("relation_to", pa.string()), ("niche", pa.string()),
        ("growth", pa.string()),
    ]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Corpus:
    """Invented accounts and who owns them."""

    seed: int
    profiles: list[Account]
    #: one row per account, in the columns the identity room takes; account_id is the account key
    accounts: pa.Table
    #: one row per account, same order: who owns it, and in a trap what it is there for (TRUTH_COLUMNS)
    truth: pa.Table

    @property
    def contents(self) -> pa.Table:
        """(account_id, text): the lines repeated under the videos of an account, where it has any, for three videos."""
        rows = [
            (profile.account_key, "\n".join(profile.boilerplate))
            for profile in self.profiles
            if profile.boilerplate
            for _ in range(3)
        ]
        return pa.table({"account_id": [key for key, _ in rows], "text": [text for _, text in rows]})


def generate(accounts: int = DEFAULT_ACCOUNTS, seed: int = DEFAULT_SEED) -> Corpus:
    """Exactly `accounts` accounts; the same number and seed give the same corpus on every machine.

    A corpus of fewer than some two thousand accounts is too small for every trap at its stated share.
    """
    profiles = [profile for block in cast_blocks(accounts, seed) for profile in block]
    return Corpus(seed=seed, profiles=profiles, accounts=_identity_table(profiles), truth=_truth_table(profiles))


def write_corpus(
    corpus_dir: Path,
    accounts: int = DEFAULT_ACCOUNTS,
    seed: int = DEFAULT_SEED,
    *,
    items: float = ITEMS,
    weeks: int = 1,
    as_of: datetime = REFERENCE,
) -> CorpusFiles:
    """Write the corpus as captures and rows files, and the truth beside them; same arguments, same content.

    `items`: posts per account on average. `weeks` > 1 adds the counts of the weeks before. A large corpus is never in
    memory as a whole. The bytes depend on the zlib that packs them, what is inside does not.
    """
    order = Order(seed, items, weeks)
    files = files_in(corpus_dir, order)
    corpus_dir.mkdir(parents=True, exist_ok=True)
    blocks = cast_blocks(accounts, seed, as_of)
    workers = min(MOST_WORKERS, os.cpu_count() or 1) if accounts > BLOCK else 1
    with pq.ParquetWriter(files.truth, TRUTH_COLUMNS) as truth:
        write_payloads(files, _with_truth(blocks, truth, order), order, workers)
    return files


def cast_blocks(
    accounts: int, seed: int, as_of: datetime = REFERENCE, *, block_size: int = BLOCK
) -> Iterator[list[Account]]:
    """All accounts in shuffled blocks. Handles are unique over all blocks, and traps reach their shares over all."""
    rng = Random(seed)
    crowd = min(MOST_CROWDED, max(6, accounts // 300))
    cast = Casting(rng, read_vocabulary(), crowd=crowd, as_of=as_of)
    planted = dict.fromkeys(TRAPS, 0)
    for start in range(0, accounts, block_size):
        size = min(block_size, accounts - start)
        block = [*_trap_scenes(cast, planted, start + size, room=TRAPPED_AT_MOST * size)]
        while len(block) < size:
            (members,) = rng.choices((1, 2, 3, 4), weights=HOUSEHOLD_SHARES)
            block += cast.household(cast.person(), cast.platforms(min(members, size - len(block))))
        rng.shuffle(block)
        yield [_with_instants(rng, account, start + place, accounts, cast.as_of) for place, account in enumerate(block)]


def _trap_scenes(cast: Casting, planted: dict[int, int], accounts: int, room: float) -> Iterator[Account]:
    """Scenes of each trap until its share of `accounts` is reached, or no room is left for the next one.

    `planted`: accounts per trap so far, kept up to date.
    """
    for trap in TRAPS.values():
        while planted[trap.number] < trap.share * accounts:
            scene = trap.plant(cast)
            if len(scene) > room:
                break
            room -= len(scene)
            planted[trap.number] += len(scene)
            yield from (replace(account, trap=trap.number) for account in scene)


def _with_instants(rng: Random, account: Account, place: int, accounts: int, as_of: int) -> Account:
    """When an account was fetched (in the two hours before) and first seen (by us, or by the vendor)."""
    step = FETCHING * place // accounts
    at = (as_of - FETCHING + step) // SECOND * SECOND
    seen = at if account.platform in CAPTURED else at - rng.randrange(1, 180) * DAY
    return replace(account, fetched_at=at, first_seen=max(seen, account.created_at))


def _with_truth(blocks: Iterable[list[Account]], truth: pq.ParquetWriter, order: Order) -> Iterator[list[Account]]:
    for block in blocks:
        truth.write_table(_truth_table(block, order))
        yield block


def _identity_table(profiles: list[Account]) -> pa.Table:
    columns = {
        name: [getattr(profile, "account_key" if name == "account_id" else name) for profile in profiles]
        for name in IDENTITY_COLUMNS.names
    }
    return pa.table(columns, schema=IDENTITY_COLUMNS)


def _truth_table(profiles: list[Account], order: Order | None = None) -> pa.Table:
    made = {
        "trap_name": [TRAPS[profile.trap].name if profile.trap is not None else None for profile in profiles],
        "role": [_role(profile) for profile in profiles],
        "growth": [_growth(profile, order) for profile in profiles],
    }
    columns = {
        name: made[name] if name in made else [getattr(profile, name) for profile in profiles]
        for name in TRUTH_COLUMNS.names
    }
    return pa.table(columns, schema=TRUTH_COLUMNS)


def _growth(profile: Account, order: Order | None) -> str | None:
    """How an account grows, where its weeks are delivered."""
    return growth_of(profile.account_key, order.seed) if order and order.weeks > 1 else None


def _role(profile: Account) -> str | None:
    """What an account does in its trap: stand there as it is, or mislead."""
    if profile.trap is None:
        return None
    return "negative" if profile.is_negative else "positive"


def _main() -> None:
    parser = argparse.ArgumentParser(description="Write a corpus of invented creators.")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--accounts", type=int, default=DEFAULT_ACCOUNTS)
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED)
    parser.add_argument("--items", type=float, default=ITEMS, help="posts per account, on average")
    parser.add_argument("--weeks", type=int, default=1, help="weeks with counts; the last one is the delivery")
    parser.add_argument("--as-of", type=_instant, default=REFERENCE, help="the night of the delivery, in UTC")
    options = parser.parse_args()
    started = time.perf_counter()
    files = write_corpus(
        options.directory,
        options.accounts,
        options.seed,
        items=options.items,
        weeks=options.weeks,
        as_of=options.as_of,
    )
    seconds = time.perf_counter() - started
    size = sum(path.stat().st_size for path in (*files.deliveries, files.truth)) / 2**20
    sys.stdout.write(
        f"{options.accounts} accounts, {size:.1f} MiB, {seconds:.1f} s ({_cpu_seconds():.1f} s of work), "
        f"{options.accounts / seconds:.0f} accounts/s, peak {_peak_mib():.0f} MiB: {options.directory}\n"
    )


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _cpu_seconds() -> float:
    """What this process and its workers computed: the same on a busy machine."""
    return sum(os.times()[:4])


def _peak_mib() -> float:
    """The most memory that this process and its largest worker held."""
    kept = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(kept) / 1024


if __name__ == "__main__":
    _main()
