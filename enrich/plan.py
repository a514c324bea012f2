"""Who is labelled tonight, and why."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class EnrichmentSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    #: offline: the built-in classifier, free and provisional. Paid providers are selected here by name.
    provider: Literal["offline"] = "offline"
    #: newest items per creator that a dossier samples from
    items_per_creator: int = Field(default=12, ge=1, le=100)
