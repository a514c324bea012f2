"""Who is asked about tonight, by whom, and what the report says of it."""

from collections import Counter

import pyarrow as pa
import pyarrow.compute as pc

from base.clock import to_micros
from enrich import ledger
from enrich.enricher import Enricher
from enrich.offline import OfflineClassifier
from enrich.plan import MICROS_PER_DAY
from jobs.context import Context
from jobs.expected_costs import cap_nano_usd, worst_nano_usd
from jobs.plan_enrichment import plan_night

PROMPT = ("creator_enrichment", "2")


def plan_for(context: Context, labeller: Enricher | OfflineClassifier, price: ledger.Price) -> pa.Table:
    """Tonight's plan; of a model's, no more than the cap affords when everything costs what it may at most."""
    if not isinstance(labeller, Enricher):
        return plan_night(context, labeller)
    worst = worst_nano_usd(labeller.questions, price)
    return plan_night(context, labeller, worst_nanos=worst, cap_nanos=cap_nano_usd(context))


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
