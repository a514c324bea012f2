"""The kill switch of labelling: a night that would ask again about many more than usual stops, and asks a person.

A jump is most often a fault on our side (another embedding, a broken delivery), and each question is paid for.
"""

import json
from collections.abc import Iterator
from statistics import median

import pyarrow as pa
import pyarrow.compute as pc

from base.clock import to_micros
from base.errors import GateRefused
from enrich.plan import AGAIN, Decision
from jobs.context import Context
from store.runs import load_runs

NIGHTS = 14
#: nights that must be known before one can be unusual
LEAST_NIGHTS = 3
#: creators below which a share says nothing
LEAST_CREATORS = 100
MOST_RUNS = 100


def share_asked_again(night: pa.Table, as_of: int) -> tuple[int, float]:
    """How many creators with a paid answer became due tonight for another one, and their share among all who have one.

    Who was due before and waits for money is left out: a small budget is no jump.
    """
    paid = pc.fill_null(pc.not_equal(night["answer_provenance"], "offline"), False)
    again = pc.is_in(night["reason"], value_set=pa.array([reason.value for reason in AGAIN]))
    is_due = pc.and_(again, pc.not_equal(night["decision"], Decision.SKIP))
    is_news = pc.fill_null(pc.greater_equal(night["deferred_since"], as_of), True)
    due = pc.sum(pc.and_(pc.and_(paid, is_due), is_news)).as_py() or 0
    return due, due / max(1, pc.sum(paid).as_py() or 0)


def refuse_a_jump(context: Context, night: pa.Table, force: str | None = None) -> float:
    """The share of tonight, for the record. Raises GateRefused when it jumped, unless `force` says why it may."""
    due, share = share_asked_again(night, to_micros(context.as_of))
    former = list(_former(context))[:NIGHTS]
    limit = context.settings.llm.max_growth * median(former) if len(former) >= LEAST_NIGHTS else None
    if limit is not None and due >= LEAST_CREATORS and share > limit and not force:
        usual = f"{median(former):.2%} in the {len(former)} nights before"
        raise GateRefused(
            f"labelling refused: {due:,} creators ({share:.2%}) became due for another answer tonight, {usual}",
            findings=[f"{share:.4f} of the answered creators became due, more than {limit:.4f}"],
            hint="creatordex enrich --plan says who and why; creatordex enrich --force REASON goes on",
        )
    return round(share, 6)


def _former(context: Context) -> Iterator[float]:
    """The shares of earlier nights that went through, newest first."""
    with context.reading() as session:
        contents = [
            run.content for run in load_runs(session, MOST_RUNS) if run.state == "done" and run.as_of < context.as_of
        ]
    for content in contents:
        for stage in json.loads(content).get("stages", []):
            if "asked_again_share" in stage["details"]:
                yield float(stage["details"]["asked_again_share"])
