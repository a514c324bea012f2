"""How fast requests become files for a batch service, in CPU seconds: the writing alone, and all from the rows on.

    python benchmarks/batch_files.py [--creators 100000] [--out DIR]

Creators are made up, each with a bio and twelve captions of 90 to 200 characters; the question is the one that a night
asks, with OpenAI's body around it. "written" starts from questions, "asked and written" from a creator's rows: choosing
and redacting what is shown is then most of the work. Files are whole and on the disk when the clock stops.
"""

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).parents[1]))

from enrich.dossier import build_dossier
from enrich.ledger import CallIntent
from enrich.questions import Questions
from enrich.shards import BatchSettings, Line, LineMaker, SentRequests, Shard, write_shards
from enrich.subjects import Subject
from enrich.taxonomy import load_taxonomy
from prompts.catalog import load_prompt
from providers.llm import LLMRequest
from providers.openai_batches import OpenAIBatches
from providers.openai_client import Endpoint
from providers.tokens import load_token_counter

MODEL = "gpt-5.4-nano"
WORDS = ["bread", "guitar", "morning", "budget", "travel", "sketch", "garden", "running", "tutorial", "weekend"]
ITEMS = 12
_Result = TypeVar("_Result")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--creators", type=int, default=100_000)
    parser.add_argument("--out", type=Path, help="a folder that is kept; a temporary one unless given")
    options = parser.parse_args()
    api = OpenAIBatches(Endpoint(), MODEL, "none", client=object())  # type: ignore[arg-type]
    questions = Questions(api.id, load_prompt("creator_enrichment", "1"), load_taxonomy())
    maker, counter = LineMaker(api.endpoint, api.body), load_token_counter()

    def lines(asked: Iterable[tuple[str, LLMRequest]]) -> Iterator[Line]:
        for creator_id, request in asked:
            call = CallIntent(creator_id, api.id, request.request_hash, 1, 1)
            yield Line(call, maker.line(creator_id, request), counter.count(request.user))

    def ask(subject: Subject) -> tuple[str, LLMRequest]:
        return subject.creator_id, questions.ask(build_dossier(subject))

    with tempfile.TemporaryDirectory() as scratch:
        folder = options.out or Path(scratch)
        people = [a_subject(number) for number in range(options.creators)]
        asked = [ask(subject) for subject in people]
        shards = measured("written", options.creators, lambda: written(lines(asked), folder))
        print(f"tokens counted by {counter.token_source}")
        measured("asked and written", options.creators, lambda: written(lines(map(ask, people)), folder))
        measured("read back for checking", options.creators, lambda: [SentRequests(shard.path) for shard in shards])
        total = sum(shard.byte_length for shard in shards)
        print(f"{len(shards)} files, {total / 2**20:,.0f} MiB, {total / options.creators:,.0f} bytes per request")


def written(lines: Iterable[Line], folder: Path) -> list[Shard]:
    settings = BatchSettings(queue_tokens=10_000_000_000)
    return list(write_shards(lines, settings, lambda number: folder / f"{number:03d}.requests.jsonl"))


def measured(what: str, creators: int, work: Callable[[], _Result]) -> _Result:
    cpu, wall = time.process_time(), time.perf_counter()
    result = work()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    print(f"{what:24}{cpu:8.1f} s CPU{creators / cpu:10,.0f} requests/s of CPU{creators / wall:10,.0f} of wall")
    return result


def a_subject(number: int) -> Subject:
    chance = random.Random(number)
    texts = [" ".join(chance.choices(WORDS, k=chance.randint(14, 30))) for _ in range(ITEMS)]
    return Subject(
        creator_id=f"cr_{number:016d}",
        platforms=["youtube"],
        handles=[f"creator{number}"],
        names=[f"Creator {number}"],
        bios=[" ".join(chance.choices(WORDS, k=20))],
        languages=[None],
        item_platforms=["youtube"] * ITEMS,
        items=texts,
        item_views=[chance.randint(10, 100_000) for _ in texts],
        item_published_at=list(range(ITEMS)),
    )


if __name__ == "__main__":
    main()
