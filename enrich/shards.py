"""Requests as files for a batch service: JSON lines in, in the order given; shards that no limit refuses out.

A shard's bytes follow from its requests alone, so its sha256 names it. What is the same in every request is turned into
JSON once, and no more than one line is held at a time.
"""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from pydantic import BaseModel, ConfigDict, Field

from enrich.ledger import CallIntent
from providers.llm import LLMRequest

#: stands where a creator's data go while the rest of a line is turned into JSON
_PLACE = "\x00the creator's data\x00"
#: what stands before and after a line's custom_id
_ID, _METHOD = b'{"custom_id":', b',"method":'
_BUFFER = 1 << 20


class BatchSettings(BaseModel):
    """How requests are packed for a batch service; the vendor's own limits per file are a little wider."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    #: bytes of one file
    max_bytes: int = Field(default=190_000_000, ge=100_000)
    #: requests in one file
    max_requests: int = Field(default=50_000, ge=1)
    #: input tokens that may wait in the model's queue, all files together; the vendor's page on the model names it
    queue_tokens: int = Field(default=2_000_000, ge=10_000)


class Line(NamedTuple):
    """One request on its way into a shard; the subject of its call is its `custom_id`."""

    call: CallIntent
    text: bytes
    #: input tokens, as the vendor's queue counts them
    tokens: int


@dataclass(frozen=True, slots=True)
class Shard:
    """A file that is whole and on the disk."""

    path: Path
    sha256: str
    byte_length: int
    #: in the order of the lines
    calls: list[CallIntent]
    tokens: int


class LineMaker:
    """Turns requests into lines; what they share is turned into JSON once per prefix and length of answer."""

    def __init__(self, endpoint: str, body_of: Callable[[LLMRequest], dict[str, Any]]) -> None:
        """body_of: see `BatchApi.body`; it must carry the user part as it is, in one place."""
        self._endpoint, self._body_of = endpoint, body_of
        self._halves: dict[tuple[str, int], tuple[bytes, bytes]] = {}

    def line(self, custom_id: str, request: LLMRequest) -> bytes:
        """The same bytes as the JSON of the whole request, and a line end."""
        key = (request.system, request.max_output_tokens)
        head, tail = self._halves.get(key) or self._split(key, request)
        return b"".join((_ID, orjson.dumps(custom_id), head, orjson.dumps(request.user), tail))

    def _split(self, key: tuple[str, int], request: LLMRequest) -> tuple[bytes, bytes]:
        body = self._body_of(replace(request, user=_PLACE))
        rest = orjson.dumps({"method": "POST", "url": self._endpoint, "body": body})
        head, tail = rest.split(orjson.dumps(_PLACE))  # a ValueError: the body does not carry the user part once
        self._halves[key] = b"," + head.removeprefix(b"{"), tail + b"\n"
        return self._halves[key]


def write_shards(lines: Iterable[Line], limits: BatchSettings, path_of: Callable[[int], Path]) -> Iterator[Shard]:
    """Shards one after the other, each on the disk when it is yielded; the next is begun when it is asked for.

    path_of: number of the shard, from 0, → its file; a file that is there is replaced as a whole.
    Raises ValueError for a line that exceeds the limits by itself.
    """
    pending = iter(lines)
    line = next(pending, None)
    number = 0
    while line is not None:
        with _ShardFile(path_of(number), limits) as file:
            while line is not None and file.has_room_for(line):
                file.add(line)
                line = next(pending, None)
            shard = file.finished(line)
        yield shard
        number += 1


def lines_within(lines: Iterable[Line], *, tokens: int, nano_usd: int) -> Iterator[Line]:
    """The first lines, as many as fit into so many tokens and so much money in all."""
    for line in lines:
        tokens -= line.tokens
        nano_usd -= line.call.reserved_nano_usd
        if tokens < 0 or nano_usd < 0:
            return
        yield line


class SentRequests:
    """What a shard asked, by custom_id: read from its file when it is asked for."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._places: dict[str, int] = {}
        place = 0
        with path.open("rb") as file:
            for line in file:
                self._places[orjson.loads(line[len(_ID) : line.index(_METHOD)])] = place
                place += len(line)

    def user(self, custom_id: str) -> str:
        """The creator's part of the question. Raises KeyError when it is not in the shard."""
        with self._path.open("rb") as file:
            file.seek(self._places[custom_id])
            messages = orjson.loads(file.readline())["body"]["messages"]
        user: str = messages[-1]["content"]
        return user


class _ShardFile:
    """A shard being written aside; it gets its name when it is whole and on the disk."""

    def __init__(self, path: Path, limits: BatchSettings) -> None:
        self._path, self._limits = path, limits
        self._aside = path.with_name(f"{path.name}.part")
        self._digest = hashlib.sha256()
        self._bytes = self._tokens = 0
        self._calls: list[CallIntent] = []

    def __enter__(self) -> "_ShardFile":
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._aside.open("wb", buffering=_BUFFER)
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def has_room_for(self, line: Line) -> bool:
        return len(self._calls) < self._limits.max_requests and self._bytes + len(line.text) <= self._limits.max_bytes

    def add(self, line: Line) -> None:
        self._file.write(line.text)
        self._digest.update(line.text)
        self._calls.append(line.call)
        self._bytes += len(line.text)
        self._tokens += line.tokens

    def finished(self, refused: Line | None) -> Shard:
        """Put the file in its place. Raises ValueError when it is empty: the next line was refused by itself."""
        if refused is not None and not self._calls:
            raise ValueError(f"{refused.call.subject}: {len(refused.text)} bytes fit no shard")
        self._file.flush()
        os.fsync(self._file.fileno())
        self._aside.replace(self._path)
        _sync_folder(self._path.parent)
        return Shard(self._path, self._digest.hexdigest(), self._bytes, self._calls, self._tokens)


def _sync_folder(folder: Path) -> None:
    """A renamed file is only there after a power cut when its folder is on the disk too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
