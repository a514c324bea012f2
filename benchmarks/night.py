"""How long a night takes over a generated corpus, and what memory; then a second night that must write nothing.

python benchmarks/night.py --accounts 100000 --embedder fast
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.measure import Night, fingerprint_of, print_night, run_night
from corpus.generate import write_corpus
from corpus.payloads import CorpusFiles
from corpus.reference import REFERENCE


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory(prefix="creatordex-night-", dir=options.scratch) as scratch:
        files = _corpus(Path(scratch) / "corpus", options.accounts, options.seed)
        home = Path(scratch) / "home"
        first = _night(home, files, options.embedder)
        print_night("first night", first)
        before = fingerprint_of(home)
        size = sum(path.stat().st_size for path in home.rglob("*") if path.is_file()) / 2**20
        print(f"  home {size:,.0f} MiB")
        second = _night(home, files, options.embedder)
        print_night("second night, same files and same as-of", second)
        _insist_on_sameness(before, fingerprint_of(home))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--embedder", default="fast", help="an embeddings.provider: fast, local, hashing")
    parser.add_argument("--scratch", type=Path, help="where the temporary folder goes")
    return parser.parse_args()


def _corpus(folder: Path, accounts: int, seed: int) -> CorpusFiles:
    started = time.perf_counter()
    files = write_corpus(folder, accounts, seed)
    size = sum(path.stat().st_size for path in files.deliveries) / 2**20
    print(f"corpus of {accounts:,} accounts, seed {seed}: {time.perf_counter() - started:.1f} s, {size:.1f} MiB")
    return files


def _night(home: Path, files: CorpusFiles, embedder: str) -> Night:
    arguments = [*map(str, files.deliveries), "--as-of", REFERENCE.isoformat()]
    return run_night(home, arguments, {"CREATORDEX_EMBEDDINGS__PROVIDER": embedder})


def _insist_on_sameness(before: dict[str, str], after: dict[str, str]) -> None:
    changed = [
        f"  {name}: {before.get(name)} → {after.get(name)}"
        for name in sorted(before | after)
        if before.get(name) != after.get(name)
    ]
    if changed:
        sys.exit("\n".join(["the second night changed", *changed]))
    print(f"\nthe second night changed none of {len(before) - 1} tables and published nothing")


if __name__ == "__main__":
    main()
