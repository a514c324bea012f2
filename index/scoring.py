"""The constants of the ranking formula. Frozen into each snapshot's manifest, so that every reader scores alike."""

from pydantic import BaseModel, ConfigDict, Field

QUALITY_WEIGHTS = {"reach": 0.4, "engagement": 0.4, "activity": 0.2}


class ScoringSettings(BaseModel):
    """score = keyword_weight·keyword + semantic_weight·semantic + quality_weight·quality; each part lies in [0, 1]."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    #: α: words of the query found in the creator's text (BM25 as a share of the query's upper bound)
    keyword_weight: float = Field(default=0.82, ge=0, le=1)
    #: β: closeness in meaning, over the fields a creator has
    semantic_weight: float = Field(default=0.16, ge=0, le=1)
    #: γ: reach, engagement and activity
    quality_weight: float = Field(default=0.02, ge=0, le=1)
    #: added for a rising creator when rising ones are asked for; the default is as much as good words earn
    growth_weight: float = Field(default=0.3, ge=0, le=1)
    #: k of reciprocal rank fusion, 1 / (k + rank); 60: Cormack, Clarke & Büttcher 2009
    rrf_k: int = Field(default=60, ge=1)
    #: weight of a bio vector beside a content vector; renormalised over the fields a creator has
    bio_weight: float = Field(default=1.0, gt=0)
    #: weight of a content vector beside a bio vector
    content_weight: float = Field(default=1.0, gt=0)

    def field_weight(self, field: str) -> float:
        """w of a vector field, by its kind: `platform_bio` or `platform_content`."""
        return self.bio_weight if field.endswith("_bio") else self.content_weight
