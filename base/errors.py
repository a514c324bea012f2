"""Every error the engine raises on purpose, with the exit code a scheduler sees.

    EngineError                      1
    ├─ ConfigError                   2   settings or secrets wrong
    ├─ SourceError                   1   a file or payload cannot be read (bad rows are collected, not raised)
    ├─ StoreError                    1   wrong schema version
    │  └─ StoreLocked               75   another run holds the lock: try later
    ├─ ProviderError                 1   .provider .model .request_id .usage .is_outcome_unknown .error_class
    │  ├─ ProviderUnavailable            SERVER: timeout, connection, 5xx
    │  ├─ RateLimited                    RATE: .retry_after_seconds
    │  ├─ QuotaExhausted                 QUOTA: no credit, key revoked, over a monthly limit
    │  ├─ InputTooLong                   TOO_LONG: does not fit the model's context
    │  ├─ AnswerRefused                  REFUSAL: the model would not
    │  ├─ AnswerFiltered                 FILTER: cut off by the vendor's content filter
    │  ├─ AnswerTruncated                LENGTH: cut off at the longest answer allowed
    │  ├─ AnswerInvalid                  INVALID: not the answer asked for
    │  └─ ProviderRefused                BAD_REQUEST: bad request, unknown code
    ├─ BudgetExhausted               0   planned stop, the work left is listed
    ├─ RunStopped                   75   SIGTERM: what was under way is saved, try later
    ├─ ConstraintConflict            4   a must-link path crosses a cannot-link; .path
    ├─ SnapshotError                 1   manifest and files disagree
    ├─ StaleCursor                   1   the index moved on between two pages
    └─ GateRefused                   4   .findings; the previous snapshot stays

The class docstring is the default message; `hint` is the next command or edit.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import ClassVar

from base.usage import LLMUsage


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


class ErrorClass(StrEnum):
    """What to do about a provider's failure, in one word: the ledger and the retry rules know these and no others."""

    #: wait for everybody, then ask again
    RATE = "RATE"
    #: stop: nothing will be answered until a person has acted
    QUOTA = "QUOTA"
    #: wait a little, ask again
    SERVER = "SERVER"
    #: ask again with less
    TOO_LONG = "TOO_LONG"
    REFUSAL = "REFUSAL"
    FILTER = "FILTER"
    #: ask again with more room for the answer
    LENGTH = "LENGTH"
    #: ask again, saying what was wrong
    INVALID = "INVALID"
    #: never ask this again
    BAD_REQUEST = "BAD_REQUEST"


class ProviderError(EngineError):
    """A provider failed."""

    error_class: ClassVar[ErrorClass] = ErrorClass.BAD_REQUEST

    def __init__(
        self,
        message: str | None = None,
        *,
        provider: str,
        model: str = "",
        hint: str | None = None,
        request_id: str | None = None,
        usage: LLMUsage | None = None,
        is_outcome_unknown: bool = False,
    ) -> None:
        super().__init__(message, hint=hint)
        self.provider = provider
        self.model = model
        #: the vendor's own name for the request, for a question to their support
        self.request_id = request_id
        #: what was paid for although the call failed; None: nothing that anybody told
        self.usage = usage
        #: the request had left when the line broke: it may have been answered and billed
        self.is_outcome_unknown = is_outcome_unknown


class ProviderUnavailable(ProviderError):
    """The provider did not answer; worth another try."""

    error_class = ErrorClass.SERVER


class RateLimited(ProviderError):
    """The provider asks us to wait."""

    error_class = ErrorClass.RATE

    def __init__(
        self,
        message: str | None = None,
        *,
        provider: str,
        model: str = "",
        hint: str | None = None,
        request_id: str | None = None,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(message, provider=provider, model=model, hint=hint, request_id=request_id)
        #: from now; None: it did not say
        self.retry_after_seconds = retry_after_seconds


class QuotaExhausted(ProviderError):
    """The provider account has no credit left or the key was revoked."""

    error_class = ErrorClass.QUOTA


class InputTooLong(ProviderError):
    """The question does not fit the model's context."""

    error_class = ErrorClass.TOO_LONG


class AnswerRefused(ProviderError):
    """The model declined to answer."""

    error_class = ErrorClass.REFUSAL


class AnswerFiltered(ProviderError):
    """The provider's content filter cut the answer off."""

    error_class = ErrorClass.FILTER


class AnswerTruncated(ProviderError):
    """The answer was cut off at the number of tokens it was allowed."""

    error_class = ErrorClass.LENGTH


class AnswerInvalid(ProviderError):
    """The answer is not what was asked for."""

    error_class = ErrorClass.INVALID


class ProviderRefused(ProviderError):
    """The provider refused the request; the same request will be refused again."""


class BudgetExhausted(EngineError):
    """The budget is spent; the work left is listed."""

    exit_code = 0


class RunStopped(EngineError):
    """Asked to stop: what was under way has come back and is saved; the next run goes on from there."""

    exit_code = 75


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
