"""The kill switch: many more than usual stop the night, a small budget does not."""

from datetime import timedelta

import pyarrow as pa
import pytest

from base.clock import to_micros
from base.errors import GateRefused
from base.fingerprint import canonical_json
from jobs.asked_again import refuse_a_jump, share_asked_again
from jobs.plan_enrichment import NIGHT
from store.session import Store
from store.tables import Run
from tests.factories import AS_OF, a_context

NOW = to_micros(AS_OF)


def night(due: int, of: int, **values):
    row = {"answer_provenance": "llm", "reason": "drifted", "decision": "run"} | values
    quiet = row | {"reason": "unchanged", "decision": "skip"}
    return pa.Table.from_pylist([row] * due + [quiet] * (of - due), NIGHT)


def after_nights(store: Store, *shares: float):
    with store.writing() as session:
        for place, share in enumerate(shares, 1):
            when = AS_OF - timedelta(days=place)
            stage = {"name": "enrich_creators", "counts": {}, "details": {"asked_again_share": share}}
            session.add(
                Run(
                    run_id=f"run-{place}", command="nightly", as_of=when, state="done", inputs="{}", started_at=when,
                    content=canonical_json({"stages": [stage]}),
                )
            )  # fmt: skip
    return a_context(store)


def test_three_times_the_usual_share_stops_the_night_and_says_how_to_go_on(store):
    context = after_nights(store, 0.01, 0.02, 0.01, 0.01)
    assert refuse_a_jump(context, night(300, 10_000)) == 0.03
    with pytest.raises(GateRefused, match="became due") as refused:
        refuse_a_jump(context, night(301, 10_000))
    assert refused.value.exit_code == 4
    assert "--force REASON" in (refused.value.hint or "")
    assert refuse_a_jump(context, night(301, 10_000), force="a new embedding model") == 0.0301


@pytest.mark.parametrize(
    ("shares", "due"), [((0.0, 0.0), 5_000), ((), 10_000), ((0.0, 0.0, 0.0), 99)],
    ids=["two nights are no custom", "the first night", "a handful"],
)  # fmt: skip
def test_what_cannot_be_unusual_goes_on(store, shares, due):
    refuse_a_jump(after_nights(store, *shares), night(due, 10_000))


def test_who_waits_is_not_counted_again():
    """DRF-04: what a small budget left over is no jump."""
    waiting = night(5, 10, decision="defer", deferred_since=NOW - 1)
    assert share_asked_again(waiting, NOW) == (0, 0)
    assert share_asked_again(night(5, 10, decision="defer", deferred_since=NOW), NOW) == (5, 0.5)


def test_new_creators_and_free_answers_are_no_jump():
    assert share_asked_again(night(5, 10, reason="new"), NOW) == (0, 0)
    assert share_asked_again(night(5, 10, answer_provenance="offline"), NOW) == (0, 0)
