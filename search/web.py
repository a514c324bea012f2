"""The service as HTTP: the app, what surrounds every request, and errors as answers.

Nothing here loads a page from elsewhere, and nothing is open to another machine unless it is asked to be.
"""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.trustedhost import TrustedHostMiddleware
from fastapi.responses import JSONResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from base.errors import BudgetExhausted, ConfigError, EngineError, ProviderError, SnapshotError, StaleCursor
from search.access import Forbidden, Unauthorised
from search.answers import ErrorAnswer
from search.api import api
from search.live import Poll
from search.pages import error_page, pages
from search.service import Service

STATIC = Path(__file__).parent / "static"
STATUS: dict[type[EngineError], int] = {
    ConfigError: 400, Unauthorised: 401, Forbidden: 403, StaleCursor: 410, SnapshotError: 503,
    ProviderError: 503, BudgetExhausted: 503,  # a vendor's encoder that cannot be asked now
}  # fmt: skip
SECURITY_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


def create_app(service: Service) -> FastAPI:
    """The app over an open service; it looks for newer snapshots while it runs."""

    @asynccontextmanager
    async def running(_app: FastAPI) -> AsyncIterator[None]:
        poll = Poll(service.live.refresh, service.options.refresh_seconds)
        poll.start()
        yield
        poll.stop()
        service.live.close()

    # The usual documentation pages load scripts from elsewhere: /openapi.json is all there is.
    app = FastAPI(title="creatordex", docs_url=None, redoc_url=None, lifespan=running, openapi_url="/openapi.json")
    app.state.service = service
    app.include_router(api)
    app.include_router(pages)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_exception_handler(EngineError, _on_engine_error)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(service.options.hosts), www_redirect=False)
    app.add_middleware(Surrounding, service=service)
    return app


class Surrounding:
    """Security headers on every answer, and every request counted and timed by its route."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app = app
        self._metrics = service.metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500
        began = time.perf_counter()

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [(name.encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]
                message["headers"] = [*message.get("headers", []), *headers]
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        finally:
            self._count(scope, status, time.perf_counter() - began)

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        # By route, never by address: an address holds what somebody searched for.
        route = getattr(scope.get("route"), "path", "other")
        self._metrics.count("requests_total", "Requests by route and status.", route=route, status=str(status))
        self._metrics.observe("request_seconds", seconds, "Time to answer a request.", route=route)


def _on_engine_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, EngineError)  # as registered
    status = next((status for kind, status in STATUS.items() if isinstance(error, kind)), 500)
    return _answer(request, status, ErrorAnswer(error=type(error).__name__, message=error.message, hint=error.hint))


def _on_invalid_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    mistakes = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
    return _answer(request, 422, ErrorAnswer(error="InvalidRequest", message="; ".join(mistakes), hint="/openapi.json"))


def _on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    answer = ErrorAnswer(error="HTTPError", message=str(error.detail))
    return _answer(request, error.status_code, answer, dict(error.headers or {}))


def _answer(request: Request, status: int, answer: ErrorAnswer, headers: dict[str, str] | None = None) -> Response:
    given = headers or {}
    if status == 401:
        given["www-authenticate"] = 'Basic realm="creatordex", charset="UTF-8"'
    if request.url.path == "/" or request.url.path.startswith("/creators/"):
        return error_page(status, answer, given)
    return JSONResponse(answer.model_dump(), status, given)
