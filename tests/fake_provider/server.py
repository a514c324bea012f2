"""The fake provider on a real socket: `fake_provider()` runs it in a thread of a test; `python -m` runs it alone.

The way of a request: what does it meet (faults, limits)? → wait → do it and bill it → answer, or let the line break.
"""

import asyncio
import hashlib
import re
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import BodyPartReader, web

from tests.fake_provider import chat, embeddings
from tests.fake_provider.batches import Desk
from tests.fake_provider.books import Books
from tests.fake_provider.faults import BROKEN_LINES, REFUSALS, Faults, Refused
from tests.fake_provider.limits import Limits

JSON = {"Content-Type": "application/json"}
PROXY_PAGE = b"<html><body>upstream took too long</body></html>"


@dataclass
class FakeProvider:
    """What the server does; may be changed while it runs."""

    latency_seconds: float = 0.0
    #: asked for in `retry-after` when a request is refused by rate
    retry_after_seconds: float = 0.05
    faults: Faults = field(default_factory=Faults)
    limits: Limits = field(default_factory=Limits)
    books: Books = field(default_factory=Books)
    #: files and batches
    desk: Desk = field(init=False)
    #: set by `fake_provider`: where it listens, e.g. http://127.0.0.1:4711/v1
    url: str = ""

    def __post_init__(self) -> None:
        self.desk = Desk(self.books, self.faults)

    def script(self, endpoint: str, *faults: str) -> None:
        """What the next requests of an endpoint meet; see `faults`. Endpoints are named in `_ENDPOINTS`."""
        self.faults.script(endpoint, faults)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """One request, from first byte to last."""
        endpoint, target = _endpoint(request.method, request.path)
        raw = await (_file_of(request) if endpoint == "files.create" else request.content.read())
        if endpoint == "control":
            return _json(self._control(target, raw))
        if not request.headers.get("Authorization", "").startswith("Bearer "):
            return self._refuse(REFUSALS["unauthorized"], raw)
        key = hashlib.sha256(raw).hexdigest()
        fault = self.faults.next(endpoint, key)
        books = self.books
        books.seen.update([endpoint, f"{endpoint}:{fault or 'ok'}"])
        books.in_flight += 1
        books.most_in_flight = max(books.most_in_flight, books.in_flight)
        try:
            return await self._answer(request, _Call(endpoint, target, raw, key, fault, request.query))
        finally:
            books.in_flight -= 1

    async def _answer(self, request: web.BaseRequest, call: "_Call") -> web.StreamResponse:
        raw, fault = call.raw, call.fault
        if self.latency_seconds:
            await asyncio.sleep(self.latency_seconds)
        if fault in REFUSALS:
            return self._refuse(REFUSALS[fault], raw)
        if fault == "hang":
            await asyncio.Event().wait()
        if call.endpoint in LIMITED and not self.limits.take(-(-len(raw) // 4)):
            return self._refuse(REFUSALS["rate_limit"], raw)
        reply = self._act(call)
        if isinstance(reply, Refused):
            return self._refuse(reply, raw)
        body = reply if isinstance(reply, bytes) else orjson.dumps(reply)
        if fault in BROKEN_LINES:
            return await _break_line(request, body, fault)
        return web.Response(body=body, headers=self._headers(call.key))

    def _act(self, call: "_Call") -> dict[str, Any] | bytes | Refused:
        """Do what is asked, and bill it."""
        desk = self.desk
        match call.endpoint:
            case "chat":
                return self._billed(chat.complete(call.json(), call.key, call.fault))
            case "embeddings":
                return self._billed(embeddings.embed(call.json(), call.key, call.fault))
            case "files.create":
                return desk.keep(call.raw)
            case "files.content":
                return desk.content(call.target)
            case "batches.create":
                return desk.create(call.json())
            case "batches.list":
                return desk.list(call.query.get("after"), int(call.query.get("limit", "20")))
            case "batches.retrieve":
                return desk.retrieve(call.target)
            case "batches.cancel":
                return desk.cancel(call.target)
        return REFUSALS["not_found"]

    def _billed(self, reply: chat.Reply | Refused) -> dict[str, Any] | Refused:
        if isinstance(reply, Refused):
            return reply
        self.books.bill([reply.bill])
        return reply.body

    def _refuse(self, refused: Refused, raw: bytes) -> web.Response:
        headers = self._headers(hashlib.sha256(raw).hexdigest())
        if refused.code == "rate_limit_exceeded":
            headers |= {
                "retry-after": f"{self.retry_after_seconds:g}",
                "retry-after-ms": f"{self.retry_after_seconds * 1000:g}",
            }
        error = {"message": refused.message, "type": refused.kind, "param": None, "code": refused.code}
        return web.Response(status=refused.status, body=orjson.dumps({"error": error}), headers=headers)

    def _headers(self, key: str) -> dict[str, str]:
        return JSON | {"x-request-id": f"req_{key[:16]}"} | self.limits.headers()

    def _control(self, target: str, raw: bytes) -> Any:
        """For another process. `/fake/books` and `/fake/calls` tell what was billed; `/fake/settings` takes JSON:

        latency_seconds, retry_after_seconds, rates {fault: share}, script {endpoint: [fault, …]}, fates [fate, …],
        finish [batch id, …] (to their end, at once).
        """
        if target == "books":
            return self.books.summary()
        if target == "calls":
            return self.books.entries()
        wanted = orjson.loads(raw)
        for endpoint, names in wanted.pop("script", {}).items():
            self.script(endpoint, *names)
        self.desk.script(*wanted.pop("fates", ()))
        for batch_id in wanted.pop("finish", ()):
            self.desk.finish(batch_id)
        if "rates" in wanted:
            self.faults.set_rates(wanted.pop("rates"))
        for name in ("latency_seconds", "retry_after_seconds"):
            setattr(self, name, wanted.pop(name, getattr(self, name)))
        return {"unknown": sorted(wanted)}


@dataclass(frozen=True, slots=True)
class _Call:
    """One request, read."""

    endpoint: str
    #: the id that the path names
    target: str
    raw: bytes
    key: str
    fault: str
    query: Mapping[str, str]

    def json(self) -> dict[str, Any]:
        body = orjson.loads(self.raw)
        return body if isinstance(body, dict) else {}


#: what counts towards requests and tokens per minute
LIMITED = ("chat", "embeddings")
_ENDPOINTS = (
    ("chat", "POST", r"/v1/chat/completions"),
    ("embeddings", "POST", r"/v1/embeddings"),
    ("files.create", "POST", r"/v1/files"),
    ("files.content", "GET", r"/v1/files/([^/]+)/content"),
    ("batches.create", "POST", r"/v1/batches"),
    ("batches.list", "GET", r"/v1/batches"),
    ("batches.retrieve", "GET", r"/v1/batches/([^/]+)"),
    ("batches.cancel", "POST", r"/v1/batches/([^/]+)/cancel"),
)


def _endpoint(method: str, path: str) -> tuple[str, str]:
    """The endpoint's name, and the id or word that the path names."""
    if path.startswith("/fake/"):
        return "control", path.removeprefix("/fake/")
    for name, verb, pattern in _ENDPOINTS:
        if method == verb and (found := re.fullmatch(pattern, path)):
            return name, found.group(1) if found.groups() else ""
    return "unknown", ""


async def _file_of(request: web.BaseRequest) -> bytes:
    """The file in a multipart form."""
    parts = await request.multipart()
    while (part := await parts.next()) is not None:
        if isinstance(part, BodyPartReader) and part.name == "file":
            return bytes(await part.read())
        if isinstance(part, BodyPartReader):
            await part.read()
    return b""


def _json(value: Any) -> web.Response:
    return web.Response(body=orjson.dumps(value), headers=JSON)


async def _break_line(request: web.BaseRequest, body: bytes, fault: str) -> web.StreamResponse:
    """The work is done and billed; what comes back is nothing, half of it, or something else."""
    if fault == "not_json":
        return web.Response(body=PROXY_PAGE, headers={"Content-Type": "text/html"})
    response = web.StreamResponse(headers=JSON | {"Content-Length": str(len(body))})
    if fault == "cut":
        await response.prepare(request)
        await response.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response


# --- running it -------------------------------------------------------------------------------------------------


@asynccontextmanager
async def serving(fake: FakeProvider, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[FakeProvider]:
    """The fake listening in this event loop; `fake.url` says where."""
    server = web.Server(fake.handle, access_log=None, handler_cancellation=True)
    runner = web.ServerRunner(server, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, host, port, backlog=4096).start()
    fake.url = f"http://{host}:{runner.addresses[0][1]}/v1"
    try:
        yield fake
    finally:
        await runner.cleanup()


@contextmanager
def fake_provider(**options: Any) -> Iterator[FakeProvider]:
    """The fake in a thread of its own: a client under test may block this one."""
    fake = FakeProvider(**options)
    loop, ready, stop = asyncio.new_event_loop(), threading.Event(), asyncio.Event()

    async def run() -> None:
        async with serving(fake):
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),), daemon=True)
    thread.start()
    ready.wait(timeout=10)
    try:
        yield fake
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(timeout=10)
        loop.close()
