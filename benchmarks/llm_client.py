"""What a question to a language model costs this machine, by the way it is asked: processor time per request.

    python -m benchmarks.llm_client --requests 500 --concurrency 64

The server is the fake provider, in a process of its own. Ratios between the ways hold on any machine; seconds do not.
"""

import argparse
import asyncio
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import orjson
from openai import AsyncOpenAI
from pydantic import SecretStr

from enrich.dossier import build_dossier
from enrich.questions import Questions
from enrich.schema import CreatorLabels
from enrich.subjects import Subject
from enrich.taxonomy import load_taxonomy
from prompts.catalog import load_prompt
from providers.instructor_llm import InstructorLLM
from providers.llm import LLMRequest
from providers.openai_client import Endpoint, connect
from providers.openai_completions import Completions
from providers.openai_llm import OpenAILLM

MODEL = "gpt-5.4-nano"
Ask = Callable[[LLMRequest], Awaitable[Any]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=500)
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3, help="the median of so many is shown")
    options = parser.parse_args()
    with a_server() as url:
        endpoint = Endpoint(url, SecretStr("none"), connections=options.concurrency)
        spent: dict[str, list[float]] = {name: [] for name in WAYS}
        for _ in range(options.rounds):
            for name, way in WAYS.items():
                measured = measure(way, endpoint, questions(options.requests), options.concurrency)
                spent[name].append(asyncio.run(measured))
    medians = {name: statistics.median(rounds) for name, rounds in spent.items()}
    for name, median in medians.items():
        print(f"{name:18} {median:6.2f} ms of processor time per request  {median / medians['ours']:5.2f} × ours")


def questions(count: int) -> list[LLMRequest]:
    asked = Questions(MODEL, load_prompt("creator_enrichment", "1"), load_taxonomy())
    return [asked.ask(build_dossier(a_creator(number))) for number in range(count)]


def a_creator(number: int) -> Subject:
    items = [f"Item {number}.{item}: a caption as long as captions are, with a word or two more" for item in range(8)]
    nothing: list[Any] = [None]
    return Subject(
        creator_id=f"cr_{number}", platforms=["youtube"], handles=[f"maker{number}"], names=[f"Maker {number}"],
        bios=["Plain things made at home, week after week"], languages=nothing, item_platforms=["youtube"] * 8,
        items=items, item_views=nothing * 8, item_published_at=nothing * 8,
    )  # fmt: skip


async def measure(way: Callable[[Endpoint], tuple[Ask, Callable[[], Awaitable[None]]]], endpoint: Endpoint,
                  asked: list[LLMRequest], concurrency: int) -> float:  # fmt: skip
    """Milliseconds of this process's processor time per request."""
    ask, close = way(endpoint)
    room = asyncio.Semaphore(concurrency)

    async def one(request: LLMRequest) -> None:
        async with room:
            await ask(request)

    await one(asked[0])  # what is loaded and learnt once is not counted
    began = time.process_time()
    await asyncio.gather(*map(one, asked))
    spent = time.process_time() - began
    await close()
    return spent / len(asked) * 1000


def ours(endpoint: Endpoint) -> tuple[Ask, Callable[[], Awaitable[None]]]:
    llm = OpenAILLM(endpoint, MODEL, "none")
    return llm.complete, llm.close


def with_instructor(endpoint: Endpoint) -> tuple[Ask, Callable[[], Awaitable[None]]]:
    llm = InstructorLLM(endpoint, "llama")
    return llm.complete, llm.close


def with_post(endpoint: Endpoint) -> tuple[Ask, Callable[[], Awaitable[None]]]:
    """The library's own raw `post`, on the same transport, read as ours is."""
    client, completions = connect(endpoint), Completions("openai", MODEL, "none")

    async def ask(request: LLMRequest) -> Any:
        body = orjson.dumps(completions.body(request))
        options: Any = {"headers": {"Content-Type": "application/json"}, "security": {"bearer_auth": True}}
        response = await client.post("/chat/completions", cast_to=httpx2.Response, content=body, options=options)
        return completions.read(response.status_code, orjson.loads(response.content), response.headers)

    return ask, client.close


def with_create(endpoint: Endpoint) -> tuple[Ask, Callable[[], Awaitable[None]]]:
    """The library's own `create`, on the same transport."""
    client, completions = connect(endpoint), Completions("openai", MODEL, "none")
    return lambda request: client.chat.completions.create(**completions.body(request)), client.close


def with_parse(endpoint: Endpoint) -> tuple[Ask, Callable[[], Awaitable[None]]]:
    """The library's own structured outputs, on its default transport."""
    # Its own five seconds to connect are not enough for some hundred connections at once.
    client = AsyncOpenAI(base_url=endpoint.base_url, api_key="none", max_retries=0, timeout=endpoint.timeout_seconds)

    async def ask(request: LLMRequest) -> Any:
        body = Completions("openai", MODEL, "none").body(request) | {"response_format": CreatorLabels}
        try:
            return await client.chat.completions.parse(**body)
        except ValueError:  # the fake answers from the schema it is shown, and this one has no taxonomy in it
            return None

    return ask, client.close


WAYS = {
    "ours": ours, "post, aiohttp": with_post, "create, aiohttp": with_create, "parse, httpx": with_parse,
    "instructor": with_instructor,
}  # fmt: skip


@contextmanager
def a_server() -> Iterator[str]:
    process = subprocess.Popen([sys.executable, "-m", "tests.fake_provider"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    try:
        yield url
        with urllib.request.urlopen(url.removesuffix("/v1") + "/fake/books") as answer:  # noqa: S310
            print(f"{orjson.loads(answer.read())['calls']} requests were answered")
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
