"""The line to an OpenAI-compatible server: for chat, embeddings and batches alike, one attempt each, never a retry."""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import httpx2
import orjson
from openai import AsyncOpenAI, DefaultAioHttpClient
from pydantic import SecretStr

from base.errors import ConfigError, ProviderUnavailable
from providers.openai_errors import as_provider_errors, failure

OPENAI_URL = "https://api.openai.com/v1"
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to ask, and as whom."""

    base_url: str = OPENAI_URL
    #: None: the server wants none
    api_key: SecretStr | None = None
    #: for one answer, from first byte sent to last byte read
    timeout_seconds: float = 120
    #: most at once
    connections: int = 128

    def __post_init__(self) -> None:
        """Raises ConfigError for an address that would carry key and texts in the clear over a network."""
        parts = urlsplit(self.base_url)
        if parts.scheme == "https" and parts.hostname:
            return
        if parts.scheme == "http" and _is_loopback(parts.hostname or ""):
            return
        raise ConfigError(  # the whole address may hold a password
            f"{parts.scheme}://{parts.hostname or ''} is not an https:// address",
            hint="only a server on this machine (127.0.0.1, localhost) may be asked over plain http",
        )

    @property
    def authorization(self) -> dict[str, str]:
        """The header that says who asks."""
        return {"Authorization": f"Bearer {self.api_key.get_secret_value()}"} if self.api_key else {}

    @property
    def provider(self) -> str:
        """Who is asked, for errors: `openai`, or the host's name."""
        return "openai" if self.base_url == OPENAI_URL else urlsplit(self.base_url).hostname or self.base_url


@dataclass(frozen=True, slots=True)
class Reply:
    """A response that is no error."""

    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)


class Line:
    """Posts to one endpoint on behalf of one model."""

    def __init__(self, endpoint: Endpoint, model: str, client: httpx2.AsyncClient | None = None) -> None:
        """client: another one than `transport` makes, for tests. It belongs to the event loop it is first used in."""
        self.provider, self.model = endpoint.provider, model
        self._base_url, self._timeout_seconds = endpoint.base_url.rstrip("/"), endpoint.timeout_seconds
        self._headers = httpx2.Headers(JSON | endpoint.authorization)
        self._client = client or transport(endpoint)
        self._urls: dict[str, httpx2.URL] = {}

    async def post(self, path: str, body: Mapping[str, Any]) -> Reply:
        """One attempt. Raises a ProviderError."""
        # Straight over the library's transport: its own `post` takes as much processor time again to make the request.
        request = httpx2.Request("POST", self._url(path), headers=self._headers, content=orjson.dumps(body))
        with as_provider_errors(self.provider, self.model):
            async with asyncio.timeout(self._timeout_seconds):  # the transport's own limit starts anew with every byte
                response = await self._client.send(request)
        if not response.is_success:
            told = {"provider": self.provider, "model": self.model}
            raise failure(response.status_code, _error_in(response), response.headers, **told)
        return Reply(self._parsed(response), response.headers)

    async def close(self) -> None:
        await self._client.aclose()

    def _url(self, path: str) -> httpx2.URL:
        if path not in self._urls:
            self._urls[path] = httpx2.URL(self._base_url + path)
        return self._urls[path]

    def _parsed(self, response: httpx2.Response) -> Mapping[str, Any]:
        try:
            body = orjson.loads(response.content)
        except orjson.JSONDecodeError:
            body = None
        if isinstance(body, dict):
            return body
        raise ProviderUnavailable(
            f"{self.provider} answered 200, and not with JSON",
            provider=self.provider,
            model=self.model,
            request_id=response.headers.get("x-request-id"),
            is_outcome_unknown=True,
        )


def transport(endpoint: Endpoint) -> httpx2.AsyncClient:
    """The library's aiohttp transport."""
    limits = httpx2.Limits(max_connections=endpoint.connections, max_keepalive_connections=endpoint.connections)
    # A redirect is refused: it would carry the texts to an address that nobody chose.
    return DefaultAioHttpClient(
        verify=_trust(), limits=limits, timeout=endpoint.timeout_seconds, follow_redirects=False
    )


def connect(endpoint: Endpoint) -> AsyncOpenAI:
    """The vendor's client over it, for files and batches; its own retries are off, for no ledger would see them."""
    key = endpoint.api_key.get_secret_value() if endpoint.api_key else ""
    return AsyncOpenAI(base_url=endpoint.base_url, api_key=key, max_retries=0, http_client=transport(endpoint))


def _error_in(response: httpx2.Response) -> Mapping[str, Any]:
    """The error object of a response; what somebody in between wrote there, when it is not the vendor's."""
    try:
        body = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return {"message": response.text}
    error = body.get("error") if isinstance(body, dict) else None
    return error if isinstance(error, dict) else {"message": str(error or "")}


@cache
def _trust() -> ssl.SSLContext:
    """The machine's trusted authorities: reading them takes a tenth of a second, so it is done once."""
    return httpx2.create_ssl_context()


def _is_loopback(host: str) -> bool:
    """
    >>> _is_loopback("127.0.0.1"), _is_loopback("localhost"), _is_loopback("10.0.0.7"), _is_loopback("localhost.evil")
    (True, True, False, False)
    """
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
