"""The shape of an answer about one creator: checked on the way in, and told to the model as a strict JSON schema."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from enrich.taxonomy import Taxonomy, load_taxonomy

Confidence = Literal["low", "medium", "high"]

#: words of a summary: what the prompt asks for, and what is still stored (with a flag)
TARGET_WORDS = range(12, 29)
STORED_WORDS = range(8, 41)


class CreatorLabels(BaseModel):
    """One answer. The fields stand in the order a model should think: evidence first, summary late.

    Checked against the taxonomy that is given as pydantic's context, the shipped one without. A retired id is taken as
    the one that replaced it: a batch may have been asked before.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    #: numbers of the dossier items that speak for the labels
    evidence: list[int] = Field(max_length=20)
    primary_niche: str
    secondary_niches: list[str] = Field(max_length=3)
    #: None: cannot tell
    content_style: str | None
    llm_summary: str = Field(min_length=1, max_length=600)
    account_kind: str
    #: ISO 639-1; None: cannot tell
    language: str | None = Field(pattern=r"^[a-z]{2}$")
    confidence: Confidence

    @field_validator("evidence", "secondary_niches")
    @classmethod
    def _has_no_duplicates(cls, values: list[Any]) -> list[Any]:
        if len(set(values)) != len(values):
            raise ValueError("the same value twice")
        return values

    @field_validator("primary_niche")
    @classmethod
    def _is_a_niche(cls, value: str, info: ValidationInfo) -> str:
        taxonomy = _taxonomy(info)
        return _known(taxonomy.renewed([value])[0], taxonomy.primary_ids)

    @field_validator("secondary_niches")
    @classmethod
    def _are_sub_niches(cls, values: list[str], info: ValidationInfo) -> list[str]:
        taxonomy = _taxonomy(info)
        if len(values) > taxonomy.max_secondary:
            raise ValueError(f"more than {taxonomy.max_secondary}")
        return [_known(value, taxonomy.secondary_ids) for value in taxonomy.renewed(values)]

    @field_validator("content_style")
    @classmethod
    def _is_a_style(cls, value: str | None, info: ValidationInfo) -> str | None:
        return None if value is None else _known(value, _taxonomy(info).style_ids)

    @field_validator("account_kind")
    @classmethod
    def _is_a_kind(cls, value: str, info: ValidationInfo) -> str:
        return _known(value, _taxonomy(info).kind_ids)


def answer_schema(taxonomy: Taxonomy) -> dict[str, Any]:
    """The strict JSON schema of `CreatorLabels`: every field required, nothing else allowed, closed enums.

    Only the subset that every provider's strict mode knows; lengths are checked on our side.
    """
    properties: dict[str, Any] = {
        "evidence": {"type": "array", "items": {"type": "integer"}},
        "primary_niche": {"type": "string", "enum": list(taxonomy.primary_ids)},
        "secondary_niches": {"type": "array", "items": {"type": "string", "enum": list(taxonomy.secondary_ids)}},
        "content_style": {"type": ["string", "null"], "enum": [*taxonomy.style_ids, None]},
        "llm_summary": {"type": "string"},
        "account_kind": {"type": "string", "enum": list(taxonomy.kind_ids)},
        "language": {"type": ["string", "null"]},
        "confidence": {"type": "string", "enum": ["low", "medium", "high"]},
    }
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _taxonomy(info: ValidationInfo) -> Taxonomy:
    return info.context if isinstance(info.context, Taxonomy) else load_taxonomy()


def _known(value: str, vocabulary: tuple[str, ...]) -> str:
    if value not in vocabulary:
        raise ValueError(f"{value!r} is not in the taxonomy")
    return value
