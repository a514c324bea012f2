"""What a night of labelling may cost, said to a person before anybody is asked: a range, and who waits for money."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from base.fingerprint import canonical_json
from base.usage import LLMUsage
from enrich.conversation import first_request
from enrich.enricher import Enricher
from enrich.ledger import NANO, Budget, Price, worst_case
from enrich.plan import Decision
from jobs.cascade import cascade_of
from jobs.context import Context
from jobs.load_subjects import load_whole_subjects
from providers.tokens import load_token_counter
from store.enrichments import Chosen
from store.llm_calls import load_spending

#: a plain answer with a summary of twenty words is some 350 bytes of JSON
USUAL_OUTPUT_TOKENS = 100
#: creators whose questions are counted; the others are taken to be like them
SAMPLED = 100


@dataclass(frozen=True, slots=True)
class ExpectedCost:
    """Of one creator; what the cascade settles for nothing counts as nothing."""

    #: of one question and its answer
    usage: LLMUsage
    #: when the vendor's cache holds what is the same for everyone
    usual_nano_usd: int
    #: what the ledger takes for one question until its answer is there
    reserved_nano_usd: int


def within_cap(context: Context, plan: pa.Table, each_nano_usd: int) -> pa.Table:
    """The plan in which those wait for whom the cap leaves nothing, if each of the others costs so much."""
    with context.reading_frames() as frames:
        spent = load_spending(frames, context.run_id, context.as_of.date().isoformat())
    room = Budget(*context.settings.budget.rooms_nano_usd(run=spent["run"], night=spent["night"])).room_nano_usd
    is_late = pc.fill_null(pc.greater_equal(plan["turn"], room // max(1, each_nano_usd)), False)
    decisions = pc.if_else(is_late, pa.scalar(Decision.DEFER.value), plan["decision"])
    return plan.set_column(plan.column_names.index("decision"), "decision", decisions)


def expected_cost(context: Context, labeller: Enricher, price: Price, plan: pa.Table) -> ExpectedCost:
    """What a creator of this plan costs: counted over a sample of those who wait for an answer."""
    waiting = plan.filter(pc.not_equal(plan["decision"], Decision.SKIP))["creator_id"]
    places = np.arange(0, len(waiting), max(1, len(waiting) // SAMPLED))[:SAMPLED]
    ids = waiting.take(pa.array(places)).to_pylist()
    sample = list(load_whole_subjects(context, ids, Chosen(ids)))
    cascade = cascade_of(context, labeller)
    clear = set() if cascade is None else {outcome.creator_id for outcome in cascade.label(sample)}
    counter, questions = load_token_counter(), labeller.questions
    asked = [first_request(questions, subject) for subject in sample if subject.creator_id not in clear]
    static = counter.count(questions.system) + counter.count(canonical_json(questions.schema))
    own = round(mean([counter.count(request.user) for request in asked] or [0]))
    usage = LLMUsage(static + own, cached_tokens=static, output_tokens=USUAL_OUTPUT_TOKENS)
    reserved = sum(worst_case(request, price, questions.static_bytes) for request in asked)
    counted = max(1, len(sample))
    return ExpectedCost(usage, price.cost_nano_usd(usage) * len(asked) // counted, reserved // counted)


def forecast(plan: pa.Table, expected: ExpectedCost | None = None) -> list[dict[str, Any]]:
    """One row per decision and reason: creators; where somebody is paid, tokens and dollars from low to high.

    low: as usual, with the vendor's cache warm. high: what the ledger would reserve, one question each.
    """
    groups = plan.group_by(["decision", "reason"]).aggregate([([], "count_all")])
    rows = groups.sort_by([("decision", "ascending"), ("reason", "ascending")]).to_pylist()
    return [_row(row, expected if row["decision"] != Decision.SKIP else None) for row in rows]


def _row(group: dict[str, Any], expected: ExpectedCost | None) -> dict[str, Any]:
    creators = group["count_all"]
    row = {"decision": group["decision"], "reason": group["reason"], "creators": creators}
    if expected is None:
        return row
    return row | {
        "input_tokens": creators * expected.usage.input_tokens,
        "output_tokens": creators * expected.usage.output_tokens,
        "low_usd": creators * expected.usual_nano_usd / NANO,
        "high_usd": creators * expected.reserved_nano_usd / NANO,
    }


def forecast_lines(rows: Sequence[dict[str, Any]]) -> list[tuple[str, ...]]:
    """The rows as a person reads them; at the end what tonight comes to, where it costs anything."""
    lines = [(row["decision"], row["reason"], f"{row['creators']:,}", *_figures([row])) for row in rows]
    tonight = [row for row in rows if row["decision"] == Decision.RUN and "low_usd" in row]
    header = ("", "why", "creators", "tokens read", "written", "dollars, low", "high")
    together = ("tonight", "", f"{sum(row['creators'] for row in tonight):,}", *_figures(tonight))
    return [header, *lines, together]


def _figures(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    for name in ("input_tokens", "output_tokens"):
        yield f"{sum(row.get(name, 0) for row in rows):,}"
    for name in ("low_usd", "high_usd"):
        yield f"${sum(row.get(name, 0) for row in rows):,.4f}"
