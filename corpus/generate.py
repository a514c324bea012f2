"""The door of the corpus: a number of accounts and a seed in; profiles with their truth, and delivered files, out."""

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import pyarrow as pa

from base.clock import to_micros
from corpus.accounts import Account, Casting
from corpus.payloads import CorpusFiles, write_files
from corpus.reference import DAY, REFERENCE, SECOND
from corpus.traps import TRAPS
from corpus.vocabulary import read_vocabulary

DEFAULT_ACCOUNTS = 2000
DEFAULT_SEED = 7
#: accounts per owner of an ordinary household: 1, 2, 3, 4
HOUSEHOLD_SHARES = (77, 15, 6, 2)

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
        """(account_id, text): the lines repeated under the videos of an account, where it has any."""
        rows = [
            (profile.account_key, "\n".join(profile.boilerplate)) for profile in self.profiles if profile.boilerplate
        ]
        return pa.table({"account_id": [key for key, _ in rows], "text": [text for _, text in rows]})


def generate(accounts: int = DEFAULT_ACCOUNTS, seed: int = DEFAULT_SEED) -> Corpus:
    """Exactly `accounts` accounts; the same number and seed give the same corpus on every machine.

    A corpus of fewer than some two thousand accounts is too small for every trap at its stated share.
    """
    rng = Random(seed)
    cast = Casting(rng, read_vocabulary(), crowd=min(120, max(6, accounts // 300)))
    profiles = [*_trap_scenes(cast, accounts)]
    while len(profiles) < accounts:
        (size,) = rng.choices((1, 2, 3, 4), weights=HOUSEHOLD_SHARES)
        profiles += cast.household(cast.person(), cast.platforms(min(size, accounts - len(profiles))))
    rng.shuffle(profiles)
    profiles = _with_instants(rng, profiles)
    return Corpus(seed=seed, profiles=profiles, accounts=_identity_table(profiles), truth=_truth_table(profiles))


def write_corpus(corpus_dir: Path, accounts: int = DEFAULT_ACCOUNTS, seed: int = DEFAULT_SEED) -> CorpusFiles:
    """Write the corpus as captures and rows files, and the truth beside them; same arguments, same bytes."""
    corpus = generate(accounts, seed)
    return write_files(corpus_dir, corpus.profiles, corpus.truth, seed)


def _trap_scenes(cast: Casting, accounts: int) -> Iterator[Account]:
    """Scenes of each trap until its share is reached, at least one while three fifths of the corpus are free."""
    planted_in_all = 0
    for trap in TRAPS.values():
        planted = 0
        while planted < trap.share * accounts:
            scene = trap.plant(cast)
            if planted_in_all + len(scene) > 0.6 * accounts:
                break
            planted += len(scene)
            planted_in_all += len(scene)
            yield from (replace(account, trap=trap.number) for account in scene)


def _with_instants(rng: Random, profiles: list[Account]) -> list[Account]:
    """When each account was fetched (the night before) and first seen (by us, or by the vendor)."""
    fetched = to_micros(REFERENCE) - 2 * 3600 * SECOND
    step = 2 * 3600 * SECOND // max(1, len(profiles))
    placed = []
    for place, profile in enumerate(profiles):
        at = (fetched + place * step) // SECOND * SECOND
        seen = at if profile.platform in {"youtube", "instagram"} else at - rng.randrange(1, 180) * DAY
        placed.append(replace(profile, fetched_at=at, first_seen=max(seen, profile.created_at)))
    return placed


def _identity_table(profiles: list[Account]) -> pa.Table:
    columns = {
        name: [getattr(profile, "account_key" if name == "account_id" else name) for profile in profiles]
        for name in IDENTITY_COLUMNS.names
    }
    return pa.table(columns, schema=IDENTITY_COLUMNS)


def _truth_table(profiles: list[Account]) -> pa.Table:
    made = {
        "trap_name": [TRAPS[profile.trap].name if profile.trap is not None else None for profile in profiles],
        "role": [_role(profile) for profile in profiles],
    }
    columns = {
        name: made[name] if name in made else [getattr(profile, name) for profile in profiles]
        for name in TRUTH_COLUMNS.names
    }
    return pa.table(columns, schema=TRUTH_COLUMNS)


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
    options = parser.parse_args()
    started = time.perf_counter()
    files = write_corpus(options.directory, options.accounts, options.seed)
    size = sum(path.stat().st_size for path in (*files.deliveries, files.truth)) / 2**20
    line = f"{options.accounts} accounts, {size:.1f} MiB, {time.perf_counter() - started:.1f} s: {options.directory}"
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    _main()
