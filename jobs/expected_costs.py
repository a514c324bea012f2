"""What a night of labelling may cost, said before anybody is asked: the most, for the cap; a range, for a person."""

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
from enrich.ledger import NANO, Price, worst_case
from enrich.plan import Decision
from enrich.questions import Questions
from enrich.subjects import Subject
from jobs.context import Context
from jobs.plan_enrichment import subjects_of
from providers.tokens import load_token_counter
from store.llm_calls import load_costs

#: a plain answer with a summary of twenty words is some 350 bytes of JSON
USUAL_OUTPUT_TOKENS = 100
#: creators whose questions are counted; the others are taken to be like them
SAMPLED = 100
LONG = "x" * 1_000


@dataclass(frozen=True, slots=True)
class ExpectedCost:
    """Of one question and its answer."""

    usage: LLMUsage
    #: when the vendor's cache holds what is the same for everyone
    usual_nano_usd: int


def worst_nano_usd(questions: Questions, price: Price) -> int:
    """The most that asking once may cost: about a creator who has as much to show as is ever shown."""
    accounts, items = 5, [f"{place} {LONG}" for place in range(20)]
    names: list[str | None] = [LONG] * accounts
    everything = Subject(
        "", [LONG] * accounts, names, names, names, names,
        ["youtube"] * len(items), items, [None] * len(items), [None] * len(items),
    )  # fmt: skip
    return worst_case(first_request(questions, everything), price, questions.static_bytes)


def cap_nano_usd(context: Context) -> int | None:
    """What this run's labelling may cost together: the caps, less what was spent on anything else; None: no cap."""
    budget, night = context.settings.budget, context.as_of.date().isoformat()
    with context.reading_frames() as frames:
        spent = load_costs(frames, ("purpose", "run_id"), night=night).to_pylist()
    others = [row for row in spent if (row["purpose"], row["run_id"]) != ("enrichment", context.run_id)]
    of_run = sum(row["nano_usd"] for row in others if row["run_id"] == context.run_id)
    of_night = sum(row["nano_usd"] for row in others)
    caps = ((budget.max_usd, of_run), (budget.max_usd_per_night, of_night))
    return min((max(0, round(cap * NANO) - spent) for cap, spent in caps if cap is not None), default=None)


def expected_cost(context: Context, questions: Questions, price: Price, plan: pa.Table) -> ExpectedCost:
    """What a question of this plan usually costs: counted over a sample of those who wait for one."""
    waiting = plan.filter(pc.not_equal(plan["decision"], Decision.SKIP))["creator_id"]
    places = np.arange(0, len(waiting), max(1, len(waiting) // SAMPLED))[:SAMPLED]
    ids = waiting.take(pa.array(places)).to_pylist()
    counter = load_token_counter()
    own = [counter.count(first_request(questions, subject).user) for subject in subjects_of(context, ids)]
    static = counter.count(questions.system) + counter.count(canonical_json(questions.schema))
    usage = LLMUsage(static + round(mean(own or [0])), cached_tokens=static, output_tokens=USUAL_OUTPUT_TOKENS)
    return ExpectedCost(usage, price.cost_nano_usd(usage))


def forecast(plan: pa.Table, expected: ExpectedCost | None = None) -> list[dict[str, Any]]:
    """One row per decision and reason: creators; where somebody is paid, tokens and dollars from low to high.

    low: as usual, with the vendor's cache warm. high: what the ledger will reserve, one question each.
    """
    groups = plan.group_by(["decision", "reason"]).aggregate([([], "count_all"), ("reserved_nanos", "sum")])
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
        "high_usd": (group["reserved_nanos_sum"] or 0) / NANO,
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
