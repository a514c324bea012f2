"""All settings in one value, composed from the rooms' own knobs: `creatordex.toml`, then `CREATORDEX_…` variables.

The rooms define what a knob means and its range; this file only says where the values come from.
"""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from base.errors import ConfigError
from embeddings.batching import EmbeddingSettings
from enrich.ledger import BudgetSettings
from enrich.plan import EnrichmentSettings
from enrich.shards import BatchSettings
from enrich.taxonomy import load_taxonomy
from identity.triage import IdentitySettings
from index.gate import GateSettings
from index.scoring import ScoringSettings
from ingest.cadence import CadenceSettings
from ingest.files import Mode
from jobs.drift_thresholds import with_thresholds
from providers.prices import Price

DEFAULT_CONFIG = Path("creatordex.toml")


class SourceSettings(BaseModel):
    """One named source of the nightly run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    #: files of this source, as glob patterns relative to the working directory
    files: list[str]
    #: a source contract (TOML) that maps its columns; none for API captures and files in our own columns
    contract: Path | None = None
    #: delta: absence means nothing · full: an account of this source that is absent is marked gone
    mode: Mode = "delta"


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="CREATORDEX_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        nested_model_default_partial_update=True,
    )

    #: everything the engine keeps: store, raw bytes, snapshots, runs
    home: Path = Path("creatordex-data")
    #: where the tables live; a SQLite file under `home` unless given. Hidden wherever settings are shown
    database_url: SecretStr | None = None
    #: where raw bytes are kept: a folder, or a URL such as `s3://bucket/raw`; `raw` under `home` unless given
    raw_url: str | None = None
    #: memory for set-based steps, in DuckDB's syntax
    memory_limit: str = "2GB"
    #: processes that read profiles, label creators and count words; 0: one per core. What comes out is the same for any
    #: number
    workers: int = Field(default=0, ge=0)
    #: share of rows that may be rejected before the exit code says so
    max_rejected: float = Field(default=0.01, ge=0, le=1)
    #: what `creatordex nightly` takes in when it is given no files: one table per source, `[sources.NAME]`
    sources: dict[str, SourceSettings] = Field(default_factory=dict)
    #: what models cost, where the table that comes along does not say it or is out of date: `[prices."MODEL"]`
    prices: dict[str, Price] = Field(default_factory=dict)
    cadence: CadenceSettings = CadenceSettings()
    embeddings: EmbeddingSettings = EmbeddingSettings()
    identity: IdentitySettings = IdentitySettings()
    llm: EnrichmentSettings = EnrichmentSettings()
    budget: BudgetSettings = BudgetSettings()
    batches: BatchSettings = BatchSettings()
    gate: GateSettings = GateSettings()
    scoring: ScoringSettings = ScoringSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is passed in, then the environment, then the file; no .env file is read."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @property
    def store_url(self) -> str:
        """The database's address, password included."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.home / 'store.db'}"


def read_settings(config: Path | None = None, **overrides: Any) -> Settings:
    """The settings in force. Raises ConfigError naming every mistake at once; a missing `--config` file is one."""
    if config is not None and not config.is_file():
        raise ConfigError(f"no settings file {config}", hint="creatordex init writes one")

    class FileSettings(Settings):
        model_config = SettingsConfigDict(toml_file=config or DEFAULT_CONFIG)

    try:
        return _with_files(FileSettings(**overrides))
    except ValidationError as error:
        mistakes = [f"{'.'.join(map(str, mistake['loc']))}: {mistake['msg']}" for mistake in error.errors()]
        raise ConfigError("settings: " + "; ".join(mistakes), hint="creatordex settings lists every setting") from None


def _with_files(settings: Settings) -> Settings:
    """The settings with what the files say that they name; each is looked at before anything begins."""
    if settings.llm.taxonomy is not None:  # reading the shipped one takes a tenth of a second
        load_taxonomy(settings.llm.taxonomy)
    return settings.model_copy(update={"llm": with_thresholds(settings.llm)})


def settings_template() -> str:
    """A settings file that says what the defaults are: every line may be left out."""
    defaults = Settings.model_construct()
    lines = [
        "# creatordex settings. Every line may be left out; CREATORDEX_… variables win over this file.",
        f'home = "{defaults.home}"',
        f'memory_limit = "{defaults.memory_limit}"',
        f"workers = {defaults.workers}",
        f"max_rejected = {defaults.max_rejected}",
        "",
        "# What `creatordex nightly` takes in when it is given no files:",
        "# [sources.youtube]",
        '# files = ["captures/youtube-*.jsonl.gz"]',
    ]
    for section in ("cadence", "embeddings", "identity", "llm", "budget", "batches", "gate"):
        lines += ["", f"[{section}]", *_template_lines(getattr(defaults, section))]
    return "\n".join(lines) + "\n"


def _template_lines(knobs: BaseModel) -> list[str]:
    values = knobs.model_dump(mode="json").items()
    return [f"# {name} =" if value is None else f"{name} = {_toml(value)}" for name, value in values]


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {_toml(inner)}" for key, inner in value.items()) + " }"
    return json.dumps(value)
