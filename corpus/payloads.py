"""The files of a corpus, written block by block: accounts come in, captures and rows files go out, none is held.

Blocks are rendered in several processes where that pays, and appended in their order: the bytes do not depend on it.
"""

import csv
import gzip
import io
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import orjson

from corpus.accounts import Account
from corpus.answers import PostSource, instagram_captures, youtube_captures
from corpus.history import HISTORY_COLUMNS, CountSource, counts_of, history_rows, instagram_weeks, youtube_weeks
from corpus.posts import ITEMS, posts_of
from corpus.rows import ACCOUNT_COLUMNS, account_rows, content_rows
from corpus.vocabulary import read_vocabulary

#: how each platform's accounts are captured; accounts of a platform that is not here arrive as a vendor's rows
CAPTURED: dict[str, Callable[[Sequence[Account], PostSource], Iterable[Any]]] = {
    "youtube": youtube_captures,
    "instagram": instagram_captures,
}
WEEKS_CAPTURED: dict[str, Callable[[Sequence[Account], CountSource], Iterable[Any]]] = {
    "youtube": youtube_weeks,
    "instagram": instagram_weeks,
}
COMPRESSION = 2  # level 6 takes four times as long for a tenth less

Accounts = list[Account]


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be written about each account."""

    seed: int
    #: posts of an account on average
    items: float = ITEMS
    #: weeks with counts; the last one is the delivery itself
    weeks: int = 1


@dataclass(frozen=True, slots=True)
class CorpusFiles:
    """Where a written corpus lies."""

    directory: Path
    #: platform → its captures
    captures: dict[str, Path]
    accounts: Path
    content: Path
    #: counts of the weeks before; empty where one week was asked for
    history: tuple[Path, ...]
    #: kept aside: never an input of a night
    truth: Path

    @property
    def deliveries(self) -> tuple[Path, ...]:
        """The files a night takes in, accounts before their content."""
        return *self.captures.values(), self.accounts, self.content, *self.history


def files_in(corpus_dir: Path, order: Order) -> CorpusFiles:
    """The files that `order` asks for."""
    weeks = [corpus_dir / "history" / f"{platform}.jsonl.gz" for platform in WEEKS_CAPTURED]
    return CorpusFiles(
        directory=corpus_dir,
        captures={platform: corpus_dir / "captures" / f"{platform}.jsonl.gz" for platform in CAPTURED},
        accounts=corpus_dir / "accounts.csv",
        content=corpus_dir / "content.jsonl.gz",
        history=(*weeks, corpus_dir / "history" / "accounts.csv") if order.weeks > 1 else (),
        truth=corpus_dir / "truth.parquet",
    )


def write_payloads(files: CorpusFiles, blocks: Iterable[Accounts], order: Order, workers: int) -> None:
    """Write every file but the truth."""
    for path in files.deliveries:
        path.parent.mkdir(parents=True, exist_ok=True)
    opened = {str(path.relative_to(files.directory)): path.open("wb") for path in files.deliveries}
    try:
        for rendered in _rendered(blocks, order, workers):
            for name, content in rendered.items():
                opened[name].write(content)
    finally:
        for file in opened.values():
            file.close()


def _rendered(blocks: Iterable[Accounts], order: Order, workers: int) -> Iterator[dict[str, bytes]]:
    """Each block's part of each file, in the order of the blocks."""
    numbered = ((accounts, order, place == 0) for place, accounts in enumerate(blocks))
    if workers <= 1:
        yield from (render_block(*given) for given in numbered)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        waiting: deque[Future[dict[str, bytes]]] = deque()
        for given in numbered:
            waiting.append(pool.submit(render_block, *given))
            if len(waiting) > workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def render_block(accounts: Accounts, order: Order, is_first: bool) -> dict[str, bytes]:
    """File name → what these accounts add to it; the first block begins tables with their columns."""
    posts = partial(posts_of, seed=order.seed, vocabulary=read_vocabulary(), items=order.items)
    of = {platform: [account for account in accounts if account.platform == platform] for platform in CAPTURED}
    vendor = [account for account in accounts if account.platform not in CAPTURED]
    parts = {
        f"captures/{platform}.jsonl.gz": _lines(write(of[platform], posts)) for platform, write in CAPTURED.items()
    }
    parts["accounts.csv"] = _table(ACCOUNT_COLUMNS if is_first else (), account_rows(vendor))
    parts["content.jsonl.gz"] = _lines(content_rows(vendor, posts))
    return parts | _history(of, vendor, order, is_first) if order.weeks > 1 else parts


def _history(of: dict[str, Accounts], vendor: Accounts, order: Order, is_first: bool) -> dict[str, bytes]:
    counts = counts_of(order.seed, order.weeks)
    rows = _table(HISTORY_COLUMNS if is_first else (), history_rows(vendor, counts))
    weeks = {
        f"history/{platform}.jsonl.gz": _lines(write(of[platform], counts))
        for platform, write in WEEKS_CAPTURED.items()
    }
    return weeks | {"history/accounts.csv": rows}


def _table(columns: Sequence[str], rows: Iterable[list[Any]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    if columns:
        writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode()


def _lines(lines: Iterable[dict[str, Any]]) -> bytes:
    """A gzip member without name and time in its header: the same lines are the same bytes."""
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=packed, compresslevel=COMPRESSION, mtime=0) as file:
        file.write(b"".join(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) for line in lines))
    return packed.getvalue()
