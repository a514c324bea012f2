"""Which model is asked, where, and how fast: the knobs of the paid side of labelling."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator

from enrich.pacing import PacingSettings


class AskingSettings(PacingSettings):
    #: offline: the built-in classifier, free and provisional · openai: a model at OpenAI or at a server that speaks
    #: like it, strict schemas included · compatible: a model at a server that speaks like it and knows no strict
    #: schemas (vLLM, Ollama and others), with a `base_url`. Both are paid for, and only under a budget
    provider: Literal["offline", "openai", "compatible"] = "offline"
    #: online: answers at once · batch: at the price of OpenAI's Batch API, with a later run (see `[batches]`)
    mode: Literal["online", "batch"] = "online"
    #: the model that is asked
    model: str = "gpt-5.4-nano"
    #: reasoning effort, told with every question; None: the model's own default, as is none where it is compatible
    effort: str | None = "none"
    #: another server than OpenAI, e.g. `http://127.0.0.1:8000/v1`; plain http on this machine only
    base_url: str | None = None
    #: the key, best given as a variable; without it and a file, OpenAI's own `OPENAI_API_KEY` is read
    api_key: SecretStr | None = None
    #: file that holds the key
    api_key_file: Path | None = None
    #: seconds to wait for one answer
    timeout_seconds: float = Field(default=120, gt=0)

    @model_validator(mode="after")
    def _is_there_at_all(self) -> Self:
        if self.provider == "compatible" and self.base_url is None:
            raise ValueError("provider compatible needs a base_url")
        if self.provider == "compatible" and self.mode == "batch":
            raise ValueError('provider compatible has no batches: set mode = "online"')
        return self

    @property
    def is_paid(self) -> bool:
        return self.provider != "offline"
