"""Files and batches: a batch moves one state each time it is looked at, and ends as told."""

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from tests.fake_provider import chat
from tests.fake_provider.books import Books
from tests.fake_provider.faults import REFUSALS, Faults, Refused

MOST_REQUESTS, MOST_BYTES = 50_000, 200 * 2**20
#: how a batch ends: the states it goes through
FATES = {
    "completed": ("validating", "in_progress", "finalizing", "completed"),
    "expired": ("validating", "in_progress", "expired"),
    "failed": ("validating", "failed"),
    "token_limit_exceeded": ("validating", "failed"),
    "cancelled": ("validating", "in_progress", "cancelling", "cancelled"),
}
ENDED = ("completed", "expired", "failed", "cancelled")
NO_FILE = Refused(404, None, "invalid_request_error", "No such File object.")
NO_BATCH = Refused(404, None, "invalid_request_error", "No batch found with this id.")


@dataclass
class FakeBatch:
    batch_id: str
    file_id: str
    metadata: dict[str, str]
    fate: str
    created_at: int
    state: str = "validating"
    output_file_id: str | None = None
    error_file_id: str | None = None
    faults: list[dict[str, Any]] = field(default_factory=list)
    completed: int = 0
    failed: int = 0
    total: int = 0
    tokens: int = 0


@dataclass
class Desk:
    """Takes files and batches; shares books and faults with the rest of the fake."""

    books: Books
    faults: Faults
    #: share of its requests that a batch still does when it expires or is cancelled
    done_before_the_end: float = 0.5
    #: input tokens that may be waiting at once; None: no limit
    most_enqueued_tokens: int | None = None
    #: while set, nothing moves
    is_paused: bool = False
    files: dict[str, bytes] = field(default_factory=dict)
    batches: dict[str, FakeBatch] = field(default_factory=dict)
    _fates: deque[str] = field(default_factory=deque)

    def script(self, *fates: str) -> None:
        """How the next batches end, one after another; see FATES."""
        unknown = set(fates) - set(FATES)
        if unknown:
            raise ValueError(f"no such fate: {', '.join(sorted(unknown))}")
        self._fates.extend(fates)

    # --- files ---

    def keep(self, content: bytes, purpose: str = "batch") -> dict[str, Any] | Refused:
        if len(content) > MOST_BYTES:
            return Refused(413, None, "invalid_request_error", "File is too large.")
        file_id = f"file-{len(self.files) + 1:06d}"
        self.files[file_id] = content
        return {
            "id": file_id,
            "object": "file",
            "bytes": len(content),
            "created_at": 1_760_000_000,
            "filename": f"{file_id}.jsonl",
            "purpose": purpose,
            "status": "processed",
        }

    def content(self, file_id: str) -> bytes | Refused:
        return self.files.get(file_id, NO_FILE)

    # --- batches ---

    def create(self, request: Mapping[str, Any]) -> dict[str, Any] | Refused:
        if request.get("input_file_id") not in self.files:
            return NO_FILE
        if request.get("endpoint") != "/v1/chat/completions" or request.get("completion_window") != "24h":
            return REFUSALS["bad_request"]
        number = len(self.batches) + 1
        fate = self._fates.popleft() if self._fates else "completed"
        metadata = dict(request.get("metadata") or {})
        batch = FakeBatch(f"batch_{number:06d}", request["input_file_id"], metadata, fate, 1_760_000_000 + number)
        self.batches[batch.batch_id] = batch
        return self._told(batch)

    def retrieve(self, batch_id: str) -> dict[str, Any] | Refused:
        """The batch as it stands; then it moves on."""
        batch = self.batches.get(batch_id)
        if batch is None:
            return NO_BATCH
        told = self._told(batch)
        self.advance(batch)
        return told

    def list(self, after: str | None, limit: int) -> dict[str, Any]:
        """Newest first, page by page."""
        newest = sorted(self.batches.values(), key=lambda batch: -batch.created_at)
        ids = [batch.batch_id for batch in newest]
        start = ids.index(after) + 1 if after in ids else 0
        page = newest[start : start + limit]
        return {
            "object": "list",
            "data": [self._told(batch) for batch in page],
            "first_id": page[0].batch_id if page else None,
            "last_id": page[-1].batch_id if page else None,
            "has_more": start + limit < len(newest),
        }

    def cancel(self, batch_id: str) -> dict[str, Any] | Refused:
        batch = self.batches.get(batch_id)
        if batch is None:
            return NO_BATCH
        if batch.state not in ENDED:
            batch.state, batch.fate = "cancelling", "cancelled"
        return self._told(batch)

    def advance(self, batch: FakeBatch) -> None:
        """One state further."""
        if self.is_paused or batch.state in ENDED:
            return
        if batch.state == "validating":
            self._validate(batch)
            if batch.state == "failed":
                return
        states = FATES[batch.fate]
        batch.state = states[states.index(batch.state) + 1]
        if batch.state in ENDED:
            self._work(batch)

    def finish(self, batch_id: str) -> None:
        """To the end at once."""
        while self.batches[batch_id].state not in ENDED:
            self.advance(self.batches[batch_id])

    def _validate(self, batch: FakeBatch) -> None:
        wrong = "token_limit_exceeded" if batch.fate == "token_limit_exceeded" else ""
        wrong = wrong or ("invalid_request" if batch.fate == "failed" else "")
        lines = [] if wrong else list(_lines(self.files[batch.file_id]))
        wrong = wrong or _mistake(lines)
        batch.tokens = 0 if wrong else sum(len(orjson.dumps(line["body"])) // 4 for line in lines)
        live = sum(other.tokens for other in self.batches.values() if other.state not in ENDED)
        if self.most_enqueued_tokens is not None and live > self.most_enqueued_tokens:
            wrong = wrong or "token_limit_exceeded"
        batch.total = len(lines)
        if wrong:
            batch.state, batch.tokens = "failed", 0
            batch.faults = [{"code": wrong, "message": f"{wrong}: see the documentation", "line": None, "param": None}]

    def _work(self, batch: FakeBatch) -> None:
        """Do the lines, in an order of its own, and write the two files."""
        lines = sorted(_lines(self.files[batch.file_id]), key=lambda line: _hash(line["custom_id"].encode()))
        cut = len(lines) if batch.state == "completed" else int(len(lines) * self.done_before_the_end)
        answers = [self._answer(line) for line in lines[:cut]]
        good = [answer for answer in answers if answer["response"]["status_code"] == 200]
        bad = [answer for answer in answers if answer["response"]["status_code"] != 200]
        bad += [_undone(line, f"batch_{batch.state}") for line in lines[cut:]]
        batch.completed, batch.failed, batch.tokens = len(good), len(bad), 0
        batch.output_file_id = self._write(good)
        batch.error_file_id = self._write(bad)

    def _answer(self, line: Mapping[str, Any]) -> dict[str, Any]:
        key = _hash(orjson.dumps(line["body"]))
        fault = self.faults.next("batch", key)
        self.books.seen.update(["batch", f"batch:{fault or 'ok'}"])
        refused = REFUSALS.get(fault)
        reply = refused or chat.complete(line["body"], key, fault, endpoint="batch")
        if isinstance(reply, Refused):
            status, body = reply.status, {"error": {"message": reply.message, "type": reply.kind, "code": reply.code}}
        else:
            self.books.bill([reply.bill])
            status, body = 200, reply.body
        response = {"status_code": status, "request_id": f"req_{key[:16]}", "body": body}
        return {"id": f"batch_req_{key[:16]}", "custom_id": line["custom_id"], "response": response, "error": None}

    def _write(self, answers: Iterable[Mapping[str, Any]]) -> str | None:
        content = b"".join(orjson.dumps(answer) + b"\n" for answer in answers)
        kept = self.keep(content, "batch_output") if content else None
        return kept["id"] if isinstance(kept, dict) else None

    def _told(self, batch: FakeBatch) -> dict[str, Any]:
        return {
            "id": batch.batch_id,
            "object": "batch",
            "endpoint": "/v1/chat/completions",
            "errors": {"object": "list", "data": batch.faults} if batch.faults else None,
            "input_file_id": batch.file_id,
            "completion_window": "24h",
            "status": batch.state,
            "output_file_id": batch.output_file_id,
            "error_file_id": batch.error_file_id,
            "created_at": batch.created_at,
            "request_counts": {"total": batch.total, "completed": batch.completed, "failed": batch.failed},
            "metadata": batch.metadata,
        }


def _lines(content: bytes) -> Iterator[dict[str, Any]]:
    for line in content.splitlines():
        try:
            yield orjson.loads(line)
        except orjson.JSONDecodeError:
            yield {}


def _mistake(lines: list[dict[str, Any]]) -> str:
    """The code of what is wrong with a whole file; empty: nothing."""
    if not lines:
        return "empty_file"
    if len(lines) > MOST_REQUESTS:
        return "too_many_tasks"
    if any(set(line) != {"custom_id", "method", "url", "body"} or line["method"] != "POST" for line in lines):
        return "invalid_json_line"
    if len({line["custom_id"] for line in lines}) < len(lines):
        return "duplicate_custom_id"
    if len({line["body"].get("model") for line in lines}) > 1:
        return "mismatched_model"
    return ""


def _undone(line: Mapping[str, Any], code: str) -> dict[str, Any]:
    error = {"code": code, "message": "This request could not be executed before the batch ended."}
    return {"id": "batch_req_none", "custom_id": line["custom_id"], "response": None, "error": error}


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
