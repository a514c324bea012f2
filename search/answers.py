"""What the service takes and gives, as JSON: the shapes behind the OpenAPI page."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from search.explain import Explanation
from search.parse import parse_count
from search.query import Fusion
from search.searcher import Hit, SearchResult

MAX_QUESTION = 500  # characters
MAX_PAGE = 100  # hits
MAX_TEXTS = 64  # per request to encode
MAX_TEXT = 8_000  # characters


class FilterParams(BaseModel):
    """Filters by name; several values of one filter: any of them."""

    model_config = ConfigDict(extra="forbid")

    platform: list[str] = Field(default=[], description="youtube, instagram, tiktok, x, …")
    min_followers: str | None = Field(default=None, max_length=20, description="10000, 10k, 0.5M")
    max_followers: str | None = Field(default=None, max_length=20)
    follower_band: list[str] = Field(default=[], description="nano, micro, mid, macro, mega")
    niche: list[str] = Field(default=[], description="primary or secondary niche id, e.g. fitness")
    primary_niche: list[str] = []
    style: list[str] = Field(default=[], description="content style id")
    account_kind: list[str] = []
    language: list[str] = Field(default=[], description="ISO 639-1")
    country: list[str] = Field(default=[], description="ISO 3166-1 alpha-2")
    activity: list[str] = Field(default=[], description="active, semi_active, long_tail")
    momentum: list[str] = Field(default=[], description="rising, steady, falling")

    def filters(self) -> dict[str, Any]:
        """As the searcher takes them. Raises ConfigError for a count that is none."""
        given = {name: getattr(self, name) for name in FilterParams.model_fields}
        given |= {name: parse_count(given[name]) for name in ("min_followers", "max_followers") if given[name]}
        return {name: tuple(value) if isinstance(value, list) else value for name, value in given.items() if value}


class FacetParams(FilterParams):
    q: str = Field(default="", max_length=MAX_QUESTION, description='e.g. "home workouts under 500k followers"')


class PageParams(FilterParams):
    limit: int = Field(default=20, ge=1, le=MAX_PAGE)
    cursor: str | None = Field(default=None, max_length=500, description="`next_cursor` of the page before")
    fusion: Fusion = "linear"
    facets: bool = False


class SearchParams(PageParams):
    q: str = Field(default="", max_length=MAX_QUESTION, description='e.g. "home workouts under 500k followers"')


class Account(BaseModel):
    account_key: str
    platform: str
    handle: str | None
    followers: int | None


class Audience(BaseModel):
    platform: str
    followers: int | None


class CreatorAnswer(BaseModel):
    """A creator as the index has it; null: not known."""

    creator_id: str
    name: str | None
    handle: str | None
    platforms: list[str] | None
    followers_total: int | None
    followers_by_platform: list[Audience] | None
    follower_band: str | None
    primary_niche: str | None
    secondary_niches: list[str] | None
    content_style: str | None
    account_kind: str | None
    language: str | None
    country: str | None
    activity: str | None
    momentum: str | None = None
    label_provenance: str | None
    label_confidence: str | None
    summary: str | None
    accounts: list[Account] | None
    quality: float | None
    #: the tenant's own
    note: str | None = None
    lists: list[str] = []
    hidden: bool = False


class HitAnswer(BaseModel):
    rank: int
    score: float
    creator: CreatorAnswer
    #: `parts` add up to `score`
    explanation: Explanation


class QueryAnswer(BaseModel):
    """How the question was read."""

    asked: str
    text: str
    understood: list[str]
    filters: list[str]
    like: str | None
    emerging: bool


class SearchAnswer(BaseModel):
    query: QueryAnswer
    hits: list[HitAnswer]
    #: creators that satisfy the filters
    kept: int
    #: of those, the ones that match by a word or by meaning, as far as they were scored
    total: int
    is_complete: bool
    facets: dict[str, dict[str, int]]
    plan: list[str]
    next_cursor: str | None
    version: int
    snapshot_id: str
    config_fingerprint: str


class FacetAnswer(BaseModel):
    total: int
    is_complete: bool
    facets: dict[str, dict[str, int]]
    version: int
    snapshot_id: str


class EmbedRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    texts: list[str] = Field(min_length=1, max_length=MAX_TEXTS)


class EmbedAnswer(BaseModel):
    #: names weights, revision and dimensions: the same as in the snapshot's manifest
    model: str
    dim: int
    #: unit vectors, row i for text i; a text without a token gives zeros
    vectors: list[list[float]]


class NoteRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: str


class ErrorAnswer(BaseModel):
    error: str
    message: str
    hint: str | None = None


class OverlayAnswer(BaseModel):
    """Everything a tenant has written."""

    notes: dict[str, str]
    lists: dict[str, list[str]]
    hidden: list[str]


def query_answer(result: SearchResult) -> QueryAnswer:
    query = result.query
    return QueryAnswer(
        asked=query.asked,
        text=query.text,
        understood=list(query.understood),
        filters=list(query.filters.in_words()),
        like=query.like,
        emerging=query.emerging,
    )


def hit_answer(hit: Hit, overlaid: Mapping[str, Any]) -> HitAnswer:
    """overlaid: what the tenant has written of this creator."""
    creator = CreatorAnswer.model_validate({**hit.creator, **overlaid})
    return HitAnswer(rank=hit.rank, score=hit.score, creator=creator, explanation=hit.explanation)


def search_answer(result: SearchResult, hits: list[HitAnswer]) -> SearchAnswer:
    return SearchAnswer(
        query=query_answer(result),
        hits=hits,
        kept=result.kept,
        total=result.total,
        is_complete=result.is_complete,
        facets={name: dict(counts) for name, counts in result.facets.items()},
        plan=list(result.plan),
        next_cursor=result.next_cursor,
        version=result.version,
        snapshot_id=result.snapshot_id,
        config_fingerprint=result.config_fingerprint,
    )
