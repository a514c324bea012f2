"""The search page: the same answers as `/v1`, as HTML that needs no script."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import ValidationError

from base.errors import ConfigError, StaleCursor
from base.text import compact_count
from search.answers import ErrorAnswer, HitAnswer, PageParams, SearchAnswer, SearchParams
from search.explain import why
from search.service import Moved, Service

PAGE_HITS = 20
SIMILAR_HITS = 6
BAR_UNITS = 1_000  # width of the score bar in its own units
#: what the form offers beside the box, in this order: facet → parameter
CHOICES = {
    "platforms": "platform", "primary_niche": "niche", "follower_band": "follower_band", "content_style": "style",
    "language": "language", "country": "country", "activity": "activity",
}  # fmt: skip
_TITLES = {
    "platforms": "Platform", "primary_niche": "Niche", "follower_band": "Audience", "content_style": "Style",
    "language": "Language", "country": "Country", "activity": "Activity",
}  # fmt: skip
EXAMPLES = (
    "backend engineering creators under 500k followers",
    "emerging fitness creators for a new gym launch",
    '"film photography" on instagram -wedding',
)

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.filters["compact"] = compact_count

pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@pages.get("/")
def search_page(request: Request) -> Response:
    """The box, and what was found; a question that cannot be is answered beside the box, with the way on."""
    service: Service = request.app.state.service
    caller = service.caller(request.headers, "search")
    given = {name: values for name in request.query_params if (values := _given(request, name))}
    try:
        params = _params(given)
        answer = service.search(caller, params.q, params)
    except (ConfigError, StaleCursor) as error:
        wrong = ErrorAnswer(error=type(error).__name__, message=error.message, hint=error.hint)
        return _page("search.html", 400, given=given, answer=None, wrong=wrong, **_furniture(service, given, None))
    return _page("search.html", given=given, answer=answer, wrong=None, **_furniture(service, given, answer))


@pages.get("/creators/{creator_id}")
def creator_page(request: Request, creator_id: str) -> Response:
    """One creator with its accounts, and who is alike."""
    service: Service = request.app.state.service
    caller = service.caller(request.headers, "search")
    found = service.creator(caller, creator_id)
    if isinstance(found, Moved):
        return RedirectResponse(f"/creators/{found.creator_id}", 308)
    if found is None:
        raise HTTPException(404, f"no creator {creator_id}")
    similar = service.search(caller, f"like:{creator_id}", PageParams(limit=SIMILAR_HITS))
    return _page("creator.html", creator=found, similar=similar, niches=service.niches(), bars=_bars, why=why)


def error_page(status: int, answer: ErrorAnswer, headers: Mapping[str, str]) -> Response:
    return _page("error.html", status, headers, wrong=answer)


def _page(name: str, status: int = 200, headers: Mapping[str, str] | None = None, **values: Any) -> Response:
    return HTMLResponse(_templates.get_template(name).render(**values), status, dict(headers or {}))


def _given(request: Request, name: str) -> list[str]:
    """The values of a form field; an empty one asks nothing."""
    return [value for value in request.query_params.getlist(name) if value.strip()]


def _params(given: Mapping[str, list[str]]) -> SearchParams:
    singles = {name for name, field in SearchParams.model_fields.items() if field.annotation != list[str]}
    values = {name: texts[-1] if name in singles else texts for name, texts in given.items()}
    try:
        return SearchParams.model_validate({"limit": PAGE_HITS, **values, "facets": True})
    except ValidationError as error:
        mistakes = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
        raise ConfigError("; ".join(mistakes), hint="start again from the search box") from None


def _furniture(service: Service, given: Mapping[str, list[str]], answer: SearchAnswer | None) -> dict[str, Any]:
    niches = service.niches()
    return {
        "q": " ".join(given.get("q", [])),
        "choices": list(_choices(given, answer, niches)),
        "niches": niches,
        "examples": EXAMPLES,
        "next_page": _next_page(given, answer),
        "bars": _bars,
        "why": why,
    }


def _choices(
    given: Mapping[str, list[str]], answer: SearchAnswer | None, niches: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    """Per filter: its title, its parameter and what may be chosen, with counts; what is chosen stays there."""
    for facet, param in CHOICES.items():
        chosen = given.get(param, [])
        counts = answer.facets.get(facet, {}) if answer else {}
        values = list(dict.fromkeys([*chosen, *counts]))
        options = [
            {"value": value, "label": niches.get(value, value.replace("_", " ")), "count": counts.get(value),
             "chosen": value in chosen}
            for value in values
        ]  # fmt: skip
        yield {"title": _TITLES[facet], "param": param, "options": options}


def _next_page(given: Mapping[str, list[str]], answer: SearchAnswer | None) -> str | None:
    if answer is None or answer.next_cursor is None:
        return None
    return "/?" + urlencode({**given, "cursor": [answer.next_cursor]}, doseq=True)


def _bars(hit: HitAnswer) -> list[dict[str, Any]]:
    """The terms of a score side by side: name, kind, value, and where its bar begins and how long it is."""
    start, bars = 0.0, []
    for name, value in hit.explanation.parts.items():
        kind = name if name in {"keyword", "quality", "growth"} else name.rpartition("_")[2]
        bars.append(
            {"name": name.replace("_", " "), "kind": kind, "value": value, "start": round(start * BAR_UNITS, 1),
             "length": round(value * BAR_UNITS, 1)}
        )  # fmt: skip
        start += value
    return bars
