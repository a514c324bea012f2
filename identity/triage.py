"""Three bands: link, review, separate."""

from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class Triage(StrEnum):
    LINK = "link"
    REVIEW = "review"
    SEPARATE = "separate"


class IdentitySettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    #: pair precision aimed at for automatic merges
    precision: float = Field(default=0.985, gt=0.5, lt=1.0)
    #: a model.json of your own instead of the shipped one
    model: Path | None = None
    #: propose pairs of accounts whose bios read alike
    bio_neighbours: bool = True
