"""Knobs of embedding, and packing texts into batches."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class EmbeddingSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    #: minilm: all-MiniLM-L6-v2 int8, 384 dimensions, English first · fast: a static model, 256 dimensions, for scale runs
    provider: Literal["minilm", "fast"] = "minilm"
    #: folder with the model's files, when not where `make setup` puts them
    model_dir: Path | None = None
    #: newest content items per account that are embedded
    items_per_account: int = Field(default=20, ge=1, le=200)
