"""Ask a model about every trial and keep its answers in a file: paid for once, under the ledger and its caps."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from base.errors import ConfigError, ProviderError, ProviderUnavailable, RateLimited
from base.fingerprint import canonical_json
from enrich.ledger import CallIntent, Price, usd, worst_case
from enrich.recording import Head, Recording, RecordingLLM
from enrich.subjects import Subject
from jobs.context import Context
from jobs.evaluate_enrichment import ask_all
from jobs.report import JobReport
from providers.llm import LLM, LLMAnswer, LLMRequest

ATTEMPTS = 5
FIRST_WAIT_SECONDS = 2.0


class LedgeredLLM:
    """Reserves the worst case of each call before it leaves, settles what it was, and asks again when told to wait."""

    def __init__(self, llm: LLM, context: Context, price: Price, prompt_version: str) -> None:
        self._llm, self._ledger, self._price = llm, context.ledger, price
        self._prompt_version = prompt_version
        self.id, self.model = llm.id, llm.model
        self.calls = 0

    async def complete(self, request: LLMRequest) -> LLMAnswer:
        """See `LLM.complete`. Raises BudgetExhausted when the next call does not fit under a cap."""
        for attempt in range(1, ATTEMPTS):
            try:
                return await self._once(request, attempt)
            except (RateLimited, ProviderUnavailable) as error:
                told = error.retry_after_seconds if isinstance(error, RateLimited) else None
                await asyncio.sleep(FIRST_WAIT_SECONDS * 2**attempt if told is None else told)
        return await self._once(request, ATTEMPTS)

    async def close(self) -> None:
        await self._llm.close()

    async def _once(self, request: LLMRequest, attempt: int) -> LLMAnswer:
        static_bytes = len((request.system + canonical_json(request.schema)).encode())
        reserved = worst_case(request, self._price, static_bytes)
        intent = CallIntent(
            "trial", self.id, request.request_hash, attempt, reserved,
            prompt_version=self._prompt_version, reason="evaluation",
        )  # fmt: skip
        call_id = self._ledger.open_call(intent)
        self.calls += 1
        try:
            answer = await self._llm.complete(request)
        except ProviderError as error:
            self._ledger.close_call(call_id, error, self._price)
            raise
        self._ledger.close_call(call_id, answer.usage, self._price)
        return answer


def record_selected(context: Context, path: Path, prompt_version: str) -> JobReport:
    """Record the answers of the model that the settings select. Raises ConfigError when none is, or no cap stands."""
    if not context.settings.llm.is_paid:
        raise ConfigError("no model is selected", hint="set llm.provider, llm.model and budget.max_usd")
    # Imported here: the vendor's library takes a second to load, and scores of recorded answers do not need it.
    from jobs.paid_llm import paid_llm

    llm, price = paid_llm(context.settings)
    return record_answers(context, llm, price, path, prompt_version)


def record_answers(
    context: Context, llm: LLM, price: Price, path: Path, prompt_version: str, trials: Sequence[Subject] | None = None
) -> JobReport:
    """Record what is not in the file yet; what was paid for stays in it, whatever ends the run.

    Raises ConfigError for a file of another model or prompt, BudgetExhausted at a cap.
    """
    head = Head("live", llm.id, llm.model, prompt_version)
    recording = Recording.read(path) if path.exists() else Recording(head)
    if recording.head != head:
        raise ConfigError(f"{path} holds the answers of {recording.head}", hint="give --record another file")
    room = context.ledger.room_nano_usd
    paid = LedgeredLLM(llm, context, price, prompt_version)
    try:
        asyncio.run(ask_all(RecordingLLM(paid, recording), prompt_version, trials))
    finally:
        recording.write(path)
    report = JobReport("record_answers")
    report.count(answers=len(recording.answers))
    cost = room - context.ledger.room_nano_usd
    report.effort |= {"paid_calls": paid.calls, "cost_nano_usd": cost}
    report.details["cost"] = usd(cost)
    return report
