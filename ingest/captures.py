"""API answers → entities: an envelope per line as the fetcher wrote it, or a bare answer."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from base.clock import from_micros
from ingest import errors, platforms
from ingest.adapter import NO_REQUEST, Adapter, Draft, Json
from ingest.fields import FieldError, instant, platform_name
from ingest.records import Entity, RejectedRow, build_record, rejections


def is_envelope(value: Any) -> bool:
    return isinstance(value, dict) and "endpoint" in value and ("body" in value or "status" in value)


def read_envelope(envelope: Json, line: int, default_fetched_at: int) -> Iterator[Entity | RejectedRow]:
    """The entities of one captured answer; an answer that is an error is one RejectedRow."""
    try:
        platform = platform_name(envelope.get("platform"))
        adapter = _adapter(platform)
        endpoint = str(envelope["endpoint"])
        fetched_at = instant(envelope.get("fetched_at")) or default_fetched_at
        _check_answer(adapter, endpoint, envelope, fetched_at)
    except FieldError as error:
        yield RejectedRow(line, "", "", str(error), error.hint)
        return
    request = envelope.get("request")
    asked = request if isinstance(request, dict) else NO_REQUEST
    yield from _read(adapter, endpoint, envelope["body"], line, "/body", fetched_at, asked)


def read_response(body: Any, line: int, fetched_at: int) -> Iterator[Entity | RejectedRow]:
    """The entities of a bare answer, whose platform and endpoint show in its shape."""
    found = platforms.recognise(body) if isinstance(body, dict) else None
    platform = found[0].platform if found else errors.platform_of(body) if isinstance(body, dict) else None
    if errors.is_error(platform, body):
        error = _api_error(platform or "an unknown platform", None, {}, body, fetched_at)
        yield RejectedRow(line, "", "", str(error), error.hint)
        return
    if found is None:
        hint = f"known are answers of {', '.join(platforms.platforms())}; name the endpoint in an envelope"
        yield RejectedRow(line, "", "", "no known platform answers in this form", hint)
        return
    adapter, endpoint = found
    yield from _read(adapter, endpoint, body, line, "", fetched_at)


def _read(
    adapter: Adapter,
    endpoint: str,
    body: Json,
    line: int,
    prefix: str,
    fetched_at: int,
    request: Mapping[str, Any] = NO_REQUEST,
) -> Iterator[Entity | RejectedRow]:
    try:
        for found in adapter.parse(endpoint, body, from_micros(fetched_at), request):
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


def _check_answer(adapter: Adapter, endpoint: str, envelope: Json, fetched_at: int) -> None:
    body, status = envelope.get("body"), _status(envelope.get("status", 200))
    if status != 200 or errors.is_error(adapter.platform, body):
        headers = envelope.get("headers")
        kept = headers if isinstance(headers, dict) else {}
        raise _api_error(adapter.platform, None if status == 200 else status, kept, body, fetched_at)
    if not isinstance(body, dict):
        raise FieldError(f"body is a {type(body).__name__}, not an object", "the answer is damaged: fetch it again")
    if endpoint not in adapter.endpoints:
        known = ", ".join(sorted(adapter.endpoints))
        raise FieldError(f"unknown endpoint {endpoint!r} of {adapter.platform}", f"known are {known}")


def _status(value: Any) -> int | None:
    return int(value) if isinstance(value, int) or (isinstance(value, str) and value.isdecimal()) else None


def _api_error(platform: str, status: int | None, headers: Json, body: Any, fetched_at: int) -> FieldError:
    """The reason is the class, which reports count, and the platform's own word; the hint says when to come back."""
    error = errors.classify(platform, status, headers, body, from_micros(fetched_at))
    return FieldError(f"{platform} {error.error_class}: {error.word}", error.hint)
