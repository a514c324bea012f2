"""Due creators as lines of a shard: what is asked about each, what it may cost, and how much of the queue it takes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from base.errors import ErrorClass
from base.fingerprint import canonical_json
from enrich.dossier import build_dossier
from enrich.ledger import CallIntent, worst_case
from enrich.shards import Line, LineMaker
from enrich.subjects import Subject
from jobs.batches.desk import BatchDesk
from providers.llm import LLMRequest
from providers.tokens import TokenCounter

MORE_ROOM = 2  # times the length, for an answer that was cut off


@dataclass(frozen=True, slots=True)
class Mistake:
    """Why the first answer was of no use."""

    error_class: str
    #: in our own words
    detail: str


#: creator and input fingerprint → the mistake that its next question is to mend
Repairs = Mapping[tuple[str, str], Mistake]


class RequestWriter:
    """Writes questions as lines; what they share is counted once."""

    def __init__(self, desk: BatchDesk, counter: TokenCounter) -> None:
        self._desk, self._counter = desk, counter
        self._maker = LineMaker(desk.api.endpoint, desk.api.body)
        shared = desk.questions.system + canonical_json(desk.questions.schema)
        self._shared_bytes, self._shared_tokens = len(shared.encode()), counter.count(shared)

    def line(self, subject: Subject, reason: str, repairs: Repairs) -> Line:
        """The next question about a creator; the second one says what was wrong with the first."""
        dossier = build_dossier(subject)
        mistake = repairs.get((subject.creator_id, dossier.input_fingerprint))
        request = self._mended(self._desk.questions.ask(dossier), mistake)
        call = CallIntent(
            subject=subject.creator_id,
            model=self._desk.api.id,
            request_hash=request.request_hash,
            attempt=1 if mistake is None else 2,
            reserved_nano_usd=worst_case(request, self._desk.price, self._shared_bytes),
            prompt_version=self._desk.labeller.prompt_version,
            reason=reason,
        )
        tokens = self._shared_tokens + self._counter.count(request.user)
        return Line(call, self._maker.line(subject.creator_id, request), tokens)

    def _mended(self, request: LLMRequest, mistake: Mistake | None) -> LLMRequest:
        match mistake:
            case None:
                return request
            case Mistake(ErrorClass.LENGTH):
                return replace(request, max_output_tokens=MORE_ROOM * request.max_output_tokens)
            case Mistake(detail=detail):
                return self._desk.questions.ask_again(request, [detail])
