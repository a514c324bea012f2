"""Every error the engine raises on purpose, with the exit code a scheduler sees.

    EngineError                      1
    ├─ ConfigError                   2   settings or secrets wrong
    ├─ SourceError                   1   a file or payload cannot be read (bad rows are collected, not raised)
    ├─ StoreError                    1   wrong schema version
    │  └─ StoreLocked               75   another run holds the lock: try later
    ├─ ProviderError                 1   .provider .model
    │  ├─ ProviderUnavailable            timeout, 5xx
    │  ├─ RateLimited                    .retry_at
    │  ├─ QuotaExhausted                 no credit, key revoked
    │  ├─ ProviderRefused                bad request, unknown code
    │  └─ AnswerInvalid                  fails the schema after one repair
    ├─ BudgetExhausted               0   planned stop, the work left is listed
    ├─ ConstraintConflict            4   a must-link path crosses a cannot-link; .path
    ├─ SnapshotError                 1   manifest and files disagree
    ├─ StaleCursor                   1   the index moved on between two pages
    └─ GateRefused                   4   .findings; the previous snapshot stays

The class docstring is the default message; `hint` is the next command or edit.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar


class EngineError(Exception):
    """The engine stopped."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str | None = None, *, hint: str | None = None) -> None:
        self.message = message or (self.__doc__ or "").strip().splitlines()[0]
        self.hint = hint
        super().__init__(self.message)

    def __str__(self) -> str:
        return f"{self.message} (hint: {self.hint})" if self.hint else self.message


class ConfigError(EngineError):
    """The settings or secrets are wrong."""

    exit_code = 2


class SourceError(EngineError):
    """A file or payload cannot be read."""


class StoreError(EngineError):
    """The store does not have the shape this version expects."""


class StoreLocked(StoreError):
    """Another run holds the lock; try again when it has finished."""

    exit_code = 75


class ProviderError(EngineError):
    """A provider failed."""

    def __init__(self, message: str | None = None, *, provider: str, model: str = "", hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.provider = provider
        self.model = model


class ProviderUnavailable(ProviderError):
    """The provider did not answer; worth another try."""


class RateLimited(ProviderError):
    """The provider asks us to wait."""

    def __init__(
        self, message: str | None = None, *, provider: str, model: str = "", retry_at: datetime | None = None
    ) -> None:
        super().__init__(message, provider=provider, model=model)
        self.retry_at = retry_at


class QuotaExhausted(ProviderError):
    """The provider account has no credit left or the key was revoked."""


class ProviderRefused(ProviderError):
    """The provider refused the request; the same request will be refused again."""


class AnswerInvalid(ProviderError):
    """The answer fails the schema even after one repair."""


class BudgetExhausted(EngineError):
    """The budget is spent; the work left is listed."""

    exit_code = 0


class ConstraintConflict(EngineError):
    """Human judgements contradict each other: a must-link path crosses a cannot-link."""

    exit_code = 4

    def __init__(self, message: str | None = None, *, path: Sequence[str], hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        #: account keys from one end of the cannot-link to the other, along must-links
        self.path = list(path)


class SnapshotError(EngineError):
    """A snapshot's manifest and files disagree."""


class StaleCursor(EngineError):
    """A newer index is in force since this page was made."""


class GateRefused(EngineError):
    """A publish gate refused the new snapshot; the previous one stays."""

    exit_code = 4

    def __init__(self, message: str | None = None, *, findings: Sequence[str], hint: str | None = None) -> None:
        super().__init__(message or f"publish refused: {'; '.join(findings)}", hint=hint)
        self.findings = list(findings)
