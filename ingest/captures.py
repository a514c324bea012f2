"""API answers → entities: an envelope per line as the fetcher wrote it, or a bare answer."""

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from base.clock import from_micros
from ingest import platforms
from ingest.adapter import Adapter, Draft, Json
from ingest.fields import FieldError, instant, platform_name
from ingest.records import Entity, RejectedRow, build_record, rejections

#: the platform's own word for an error → what to do about it
_HINTS = {
    "quotaExceeded": "the quota is spent until midnight Pacific: fetch again tomorrow",
    "rateLimitExceeded": "fetch again, more slowly",
    "OAuthException": "renew the access token or its permissions, then fetch again",
}


def is_envelope(value: Any) -> bool:
    return isinstance(value, dict) and "endpoint" in value and ("body" in value or "status" in value)


def read_envelope(envelope: Json, line: int, default_fetched_at: int) -> Iterator[Entity | RejectedRow]:
    """The entities of one captured answer; an answer that is an error is one RejectedRow."""
    try:
        platform = platform_name(envelope.get("platform"))
        adapter = _adapter(platform)
        endpoint = str(envelope["endpoint"])
        fetched_at = instant(envelope.get("fetched_at")) or default_fetched_at
        _check_answer(adapter, endpoint, envelope)
    except FieldError as error:
        yield RejectedRow(line, "", "", str(error), error.hint)
        return
    yield from _read(adapter, endpoint, envelope["body"], line, "/body", fetched_at)


def read_response(body: Any, line: int, fetched_at: int) -> Iterator[Entity | RejectedRow]:
    """The entities of a bare answer, whose platform and endpoint show in its shape."""
    if isinstance(body, dict) and "error" in body:
        error = _api_error(body, None)
        yield RejectedRow(line, "", "", str(error), error.hint)
        return
    found = platforms.recognise(body) if isinstance(body, dict) else None
    if found is None:
        hint = f"known are answers of {', '.join(platforms.platforms())}; name the endpoint in an envelope"
        yield RejectedRow(line, "", "", "no known platform answers in this form", hint)
        return
    adapter, endpoint = found
    yield from _read(adapter, endpoint, body, line, "", fetched_at)


def _read(
    adapter: Adapter, endpoint: str, body: Json, line: int, prefix: str, fetched_at: int
) -> Iterator[Entity | RejectedRow]:
    try:
        for found in adapter.parse(endpoint, body, from_micros(fetched_at)):
            yield from _checked(found, line, prefix, fetched_at)
    except FieldError as error:  # the answer as a whole has the wrong shape
        yield RejectedRow(line, prefix, "", str(error), error.hint)


def _checked(found: Draft | RejectedRow, line: int, prefix: str, fetched_at: int) -> list[Entity] | list[RejectedRow]:
    pointer = prefix + found.pointer
    if isinstance(found, RejectedRow):
        return [RejectedRow(line, pointer, found.field, found.reason, found.hint)]
    try:
        return [Entity(build_record(found.kind, found.values), line, pointer, fetched_at)]
    except ValidationError as error:
        return rejections(error, line, pointer)


def _adapter(platform: str) -> Adapter:
    adapter = platforms.adapter_for(platform)
    if adapter is None:
        known = ", ".join(platforms.platforms())
        raise FieldError(f"no adapter for answers of {platform}", f"known are {known}; deliver others as a rows file")
    return adapter


def _check_answer(adapter: Adapter, endpoint: str, envelope: Json) -> None:
    body, status = envelope.get("body"), envelope.get("status", 200)
    if isinstance(body, dict) and "error" in body:
        raise _api_error(body, status)
    if status != 200:
        raise FieldError(f"the platform answered {status}", "fetch it again")
    if not isinstance(body, dict):
        raise FieldError(f"body is a {type(body).__name__}, not an object", "the answer is damaged: fetch it again")
    if endpoint not in adapter.endpoints:
        known = ", ".join(sorted(adapter.endpoints))
        raise FieldError(f"unknown endpoint {endpoint!r} of {adapter.platform}", f"known are {known}")


def _api_error(body: Json, status: Any) -> FieldError:
    """YouTube names a reason per error, the Graph API a type."""
    error = body["error"] if isinstance(body["error"], dict) else {"message": body["error"]}
    details = error.get("errors")
    first = details[0] if isinstance(details, list) and details and isinstance(details[0], dict) else {}
    word = str(first.get("reason") or error.get("type") or error.get("status") or error.get("code") or "error")
    code = status if status not in (None, 200) else error.get("code", "an error")
    return FieldError(
        f"the platform answered {code}: {word}", _HINTS.get(word, "see the raw payload, then fetch it again")
    )
