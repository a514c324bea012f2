"""The closed vocabulary of labels: `taxonomy.yaml` in, checked ids out. A value that is not in the file is an error."""

from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from base.errors import ConfigError
from base.fingerprint import fingerprint

TAXONOMY_PATH = Path(__file__).with_name("taxonomy.yaml")


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SubNiche(_Entry):
    id: str = Field(pattern=r"^[a-z]+\.[a-z0-9_]+$")
    label: str
    definition: str


class Niche(_Entry):
    id: str = Field(pattern=r"^[a-z]+$")
    label: str
    definition: str
    #: what belongs elsewhere, and where
    excludes: str = Field(alias="not")
    #: the subject is delicate: a label says what the content is about, never what the person is
    sensitive: bool = False
    youtube_categories: tuple[str, ...]
    youtube_topics: tuple[str, ...]
    iab: tuple[str, ...]
    sub: tuple[SubNiche, ...]


class ContentStyle(_Entry):
    id: str
    label: str
    definition: str


class AccountKind(_Entry):
    id: str
    definition: str


class Taxonomy(_Entry):
    """Every label there is. Ids are permanent; a reworded definition changes the fingerprint, never an id."""

    taxonomy_version: str
    attribution: str
    #: the primary niche that says "cannot tell"
    abstain_id: str
    max_secondary: int
    youtube_category_names: dict[str, str]
    niches: tuple[Niche, ...]
    content_styles: tuple[ContentStyle, ...]
    account_kinds: tuple[AccountKind, ...]

    @model_validator(mode="after")
    def _ids_are_sound(self) -> Self:
        ids = [*self.primary_ids, *self.secondary_ids]
        repeated = sorted({entry for entry in ids if ids.count(entry) > 1})
        misplaced = [sub.id for niche in self.niches for sub in niche.sub if not sub.id.startswith(f"{niche.id}.")]
        if repeated or misplaced:
            raise ValueError(f"repeated ids {repeated}, ids outside their niche {misplaced}")
        return self

    @cached_property
    def primary_ids(self) -> tuple[str, ...]:
        """The niches a creator can have, the abstention last."""
        return (*(niche.id for niche in self.niches), self.abstain_id)

    @cached_property
    def secondary_ids(self) -> tuple[str, ...]:
        return tuple(sub.id for niche in self.niches for sub in niche.sub)

    @cached_property
    def style_ids(self) -> tuple[str, ...]:
        return tuple(style.id for style in self.content_styles)

    @cached_property
    def kind_ids(self) -> tuple[str, ...]:
        return tuple(kind.id for kind in self.account_kinds)

    @cached_property
    def fingerprint(self) -> str:
        """Changes with any word of the file: labels made under another fingerprint are of another recipe."""
        return fingerprint(self.model_dump(by_alias=True, mode="json"))


@lru_cache(maxsize=4)
def load_taxonomy(path: Path = TAXONOMY_PATH) -> Taxonomy:
    """The taxonomy of this version. Raises ConfigError when the file does not hold to its own rules."""
    try:
        content: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Taxonomy.model_validate(content)
    except (yaml.YAMLError, ValidationError) as error:
        raise ConfigError(f"{path.name}: {error}", hint="restore the shipped taxonomy.yaml") from error
