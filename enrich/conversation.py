"""One creator and one model: asked, asked again as its failures allow; each attempt reserved, then settled."""

from dataclasses import dataclass, replace

from base.errors import AnswerInvalid, ErrorClass, ProviderError, QuotaExhausted
from enrich.dossier import TOKEN_BUDGET, build_dossier
from enrich.gate import Gate
from enrich.labeller import Outcome, flags_of
from enrich.ledger import CallIntent, Ledger, Price, Settlement, settle_answer, settle_error, worst_case
from enrich.questions import Questions
from enrich.retrying import Tries
from enrich.schema import CreatorLabels
from enrich.subjects import Subject
from providers.llm import LLM, LLMRequest


@dataclass(frozen=True, slots=True)
class Due:
    """A creator to be asked about, and why."""

    subject: Subject
    reason: str


@dataclass(frozen=True, slots=True)
class Desk:
    """What every conversation of a run shares."""

    llm: LLM
    questions: Questions
    prompt_version: str
    price: Price
    ledger: Ledger
    gate: Gate
    #: of the rules and the schema
    static_bytes: int

    @classmethod
    def of(
        cls, llm: LLM, questions: Questions, prompt_version: str, price: Price, ledger: Ledger, gate: Gate
    ) -> "Desk":
        return cls(llm, questions, prompt_version, price, ledger, gate, questions.static_bytes)


async def converse(desk: Desk, due: Due) -> Outcome | None:
    """What became of a creator, already written down; None when the run stopped before it came to an end.

    Raises QuotaExhausted and BudgetExhausted, which concern every creator.
    """
    return await _Conversation(desk, due).outcome()


class _Conversation:
    def __init__(self, desk: Desk, due: Due) -> None:
        self._desk, self._due = desk, due
        self._dossier = build_dossier(due.subject)
        self._input_fingerprint = self._dossier.input_fingerprint
        self._request = desk.questions.ask(self._dossier)
        self._tries = Tries(self._request.request_hash)
        self._attempt = 0
        self._cost_nano_usd = 0

    async def outcome(self) -> Outcome | None:
        while self._desk.gate.is_open:
            outcome = await self._ask()
            if outcome is not None:
                return outcome
        return None

    async def _ask(self) -> Outcome | None:
        """One attempt; None when it is worth another, which is then prepared."""
        tokens = len(self._request.user) // 4 + self._desk.static_bytes // 4 + self._request.max_output_tokens
        if not await self._desk.gate.enter(tokens):
            return None
        try:
            call_id, reserved = await self._reserve()
        except BaseException:
            self._desk.gate.leave()
            raise
        try:
            answer = await self._desk.llm.complete(self._request)
        except ProviderError as error:
            self._desk.gate.hear(error)
            return await self._failed(error, settle_error(call_id, error, self._desk.price, reserved))
        except Exception:
            # Nobody knows what it came to. Left open, it would keep those waiting who wait for its room.
            self._desk.gate.leave()
            await self._settle(Settlement(call_id, "unknown", reserved))
            raise
        self._desk.gate.hear(answer)
        verdict = self._desk.questions.judge(answer.text, self._dossier)
        settled = settle_answer(call_id, answer.usage, self._desk.price, request_id=answer.request_id)
        if verdict.labels is not None:
            return await self._end(settled, labels=verdict.labels)
        mistakes = "; ".join(verdict.mistakes)
        invalid = AnswerInvalid(mistakes, provider=self._desk.llm.id)
        return await self._failed(invalid, replace(settled, error_class=ErrorClass.INVALID.value))

    async def _reserve(self) -> tuple[str, int]:
        self._attempt += 1
        reserved = worst_case(self._request, self._desk.price, self._desk.static_bytes)
        intent = CallIntent(
            subject=self._due.subject.creator_id,
            model=self._desk.llm.id,
            request_hash=self._request.request_hash,
            attempt=self._attempt,
            reserved_nano_usd=reserved,
            prompt_version=self._desk.prompt_version,
            reason=self._due.reason,
        )
        return await self._desk.ledger.reserve(intent), reserved

    async def _failed(self, error: ProviderError, settlement: Settlement) -> Outcome | None:
        if isinstance(error, QuotaExhausted):
            await self._settle(settlement)
            raise error
        if not self._tries.allow(error.error_class):
            return await self._end(settlement, error=error)
        await self._settle(settlement)
        if error.error_class is ErrorClass.SERVER:
            await self._desk.gate.rest(self._tries.backoff_seconds())
        self._prepare_again(error)
        return None

    def _prepare_again(self, error: ProviderError) -> None:
        """The next form of the question; a failure of the provider leaves it as it is."""
        match error.error_class:
            case ErrorClass.TOO_LONG:
                self._dossier = build_dossier(self._due.subject, TOKEN_BUDGET // 2)
                self._request = self._desk.questions.ask(self._dossier)
            case ErrorClass.LENGTH:
                self._request = replace(self._request, max_output_tokens=2 * self._request.max_output_tokens)
            case ErrorClass.INVALID:
                longest = self._request.max_output_tokens
                again = self._desk.questions.ask_again(self._request, error.message.split("; "))
                self._request = replace(again, max_output_tokens=longest)

    async def _end(
        self, settlement: Settlement, labels: CreatorLabels | None = None, error: ProviderError | None = None
    ) -> Outcome:
        self._cost_nano_usd += settlement.cost_nano_usd
        outcome = Outcome(
            creator_id=self._due.subject.creator_id,
            input_fingerprint=self._input_fingerprint,
            labels=labels,
            flags=flags_of(labels) if labels else (),
            failure=error.error_class.value if error else "",
            detail=error.message if error else "",
            cost_nano_usd=self._cost_nano_usd,
        )
        # Together: a kill can neither lose an answer that was paid nor pay for one that is there.
        await self._desk.ledger.settle(settlement, outcome)
        return outcome

    async def _settle(self, settlement: Settlement) -> None:
        self._cost_nano_usd += settlement.cost_nano_usd
        await self._desk.ledger.settle(settlement)


def first_request(questions: Questions, subject: Subject) -> LLMRequest:
    """What would be asked about a creator, for an estimate."""
    return questions.ask(build_dossier(subject))
