"""How often an account is refreshed: three buckets by its latest content, each with its own interval."""

from pydantic import BaseModel, ConfigDict, Field


class CadenceSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    #: content within this many days makes an account active
    active_days: int = Field(default=7, ge=1)
    #: content within this many days makes it semi-active; anything older is long-tail
    semi_active_days: int = Field(default=30, ge=1)
    active_refresh_hours: int = Field(default=24, ge=1)
    semi_active_refresh_hours: int = Field(default=72, ge=1)
    long_tail_refresh_hours: int = Field(default=168, ge=1)
