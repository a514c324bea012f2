"""Vectors from OpenAI, or a server that speaks like it. Every request is metered: asked for before, told of after.

The meter stands for whoever keeps the money; this file knows no budget, no ledger and no store.
"""

import asyncio
import base64
import binascii
import random
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Protocol

import httpx2
import numpy as np
import numpy.typing as npt

from base.errors import (
    AnswerInvalid,
    BudgetExhausted,
    ConfigError,
    InputTooLong,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
)
from base.fingerprint import fingerprint
from base.usage import LLMUsage
from providers.embedder import Kind
from providers.openai_client import Endpoint, Line, transport
from providers.tokens import EstimatedTokens

PATH = "/embeddings"
#: the vendor's limits for one request
MOST_TEXTS = 2_048
MOST_TOKENS = 300_000
MOST_TOKENS_PER_TEXT = 8_192
#: model → length of its vectors when no other is asked for
NATIVE_DIMENSIONS: Mapping[str, int] = {"text-embedding-3-small": 1536, "text-embedding-3-large": 3072}
ATTEMPTS = 5
#: batches under way together; a request holds up to 2,048 texts, and a few of them use a minute's tokens up
AT_ONCE = 8
LONGEST_WAIT_SECONDS = 60.0

Vectors = npt.NDArray[np.float32]


class Meter(Protocol):
    """Keeps the money."""

    def open(self, texts: int, most_tokens: int, request_hash: str) -> str:
        """Take leave for a request that reads at most so many tokens; an id for it. Raises when there is no room."""
        ...

    def close(self, call_id: str, ended: LLMUsage | ProviderError) -> None:
        """Say what it used, or the error it ended with."""
        ...


class OpenAIEmbedder:
    """See `Embedder`. Each call makes its own connection, so it may be made from any thread without an event loop."""

    max_tokens = MOST_TOKENS_PER_TEXT

    def __init__(
        self,
        endpoint: Endpoint,
        model: str,
        meter: Meter,
        *,
        dimensions: int | None = None,
        client: Callable[[Endpoint], httpx2.AsyncClient] = transport,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """dimensions: shorter vectors than the model's own, where it can make them.

        Raises ConfigError when the model's own length is not known and none is given.
        """
        self.dim = dimensions or _native_dimensions(model)
        self.id = f"{endpoint.provider}:{model}/{self.dim}"
        self._endpoint, self._model, self._meter = endpoint, model, meter
        self._client, self._sleep = client, sleep

    def embed(self, texts: Sequence[str], *, kind: Kind = "document") -> Vectors:
        """See `Embedder.embed`. Documents and queries are treated alike.

        Raises a ProviderError when a request fails for good, and whatever the meter raises.
        """
        ((_, vectors),) = self.embed_each([texts])
        return vectors

    def embed_each(self, batches: Iterable[Sequence[str]]) -> Iterator[tuple[int, Vectors]]:
        """See `BatchEmbedder.embed_each`. Raises like `embed`, once the vectors that were paid for are given out."""
        rest = enumerate(batches)
        while wave := list(islice(rest, AT_ONCE)):
            ends = asyncio.run(self._embed_wave([texts for _, texts in wave]))
            for (place, _), end in zip(wave, ends, strict=True):
                if not isinstance(end, BaseException):
                    yield place, end
            for end in ends:
                if isinstance(end, BaseException):
                    raise end

    async def _embed_wave(self, wave: Sequence[Sequence[str]]) -> list[Vectors | BaseException]:
        line = _Line(self._endpoint, self._model, self._client(self._endpoint), _Door(self._meter))
        try:
            return await asyncio.gather(*(self._embed(line, texts) for texts in wave), return_exceptions=True)
        finally:
            await line.close()

    async def _embed(self, line: "_Line", texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), self.dim), np.float32)
        shown = {row: _fitted(text) for row, text in enumerate(texts) if text.strip()}
        if shown:
            vectors[list(shown)] = np.concatenate([await self._whole(line, part) for part in packed([*shown.values()])])
        return vectors

    async def _whole(self, line: "_Line", texts: Sequence[str]) -> Vectors:
        """One request; two halves when the vendor counts more tokens in it than we thought."""
        try:
            return await self._patiently(line, texts)
        except InputTooLong:
            if len(texts) == 1:
                raise
        middle = len(texts) // 2
        return np.concatenate([await self._whole(line, texts[:middle]), await self._whole(line, texts[middle:])])

    async def _patiently(self, line: "_Line", texts: Sequence[str]) -> Vectors:
        for attempt in range(1, ATTEMPTS):
            try:
                return await self._attempt(line, texts)
            except (RateLimited, ProviderUnavailable) as error:
                await self._sleep(_wait_seconds(error, attempt))
        return await self._attempt(line, texts)

    async def _attempt(self, line: "_Line", texts: Sequence[str]) -> Vectors:
        body = self._body(texts)
        most_tokens = sum(len(text.encode()) for text in texts)
        call_id = await line.door.open(len(texts), most_tokens, fingerprint(body))
        try:
            reply = await line.post(PATH, body)
            vectors, usage = self._read(reply.body, len(texts))
        except ProviderError as error:
            line.door.close(call_id, error)
            raise
        except BaseException:
            line.door.close(call_id, self._invalid("was broken off", is_outcome_unknown=True))
            raise
        line.door.close(call_id, usage)
        return vectors

    def _body(self, texts: Sequence[str]) -> dict[str, Any]:
        body: dict[str, Any] = {"model": self._model, "input": list(texts), "encoding_format": "base64"}
        if self._model in NATIVE_DIMENSIONS and self.dim != NATIVE_DIMENSIONS[self._model]:
            body["dimensions"] = self.dim
        return body

    def _read(self, body: Mapping[str, Any], count: int) -> tuple[Vectors, LLMUsage]:
        """Unit vectors, row i for text i: the answer may come in any order."""
        used = (body.get("usage") or {}).get("prompt_tokens")
        if used is None:
            raise self._invalid("does not say what was used", is_outcome_unknown=True)
        usage = LLMUsage(int(used))
        try:
            rows = {int(one["index"]): _vector(one["embedding"]) for one in body["data"]}
            matrix = np.stack([rows[row] for row in range(count)])
        except (KeyError, TypeError, ValueError) as error:
            raise self._invalid("gave no vector for some text", usage=usage) from error
        if matrix.shape[1] != self.dim or not np.isfinite(matrix).all():
            raise self._invalid(f"gave vectors of {matrix.shape[1]} numbers, {self.dim} wanted", usage=usage)
        norms = np.linalg.norm(matrix, axis=1, keepdims=True)
        return np.divide(matrix, norms, out=np.zeros_like(matrix), where=norms > 0), usage

    def _invalid(self, said: str, *, usage: LLMUsage | None = None, is_outcome_unknown: bool = False) -> AnswerInvalid:
        return AnswerInvalid(
            f"{self._model} {said}",
            provider=self._endpoint.provider,
            model=self._model,
            usage=usage,
            is_outcome_unknown=is_outcome_unknown,
        )


class _Door:
    """Where requests that are under way together meet the meter: who finds no room waits for what others give back."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._turn, self._closed = asyncio.Lock(), asyncio.Event()
        self._under_way = 0
        #: nobody overtakes whom there was no room for
        self._refusal: BudgetExhausted | None = None

    async def open(self, texts: int, most_tokens: int, request_hash: str) -> str:
        """See `Meter.open`. First come, first served."""
        async with self._turn:
            while self._refusal is None:
                try:
                    call_id = self._meter.open(texts, most_tokens, request_hash)
                except BudgetExhausted as error:
                    if not self._under_way:
                        self._refusal = error
                        break
                else:
                    self._under_way += 1
                    return call_id
                self._closed.clear()
                await self._closed.wait()
            raise self._refusal

    def close(self, call_id: str, ended: LLMUsage | ProviderError) -> None:
        """See `Meter.close`."""
        try:
            self._meter.close(call_id, ended)
        finally:
            self._under_way -= 1
            self._closed.set()


class _Line(Line):
    """A line behind its door."""

    def __init__(self, endpoint: Endpoint, model: str, client: httpx2.AsyncClient, door: _Door) -> None:
        super().__init__(endpoint, model, client)
        self.door = door


def packed(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """The texts in their order, in requests that keep the vendor's limits as far as an estimate can tell.

    >>> [len(part) for part in packed(["a"] * 5000)]
    [2048, 2048, 904]
    """
    start, room = 0, MOST_TOKENS
    for row, text in enumerate(texts):
        size = EstimatedTokens().count(text)
        if row - start == MOST_TEXTS or size > room:
            yield texts[start:row]
            start, room = row, MOST_TOKENS
        room -= size
    yield texts[start:]


def _fitted(text: str) -> str:
    """At most as many bytes as the model reads tokens: no tokenizer makes more tokens than there are bytes."""
    return text.encode(errors="ignore")[:MOST_TOKENS_PER_TEXT].decode(errors="ignore")


def _vector(told: Any) -> Vectors:
    """From base64, or from a list of numbers where a server knows only that."""
    if not isinstance(told, str):
        return np.asarray(told, np.float32)
    try:
        return np.frombuffer(base64.b64decode(told, validate=True), "<f4")
    except binascii.Error as error:
        raise ValueError("not base64") from error


def _wait_seconds(error: RateLimited | ProviderUnavailable, attempt: int) -> float:
    """What the vendor asks for; else a random share of a span that doubles, so that not everybody comes at once."""
    if isinstance(error, RateLimited) and error.retry_after_seconds is not None:
        return min(error.retry_after_seconds, LONGEST_WAIT_SECONDS)
    return min(2.0**attempt, LONGEST_WAIT_SECONDS) * random.random()  # noqa: S311


def _native_dimensions(model: str) -> int:
    if model in NATIVE_DIMENSIONS:
        return NATIVE_DIMENSIONS[model]
    raise ConfigError(f"the length of {model!r}'s vectors is not known", hint="set embeddings.dimensions to it")
