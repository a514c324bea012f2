"""Who is asked about tonight, by whom, and what the report says of it."""

from collections import Counter
from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from base.clock import to_micros
from enrich.plan import MICROS_PER_DAY, Decision
from jobs.context import Context
from jobs.plan_enrichment import in_stretches

PROMPT = ("creator_enrichment", "2")


#: who is asked, at once in memory: as many as are read by name
AT_ONCE = 500


def those_due(plan: pa.Table) -> pa.Table:
    """The rows of those who are due, in id order."""
    return plan.filter(pc.equal(plan["decision"], Decision.RUN))


def reasons_in_turn(due: pa.Table) -> dict[str, str]:
    """Creator → why it is due, in the order in which they are asked about."""
    due = due.sort_by("turn")
    return dict(zip(due["creator_id"].to_pylist(), due["reason"].to_pylist(), strict=True))


def turns(due: dict[str, str]) -> Iterator[Sequence[str]]:
    """The same in parts."""
    return in_stretches(list(due), AT_ONCE)


def count_plan(plan: pa.Table) -> dict[str, int]:
    """Decision and reason → creators, e.g. run:new."""
    pairs = zip(plan["decision"].to_pylist(), plan["reason"].to_pylist(), strict=True)
    return dict(sorted(Counter(f"{decision}:{reason}" for decision, reason in pairs).items()))


def count_overdue(context: Context, plan: pa.Table) -> int:
    """Creators that have been waiting for their turn for more nights than they should."""
    longest = context.settings.llm.max_deferred_nights * MICROS_PER_DAY
    waited = pc.subtract(to_micros(context.as_of), plan["deferred_since"])
    found: int | None = pc.sum(pc.greater(waited, longest)).as_py()
    return found or 0
