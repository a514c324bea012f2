"""Knobs of embedding, and packing texts into batches."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from embeddings.aggregate import Aggregation, Strategy


class EmbeddingSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    #: minilm: all-MiniLM-L6-v2 int8, 384 dimensions, English first ·
    #: fast: a static model, 256 dimensions, for scale runs · openai: paid for, and only under a budget
    provider: Literal["minilm", "fast", "openai"] = "minilm"
    #: openai: the model that is asked
    model: str = "text-embedding-3-small"
    #: openai: numbers in a vector; the model's own length unless set, and to be set for models we do not know
    dimensions: int | None = Field(default=None, ge=1, le=4096)
    #: openai: another server that speaks like OpenAI's, e.g. `https://host/v1`; plain http on this machine only
    base_url: str | None = None
    #: openai: the key, best given as a variable; without one, and without a file, OpenAI's own `OPENAI_API_KEY`
    api_key: SecretStr | None = None
    #: openai: file that holds the key
    api_key_file: Path | None = None
    #: folder with the model's files, when they are not in the environment that runs the engine
    model_dir: Path | None = None
    #: newest content items per account that are embedded
    items_per_account: int = Field(default=20, ge=1, le=200)
    #: how an account's and a creator's content becomes one vector: mean, every item the same ·
    #: recency, newer ones more · engagement, what was liked and answered more
    aggregation: Strategy = "mean"
    #: recency: an item this much older than the newest of its account counts half
    half_life_days: float = Field(default=90, gt=0, le=36_500)

    @property
    def is_paid(self) -> bool:
        return self.provider == "openai"

    @property
    def content_aggregation(self) -> Aggregation:
        return Aggregation(self.aggregation, self.half_life_days)


def pack_by_length(texts: Sequence[str], size: int) -> Iterator[list[int]]:
    """Rows of `texts` in batches of at most `size`, shortest first: texts of a like length are quick to embed together.

    >>> list(pack_by_length(["ccc", "a", "bb"], size=2))
    [[1, 2], [0]]
    """
    rows = sorted(range(len(texts)), key=lambda row: (len(texts[row]), texts[row]))
    yield from (rows[start : start + size] for start in range(0, len(rows), size))
