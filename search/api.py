"""The JSON routes: check who asks, call the service, answer. `/openapi.json` describes them."""

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse, RedirectResponse

from base.errors import ConfigError
from search.access import Caller
from search.answers import (
    MAX_TEXT,
    CreatorAnswer,
    EmbedAnswer,
    EmbedRequest,
    ErrorAnswer,
    FacetAnswer,
    FacetParams,
    NoteRequest,
    OverlayAnswer,
    PageParams,
    SearchAnswer,
    SearchParams,
)
from search.service import Moved, Service
from tenants.keys import Scope

_ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorAnswer, "description": description}
    for status, description in {
        400: "A filter or value that cannot be.",
        401: "A valid API key is needed.",
        403: "The key lacks the scope.",
        422: "A parameter that is unknown, missing or of the wrong kind.",
        503: "The index cannot be read, or the query encoder not be asked.",
    }.items()
}
_NOBODY: dict[int | str, dict[str, Any]] = {404: {"model": ErrorAnswer, "description": "No such creator."}}
_STALE: dict[int | str, dict[str, Any]] = {410: {"model": ErrorAnswer, "description": "The index moved on."}}
_MOVED: dict[int | str, dict[str, Any]] = {308: {"description": "The id is retired; another one answers for it."}}

CreatorId = Annotated[str, Path(max_length=64, examples=["cr_h5ws3pj2iazpzmlr"])]
ListName = Annotated[str, Path(max_length=80)]

api = APIRouter(responses=_ERRORS)


@api.get("/v1/search", response_model=SearchAnswer, responses=_STALE)
def search(request: Request, params: Annotated[SearchParams, Query()]) -> Response:
    """Creators for a phrase and filters, best first, each with the terms of its score."""
    service, caller = _entered(request, "search")
    return _written(service.search(caller, params.q, params))


@api.get("/v1/facets")
def facets(request: Request, params: Annotated[FacetParams, Query()]) -> FacetAnswer:
    """How many of a question's creators have each platform, band, niche, style, language, country, activity."""
    service, caller = _entered(request, "search")
    return service.facets(caller, params)


@api.get("/v1/creators/{creator_id}", response_model=CreatorAnswer, responses=_NOBODY | _MOVED)
def creator(request: Request, creator_id: CreatorId) -> Response | CreatorAnswer:
    """One creator. A retired id is answered by a redirect to the id in force."""
    service, caller = _entered(request, "search")
    found = service.creator(caller, creator_id)
    if isinstance(found, Moved):
        return RedirectResponse(f"/v1/creators/{found.creator_id}", 308)
    return found or _nobody(creator_id)


@api.get("/v1/creators/{creator_id}/similar", response_model=SearchAnswer, responses=_NOBODY | _MOVED | _STALE)
def similar(request: Request, creator_id: CreatorId, params: Annotated[PageParams, Query()]) -> Response:
    """Creators alike in meaning, field by field."""
    service, caller = _entered(request, "search")
    found = service.creator(caller, creator_id)
    if isinstance(found, Moved):
        return RedirectResponse(f"/v1/creators/{found.creator_id}/similar", 308)
    if found is None:
        _nobody(creator_id)
    return _written(service.search(caller, f"like:{creator_id}", params))


@api.post("/v1/embed")
def embed(request: Request, body: EmbedRequest) -> EmbedAnswer:
    """Vectors of texts by the encoder of the snapshot in force, for readers that keep no model."""
    service, _ = _entered(request, "embed")
    longest = max(map(len, body.texts))
    if longest > MAX_TEXT:
        raise ConfigError(f"a text has {longest:,} characters", hint=f"{MAX_TEXT:,} at most")
    return service.embed(body.texts)


@api.get("/v1/overlay")
def overlay(request: Request) -> OverlayAnswer:
    """The notes, lists and hidden creators of the tenant that asks."""
    service, caller = _entered(request, "overlay")
    own = service.overlay(caller).written()
    return OverlayAnswer(notes=own.notes, lists=own.lists, hidden=sorted(own.hidden))


@api.put("/v1/notes/{creator_id}", status_code=204)
def write_note(request: Request, creator_id: CreatorId, body: NoteRequest) -> None:
    """Write the tenant's note on a creator."""
    service, caller = _entered(request, "overlay")
    service.overlay(caller).write_note(creator_id, body.text, now=service.now())


@api.delete("/v1/notes/{creator_id}", status_code=204)
def remove_note(request: Request, creator_id: CreatorId) -> None:
    """Remove it; nothing happens when there is none."""
    service, caller = _entered(request, "overlay")
    service.overlay(caller).remove_note(creator_id)


@api.put("/v1/lists/{name}/{creator_id}", status_code=204)
def add_to_list(request: Request, name: ListName, creator_id: CreatorId) -> None:
    """Put a creator on one of the tenant's lists; the first entry makes the list."""
    service, caller = _entered(request, "overlay")
    service.overlay(caller).add_to_list(name, creator_id, now=service.now())


@api.delete("/v1/lists/{name}/{creator_id}", status_code=204)
def remove_from_list(request: Request, name: ListName, creator_id: CreatorId) -> None:
    """Take a creator off a list; nothing happens when it is not on it."""
    service, caller = _entered(request, "overlay")
    service.overlay(caller).remove_from_list(name, creator_id)


@api.put("/v1/hidden/{creator_id}", status_code=204)
def hide(request: Request, creator_id: CreatorId) -> None:
    """Leave a creator out of everything this tenant searches for."""
    service, caller = _entered(request, "overlay")
    service.overlay(caller).hide(creator_id, now=service.now())


@api.delete("/v1/hidden/{creator_id}", status_code=204)
def show(request: Request, creator_id: CreatorId) -> None:
    """No longer leave it out."""
    service, caller = _entered(request, "overlay")
    service.overlay(caller).show(creator_id)


@api.get("/healthz", response_class=PlainTextResponse)
async def healthz() -> str:
    """The process runs."""
    return "ok\n"


@api.get("/readyz")
async def readyz(request: Request) -> JSONResponse:
    """A snapshot is open; `refused` says why a newer one is not."""
    live = request.app.state.service.live
    with live.opened() as opened:
        return JSONResponse({"version": opened.searcher.snapshot.manifest.version, "refused": live.refusal})


@api.get("/metrics", response_class=PlainTextResponse)
def metrics(request: Request) -> str:
    """Requests, errors and latencies, for Prometheus."""
    service, _ = _entered(request, "metrics")
    return service.metrics_text()


def _entered(request: Request, scope: Scope) -> tuple[Service, Caller]:
    service: Service = request.app.state.service
    return service, service.caller(request.headers, scope)


def _written(answer: SearchAnswer) -> Response:
    """The answer as JSON, which FastAPI would otherwise check a second time and build in Python."""
    return Response(answer.model_dump_json(), media_type="application/json")


def _nobody(creator_id: str) -> Any:
    raise HTTPException(404, f"no creator {creator_id}")
