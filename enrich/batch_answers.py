"""What comes back from a batch service: lines of its files in, one verdict per request out, whatever their order.

A request that never ran costs nothing and is asked again; any other line is what the same call would be online.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import orjson

from base.errors import ErrorClass, ProviderError
from enrich.dossier import Dossier, DossierItem
from enrich.labeller import Outcome, flags_of
from enrich.ledger import Price, Settlement, settle_answer, settle_error
from enrich.questions import Questions
from enrich.schema import CreatorLabels
from providers.llm import LLMAnswer

#: asked again by a later run as if nothing had been
_PASSING = {ErrorClass.RATE, ErrorClass.SERVER, ErrorClass.QUOTA}
#: worth one more question that says what was wrong, or gives more room
_REPAIRABLE = {ErrorClass.INVALID, ErrorClass.LENGTH}
_SHOWN = re.compile(r"^(?P<boundary>----- data [0-9a-f]{16} -----)\n(?P<text>.*)\n(?P=boundary)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class BatchLine:
    """One line of a vendor's output or error file."""

    custom_id: str
    #: None: it never got as far as the model
    status_code: int | None
    body: Mapping[str, Any]
    request_id: str | None
    #: why it never did, e.g. batch_expired
    error_code: str | None


#: labelled · failed (see `error_class`) · passing (failed, but nothing is held against it) · returned (never ran)
Fate = Literal["labelled", "failed", "passing", "returned"]


@dataclass(frozen=True, slots=True)
class BatchAnswer:
    """What one request of a batch came to."""

    creator_id: str
    #: of what was shown when it was asked; today's may differ
    input_fingerprint: str
    fate: Fate
    settlement: Settlement
    labels: CreatorLabels | None = None
    flags: tuple[str, ...] = ()
    error_class: str = ""
    #: what was wrong, in our own words
    detail: str = ""
    #: False: one repair is worth its price
    is_final: bool = True

    @property
    def outcome(self) -> Outcome:
        return Outcome(
            self.creator_id,
            self.input_fingerprint,
            self.labels,
            self.flags,
            self.error_class,
            self.detail,
            self.settlement.cost_nano_usd,
            self.is_final,
        )


class Reader(Protocol):
    """See `BatchApi.read`."""

    def read(self, status_code: int, body: Mapping[str, Any]) -> LLMAnswer: ...


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that is out with a batch."""

    call_id: str
    creator_id: str
    #: from 1
    attempt: int
    reserved_nano_usd: int
    #: the creator's part, as it was sent
    user: str


def read_lines(raw: Iterable[bytes]) -> Iterator[BatchLine]:
    """The lines of a file that can be read; half a line is left out."""
    for text in raw:
        try:
            line = orjson.loads(text)
            response = line.get("response") or {}
            error = line.get("error") or {}
            body = response.get("body")
            yield BatchLine(
                custom_id=str(line["custom_id"]),
                status_code=response.get("status_code"),
                body=body if isinstance(body, dict) else {},
                request_id=response.get("request_id"),
                error_code=error.get("code"),
            )
        except (orjson.JSONDecodeError, AttributeError, KeyError):
            continue


def judge_line(line: BatchLine, asked: Asked, reader: Reader, questions: Questions, price: Price) -> BatchAnswer:
    """What a line says about the request it answers. price: of a batch."""
    dossier = shown_dossier(asked.creator_id, asked.user)
    if line.status_code is None:
        return _returned(asked, dossier, line.error_code or "no response")
    try:
        answer = reader.read(line.status_code, line.body)
    except ProviderError as error:
        return _failed(asked, dossier, error, price)
    verdict = questions.judge(answer.text, dossier)
    error_class = None if verdict.labels else ErrorClass.INVALID.value
    settlement = settle_answer(
        asked.call_id, answer.usage, price, request_id=answer.request_id or line.request_id, error_class=error_class
    )
    if verdict.labels is not None:
        flags = flags_of(verdict.labels)
        return BatchAnswer(asked.creator_id, dossier.input_fingerprint, "labelled", settlement, verdict.labels, flags)
    return BatchAnswer(
        asked.creator_id,
        dossier.input_fingerprint,
        "failed",
        settlement,
        error_class=ErrorClass.INVALID.value,
        detail="; ".join(verdict.mistakes),
        is_final=asked.attempt > 1,
    )


def shown_dossier(creator_id: str, user: str) -> Dossier:
    """The dossier that a question shows: an answer is held against what was asked, not against what stands today.

    Raises ValueError when it is not a question of ours.
    """
    shown = _SHOWN.search(user)
    if shown is None:
        raise ValueError(f"{creator_id}: no dossier in the question")
    data = orjson.loads(shown["text"])
    items = tuple(DossierItem(**item) for item in data["items"])
    return Dossier(creator_id, tuple(data["accounts"]), items)


def _returned(asked: Asked, dossier: Dossier, why: str) -> BatchAnswer:
    settlement = Settlement(asked.call_id, "released", 0)
    return BatchAnswer(asked.creator_id, dossier.input_fingerprint, "returned", settlement, detail=why)


def _failed(asked: Asked, dossier: Dossier, error: ProviderError, price: Price) -> BatchAnswer:
    settlement = settle_error(asked.call_id, error, price, asked.reserved_nano_usd)
    return BatchAnswer(
        asked.creator_id,
        dossier.input_fingerprint,
        "passing" if error.error_class in _PASSING else "failed",
        settlement,
        error_class=error.error_class.value,
        detail=error.message,
        is_final=asked.attempt > 1 or error.error_class not in _REPAIRABLE,
    )
