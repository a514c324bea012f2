"""API answers → entities: an envelope per line as the fetcher wrote it, or a bare answer.

`read_envelope` and `read_response` take an answer record by record and say what is wrong; `envelopes.py` takes many at
once.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from pydantic import ValidationError

from base.clock import from_micros
from ingest import errors, platforms
from ingest.adapter import NO_REQUEST, Adapter, Draft, Json
from ingest.columns import ABSENT, Columns, Drafted
from ingest.fields import FieldError, instant, platform_name
from ingest.records import Entity, Kind, RejectedRow, build_record, rejections


class Answer(NamedTuple):
    """One answer of a platform, and where it stands."""

    #: 1-based line
    line: int
    #: JSON pointer of the body inside that line
    pointer: str
    #: microseconds since 1970 UTC
    fetched_at: int
    body: Json
    #: the parameters that were asked with, as far as they were kept
    request: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Opened:
    """An answer and who can read it."""

    adapter: Adapter
    endpoint: str
    answer: Answer


def is_envelope(value: Any) -> bool:
    return isinstance(value, dict) and "endpoint" in value and ("body" in value or "status" in value)


def open_envelope(envelope: Json, line: int, default_fetched_at: int) -> Opened:
    """A captured answer. Raises FieldError when it is an error or nobody can read it."""
    adapter = _adapter(platform_name(envelope.get("platform")))
    endpoint = str(envelope["endpoint"])
    fetched_at = instant(envelope.get("fetched_at")) or default_fetched_at
    _check_answer(adapter, endpoint, envelope, fetched_at)
    request = envelope.get("request")
    asked = request if isinstance(request, dict) else NO_REQUEST
    return Opened(adapter, endpoint, Answer(line, "/body", fetched_at, envelope["body"], asked))


def open_response(body: Any, line: int, fetched_at: int) -> Opened:
    """A bare answer, whose platform and endpoint show in its shape. Raises FieldError as `open_envelope` does."""
    found = platforms.recognise(body) if isinstance(body, dict) else None
    platform = found[0].platform if found else errors.platform_of(body) if isinstance(body, dict) else None
    if errors.is_error(platform, body):
        raise _api_error(platform or "an unknown platform", None, {}, body, fetched_at)
    if found is None:
        hint = f"known are answers of {', '.join(platforms.platforms())}; name the endpoint in an envelope"
        raise FieldError("no known platform answers in this form", hint)
    adapter, endpoint = found
    return Opened(adapter, endpoint, Answer(line, "", fetched_at, body, NO_REQUEST))


def read_envelope(envelope: Json, line: int, default_fetched_at: int) -> Iterator[Entity | RejectedRow]:
    """The entities of one captured answer; an answer that is an error is one RejectedRow."""
    return _read(open_envelope, envelope, line, default_fetched_at)


def read_response(body: Any, line: int, fetched_at: int) -> Iterator[Entity | RejectedRow]:
    """The entities of a bare answer."""
    return _read(open_response, body, line, fetched_at)


def _read(opener: Callable[..., Opened], value: Any, line: int, fetched_at: int) -> Iterator[Entity | RejectedRow]:
    try:
        yield from _read_answer(opener(value, line, fetched_at))
    except FieldError as error:
        yield RejectedRow(line, "", "", str(error), error.hint)


def _read_answer(opened: Opened) -> Iterator[Entity | RejectedRow]:
    answer = opened.answer
    try:
        for found in _parsed(opened.adapter, opened.endpoint, answer):
            yield from _checked(found, answer.line, answer.pointer, answer.fetched_at)
    except FieldError as error:  # the answer as a whole has the wrong shape
        yield RejectedRow(answer.line, answer.pointer, "", str(error), error.hint)


def draft_answers(opened: Sequence[Opened]) -> Drafted:
    """What many answers say, of platforms that have no reading by columns of their own."""
    drafted = Drafted()
    kinds: dict[tuple[str, str], list[Opened]] = {}
    for each in opened:
        kinds.setdefault((each.adapter.platform, each.endpoint), []).append(each)
    for alike in kinds.values():
        _draft_each(drafted, alike[0].adapter, alike[0].endpoint, [each.answer for each in alike])
    return drafted


def _draft_each(drafted: Drafted, adapter: Adapter, endpoint: str, answers: list[Answer]) -> None:
    found: dict[Kind, list[tuple[Answer, int, Draft]]] = {}
    for answer in answers:
        try:
            drafts = list(_parsed(adapter, endpoint, answer))
        except FieldError:
            drafted.refused.add(answer.line)
            continue
        for seat, draft in enumerate(drafts):
            if isinstance(draft, Draft):
                found.setdefault(draft.kind, []).append((answer, seat, draft))
            else:
                pointer = answer.pointer + draft.pointer
                drafted.rejected.append(RejectedRow(answer.line, pointer, draft.field, draft.reason, draft.hint))
    drafted.columns += [_columns(kind, drafts) for kind, drafts in found.items()]


def _columns(kind: Kind, drafts: list[tuple[Answer, int, Draft]]) -> Columns:
    values = [draft.values for _answer, _seat, draft in drafts]
    return Columns(
        kind,
        [answer.line for answer, _seat, _draft in drafts],
        [seat for _answer, seat, _draft in drafts],
        [answer.pointer + draft.pointer for answer, _seat, draft in drafts],
        [answer.fetched_at for answer, _seat, _draft in drafts],
        {name: [each.get(name, ABSENT) for each in values] for name in sorted(set().union(*values))},
    )


def _parsed(adapter: Adapter, endpoint: str, answer: Answer) -> Iterator[Draft | RejectedRow]:
    yield from adapter.parse(endpoint, answer.body, from_micros(answer.fetched_at), answer.request)


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
