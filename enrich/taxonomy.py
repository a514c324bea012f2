"""The closed vocabulary of labels: `taxonomy.yaml` in, checked ids out. A value that is not in the file is an error."""

from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache
from itertools import chain
from pathlib import Path
from typing import Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from base.errors import ConfigError
from base.fingerprint import fingerprint
from base.yaml_files import read_yaml

TAXONOMY_PATH = Path(__file__).with_name("taxonomy.yaml")
#: the account kind that says "cannot tell"
UNKNOWN_KIND = "unknown"
LEAST_NICHES = 2  # a niche stands out from another one


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SubNiche(_Entry):
    id: str = Field(pattern=r"^[a-z]+\.[a-z0-9_]+$")
    label: str
    definition: str
    #: the sub-niche that creators of this one have now: it is retired
    replaced_by: str | None = None


class Niche(_Entry):
    id: str = Field(pattern=r"^[a-z]+$")
    label: str
    definition: str
    #: what belongs elsewhere, and where
    excludes: str = Field(alias="not")
    #: the subject is delicate: a label says what the content is about, never what the person is
    sensitive: bool = False
    youtube_categories: tuple[str, ...] = ()
    youtube_topics: tuple[str, ...] = ()
    iab: tuple[str, ...] = ()
    sub: tuple[SubNiche, ...] = Field(min_length=1)
    #: the niche that creators of this one have now: it is retired, and its sub-niches with it
    replaced_by: str | None = None


class ContentStyle(_Entry):
    id: str
    label: str
    definition: str


class AccountKind(_Entry):
    id: str
    definition: str


class Taxonomy(_Entry):
    """Every label there is. Ids are permanent; a reworded definition changes the fingerprint, never an id."""

    #: labels given under one major version hold under the next minor one; a new major version asks about everyone again
    taxonomy_version: str = Field(pattern=r"^\d+\.\d+\.\d+$")
    attribution: str = ""
    #: the primary niche that says "cannot tell"
    abstain_id: str
    max_secondary: int = Field(ge=0, le=3)
    youtube_category_names: dict[str, str] = {}
    #: with the retired ones, which keep their place in the file; `niches` are those in force
    all_niches: tuple[Niche, ...] = Field(alias="niches", min_length=2)
    content_styles: tuple[ContentStyle, ...] = Field(min_length=1)
    account_kinds: tuple[AccountKind, ...]

    @model_validator(mode="after")
    def _ids_are_sound(self) -> Self:
        mistakes = [*self._mistaken_ids(), *self._mistaken_replacements()]
        if UNKNOWN_KIND not in self.kind_ids:
            mistakes.append(f"account_kinds needs {UNKNOWN_KIND!r}, for those that cannot be told")
        if mistakes:
            raise ValueError("; ".join(mistakes))
        return self

    def _mistaken_ids(self) -> Iterator[str]:
        subs = [(niche.id, sub.id) for niche in self.all_niches for sub in niche.sub]
        ids = [*(niche.id for niche in self.all_niches), self.abstain_id, *(sub for _niche, sub in subs)]
        ids += [*(f"style {name}" for name in self.style_ids), *(f"kind {name}" for name in self.kind_ids)]
        if repeated := sorted({entry for entry in ids if ids.count(entry) > 1}):
            yield f"repeated ids {repeated}"
        if misplaced := [sub for niche, sub in subs if not sub.startswith(f"{niche}.")]:
            yield f"ids outside their niche {misplaced}"

    def _mistaken_replacements(self) -> Iterator[str]:
        primary, secondary = set(self.primary_ids), set(self.secondary_ids)
        for niche in self.all_niches:
            entries: list[Niche | SubNiche] = [niche, *niche.sub]
            for entry in entries:
                in_force = primary if entry is niche else secondary
                if entry.replaced_by is not None and entry.replaced_by not in in_force:
                    yield f"{entry.id}: replaced_by {entry.replaced_by!r} is no id of the same level in force"
        if emptied := [niche.id for niche in self.niches if not niche.sub]:
            yield f"every sub-niche is retired in {emptied}"
        if len(self.niches) < LEAST_NICHES:
            yield f"{LEAST_NICHES} niches must be in force"

    @cached_property
    def niches(self) -> tuple[Niche, ...]:
        """The niches in force, each with its sub-niches in force."""
        return tuple(
            niche.model_copy(update={"sub": tuple(sub for sub in niche.sub if sub.replaced_by is None)})
            for niche in self.all_niches
            if niche.replaced_by is None
        )

    @cached_property
    def replacements(self) -> dict[str, str | None]:
        """Retired id → the id in force that its creators have now; None: the label goes with its niche."""
        retired = [niche for niche in self.all_niches if niche.replaced_by is not None]
        found: dict[str, str | None] = {sub.id: None for niche in retired for sub in niche.sub}
        entries: Iterable[Niche | SubNiche] = chain(self.all_niches, *(niche.sub for niche in self.all_niches))
        return found | {entry.id: entry.replaced_by for entry in entries if entry.replaced_by is not None}

    def renewed(self, labels: Iterable[str]) -> list[str]:
        """The labels with the retired ones replaced, each once; a label that is unknown stays as it is."""
        found = (self.replacements.get(label, label) for label in labels)
        return list(dict.fromkeys(label for label in found if label is not None))

    def succeeds(self, version: str) -> bool:
        """Whether labels given under another version of the taxonomy still hold."""
        return version.startswith(f"{self.major_version}.")

    @property
    def major_version(self) -> str:
        return self.taxonomy_version.partition(".")[0]

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
        return fingerprint(self.model_dump(by_alias=True, mode="json", exclude_none=True))


@lru_cache(maxsize=4)
def load_taxonomy(own: Path | None = None) -> Taxonomy:
    """The taxonomy of this version, or one's own. Raises ConfigError naming every mistake of the file."""
    path = own or TAXONOMY_PATH
    hint = f"begin with a copy of {TAXONOMY_PATH}" if own else "restore the shipped taxonomy.yaml"
    try:
        return Taxonomy.model_validate(read_yaml(path))
    except ValidationError as error:
        mistakes = [f"{'.'.join(map(str, one['loc'])) or 'taxonomy'}: {one['msg']}" for one in error.errors()]
        raise ConfigError(f"{path.name}: {'; '.join(mistakes)}", hint=hint) from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"taxonomy {path}: {error}", hint=hint) from error
