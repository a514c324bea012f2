"""The last look before a snapshot is published."""

from pydantic import BaseModel, ConfigDict, Field


class GateSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    #: share of creators that must have at least one vector
    min_vector_coverage: float = Field(default=0.5, ge=0, le=1)
    #: share of creators that must have an enrichment row
    min_enrichment_coverage: float = Field(default=0.9, ge=0, le=1)
    #: largest change of the creator count against the snapshot in force, as a share
    max_creator_count_change: float = Field(default=0.5, ge=0)
