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
from providers.openai_errors import as_provider_errors

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
        raise ConfigError(
            f"{self.base_url!r} is not an https:// address",
            hint="only a server on this machine (127.0.0.1, localhost) may be asked over plain http",
        )

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

    def __init__(self, endpoint: Endpoint, model: str, client: AsyncOpenAI | None = None) -> None:
        """client: another one than `connect` makes, for tests. It belongs to the event loop it is first used in."""
        self.provider, self.model = endpoint.provider, model
        self._timeout_seconds = endpoint.timeout_seconds
        self.client = client or connect(endpoint)

    async def post(self, path: str, body: Mapping[str, Any]) -> Reply:
        """One attempt. Raises a ProviderError."""
        with as_provider_errors(self.provider, self.model):
            async with asyncio.timeout(self._timeout_seconds):  # the transport's own limit starts anew with every byte
                response = await self.client.post(
                    path,
                    cast_to=httpx2.Response,
                    content=orjson.dumps(body),
                    options={"headers": JSON, "security": {"bearer_auth": True}},
                )
        return Reply(self._parsed(response), response.headers)

    async def close(self) -> None:
        await self.client.close()

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


def connect(endpoint: Endpoint, http_client: httpx2.AsyncClient | None = None) -> AsyncOpenAI:
    """The vendor's client on the aiohttp transport; its own retries are off, for no ledger would see them."""
    limits = httpx2.Limits(max_connections=endpoint.connections, max_keepalive_connections=endpoint.connections)
    # A redirect is refused: it would carry the texts to an address that nobody chose.
    http_client = http_client or DefaultAioHttpClient(
        verify=_trust(), limits=limits, timeout=endpoint.timeout_seconds, follow_redirects=False
    )
    key = endpoint.api_key.get_secret_value() if endpoint.api_key else ""
    return AsyncOpenAI(base_url=endpoint.base_url, api_key=key, max_retries=0, http_client=http_client)


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
