"""A vendor's batch service in memory: it outlives the processes that talk to it, and knows what it was paid for."""

import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from base.errors import AnswerTruncated, ProviderError, ProviderRefused, ProviderUnavailable, RateLimited
from base.usage import LLMUsage
from providers.llm import LLMAnswer, LLMRequest
from providers.llm_batches import Batch, BatchFault, BatchStatus

INPUT_TOKENS, OUTPUT_TOKENS = 1_000, 100


class Killed(BaseException):
    """The process is gone."""


class BatchService:
    """script: the user part of a request → the text of the answer, a `cut` one, or a status code."""

    id, model, endpoint = "cheap/none", "cheap", "/v1/chat/completions"

    def __init__(self, script: Callable[[str], str | int | None]) -> None:
        self._script = script
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, Batch] = {}
        #: what `run` makes of a batch, e.g. an expiry after so many requests
        self.outcome: Callable[[Batch], tuple[BatchStatus, int | None]] = lambda _batch: ("completed", None)
        #: custom_id → how often it was answered, which is what is paid for
        self.paid: Counter[str] = Counter()
        #: errors for the next calls, by method
        self.faults: dict[str, list[ProviderError]] = {}
        #: called before and after each call does its work
        self.crashpoint: Callable[[str], None] = lambda _place: None

    # --- what the engine calls ---

    def body(self, request: LLMRequest) -> dict[str, Any]:
        messages = [{"role": "system", "content": request.system}, {"role": "user", "content": request.user}]
        return {"model": self.model, "messages": messages, "max_completion_tokens": request.max_output_tokens}

    def read(self, status_code: int, body: Mapping[str, Any]) -> LLMAnswer:
        match status_code:
            case 200:
                usage = LLMUsage(input_tokens=INPUT_TOKENS, output_tokens=OUTPUT_TOKENS)
                if body["text"] is None:
                    raise AnswerTruncated(provider="test", usage=usage)
                return LLMAnswer(body["text"], usage, "req")
            case 429:
                raise RateLimited(provider="test")
            case 400:
                raise ProviderRefused(provider="test")
            case _:
                raise ProviderUnavailable(provider="test")

    async def upload(self, path: Path) -> str:
        self._enter("upload")
        file_id = self._file(path.read_bytes())
        self.crashpoint("uploaded")
        return file_id

    async def create(self, file_id: str, metadata: Mapping[str, str]) -> Batch:
        late = next((error for error in self.faults.get("create", []) if error.is_outcome_unknown), None)
        if late is None:
            self._enter("create")
        batch = Batch(f"batch_{len(self.batches)}", "validating", dict(metadata), file_id)
        self.batches[batch.batch_id] = batch
        self.crashpoint("created")
        if late is not None:
            self._enter("create")
        return batch

    async def retrieve(self, batch_id: str) -> Batch:
        self._enter("retrieve")
        return self.batches[batch_id]

    async def list(self) -> AsyncIterator[Batch]:
        self._enter("list")
        for batch in reversed(self.batches.values()):
            yield batch

    async def download(self, file_id: str, path: Path) -> None:
        self._enter("download")
        path.write_bytes(self.files[file_id])
        self.crashpoint("downloaded")

    async def cancel(self, batch_id: str) -> Batch:
        raise NotImplementedError

    async def close(self) -> None:
        """Nothing is open."""

    # --- what the vendor does meanwhile ---

    def run(self) -> None:
        """Work off every batch that waits."""
        for batch in self.batches.values():
            if batch.status == "validating":
                self._run(batch)

    def refuse(self, code: str) -> None:
        """Take nothing of the batches that wait."""
        for batch in list(self.batches.values()):
            if batch.status == "validating":
                self.batches[batch.batch_id] = replace(batch, status="failed", faults=(BatchFault(code),))

    @property
    def submitted(self) -> Counter[tuple[str, str]]:
        """Batch key and sha256 → how many batches were made of it."""
        return Counter((batch.metadata["batch"], batch.metadata["sha256"]) for batch in self.batches.values())

    def _run(self, batch: Batch) -> None:
        status, most = self.outcome(batch)
        lines = [orjson.loads(line) for line in self.files[batch.input_file_id].splitlines()]
        random.Random(batch.batch_id).shuffle(lines)
        ran, left = (lines, []) if most is None else (lines[:most], lines[most:])
        answers, errors = [], [_line(line, error="batch_expired") for line in left]
        for line in ran:
            said = self._script(line["body"]["messages"][-1]["content"])
            if isinstance(said, int):
                errors.append(_line(line, status_code=said))
            else:
                self.paid[line["custom_id"]] += 1
                answers.append(_line(line, status_code=200, body={"text": said}))
        self.batches[batch.batch_id] = replace(
            batch,
            status=status,
            output_file_id=self._file(b"".join(answers)) if answers else None,
            error_file_id=self._file(b"".join(errors)) if errors else None,
            completed=len(answers),
            failed=len(lines) - len(answers),
            total=len(lines),
        )

    def _file(self, data: bytes) -> str:
        self.files[f"file_{len(self.files)}"] = data
        return f"file_{len(self.files) - 1}"

    def _enter(self, method: str) -> None:
        self.crashpoint(method)
        if self.faults.get(method):
            raise self.faults[method].pop(0)


def _line(request: dict[str, Any], *, status_code: int | None = None, body: Any = None, error: str = "") -> bytes:
    response = None if status_code is None else {"status_code": status_code, "request_id": "req", "body": body or {}}
    line = {"custom_id": request["custom_id"], "response": response, "error": {"code": error} if error else None}
    return orjson.dumps(line) + b"\n"
