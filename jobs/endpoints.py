"""Where paid providers are asked, and as whom: the one place that looks for a key, and only when one was selected."""

import os
from pathlib import Path
from typing import Protocol

from pydantic import SecretStr

from base.errors import ConfigError
from providers.openai_client import OPENAI_URL, Endpoint

#: what the vendor's own tools read; by itself it selects nothing
KEY_VARIABLE = "OPENAI_API_KEY"


class EndpointKnobs(Protocol):
    """The settings of a section that names a provider on the network."""

    @property
    def base_url(self) -> str | None: ...
    @property
    def api_key(self) -> SecretStr | None: ...
    @property
    def api_key_file(self) -> Path | None: ...


def endpoint_of(knobs: EndpointKnobs, *, connections: int = 16, timeout_seconds: float = 120) -> Endpoint:
    """The endpoint that settings describe.

    Raises ConfigError when the address would carry the key in the clear, or when OpenAI is asked without a key.
    """
    base_url = knobs.base_url or OPENAI_URL
    key = knobs.api_key or _key_in(knobs.api_key_file) or _key_in_environment(base_url)
    if key is None and base_url == OPENAI_URL:
        raise ConfigError("no key for OpenAI", hint=f"set api_key_file, or the variable {KEY_VARIABLE}")
    return Endpoint(base_url, key, timeout_seconds, connections)


def _key_in(path: Path | None) -> SecretStr | None:
    if path is None:
        return None
    try:
        return SecretStr(path.read_text(encoding="utf-8").strip())
    except OSError as error:
        raise ConfigError(f"cannot read the key in {path}: {error.strerror}") from error


def _key_in_environment(base_url: str) -> SecretStr | None:
    """OpenAI's key is for OpenAI: no other server is shown it."""
    key = os.environ.get(KEY_VARIABLE)
    return SecretStr(key) if key and base_url == OPENAI_URL else None
