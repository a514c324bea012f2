"""The thresholds of drift that `creatordex drift calibrate` wrote, in place of the numbers in the settings."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from base.errors import ConfigError
from enrich.plan import EnrichmentSettings

NAMES = ("soft_drift", "hard_drift")


class Thresholds(BaseModel):
    """Of all that the file says, what a plan goes by; the rest says where it comes from."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    soft_drift: float = Field(gt=1)
    hard_drift: float = Field(gt=1)


def with_thresholds(llm: EnrichmentSettings) -> EnrichmentSettings:
    """The settings with the thresholds of the file that they name.

    Raises ConfigError when there is no such file, and when the settings say another number besides.
    """
    if llm.drift_thresholds is None:
        return llm
    found = read_thresholds(llm.drift_thresholds).model_dump()
    for name in NAMES:
        said, default = getattr(llm, name), EnrichmentSettings.model_fields[name].default
        if said not in (default, found[name]):
            raise ConfigError(
                f"llm.{name} is {said}, and {found[name]} in {llm.drift_thresholds}",
                hint=f"leave out llm.{name} or llm.drift_thresholds",
            )
    return llm.model_copy(update=found)


def read_thresholds(path: Path) -> Thresholds:
    try:
        return Thresholds.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        why = error.strerror if isinstance(error, OSError) else "not what drift calibrate writes"
        hint = f"creatordex drift calibrate --out {path} writes it"
        raise ConfigError(f"llm.drift_thresholds {path}: {why}", hint=hint) from error
