"""Which model is asked, where, and how fast: the knobs of the paid side of labelling."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr

from enrich.pacing import PacingSettings


class AskingSettings(PacingSettings):
    #: offline: the built-in classifier, free and provisional · openai: a model at OpenAI or at a server that speaks
    #: like it; paid for, and only under a budget
    provider: Literal["offline", "openai"] = "offline"
    #: online: answers at once · batch: at the price of the Batch API, with a later run (see `[batches]`)
    mode: Literal["online", "batch"] = "online"
    #: openai: the model that is asked
    model: str = "gpt-5.4-nano"
    #: openai: reasoning effort, told with every question; None: the model's own default
    effort: str | None = "none"
    #: openai: another server, e.g. `http://127.0.0.1:8000/v1`; plain http on this machine only
    base_url: str | None = None
    #: openai: the key, best given as a variable; without it and a file, OpenAI's own `OPENAI_API_KEY` is read
    api_key: SecretStr | None = None
    #: openai: file that holds the key
    api_key_file: Path | None = None
    #: openai: seconds to wait for one answer
    timeout_seconds: float = Field(default=120, gt=0)

    @property
    def is_paid(self) -> bool:
        return self.provider != "offline"
