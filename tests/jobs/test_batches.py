"""Batches: every creator is answered once, whatever dies when; nothing is sent twice, and nothing is left behind."""

import asyncio
import os
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest
from sqlmodel import select

from base.clock import FixedClock
from base.errors import ProviderRefused, ProviderUnavailable, QuotaExhausted, RateLimited
from base.fingerprint import canonical_json
from base.usage import LLMUsage
from enrich.dossier import build_dossier
from enrich.enricher import Enricher
from enrich.ledger import NANO, BudgetSettings, CallIntent
from enrich.shards import BatchSettings, Line, LineMaker
from enrich.taxonomy import load_taxonomy
from jobs.batches.desk import BatchDesk
from jobs.batches.harvest import Harvest, harvest
from jobs.batches.submit import resume_unsent, submit
from jobs.report import JobReport
from store.bulk import FrameWriter, arrow_schema
from store.llm_batches import load_pending_subjects
from store.session import Store
from store.tables import Enrichment, EnrichmentFailure, LlmBatch, LlmCall
from tests.enrich.making import PROMPT, a_cook, an_answer
from tests.factories import AS_OF, a_context
from tests.jobs.batch_service import INPUT_TOKENS, OUTPUT_TOKENS, BatchService, Killed

CREATORS = [f"cr_{number:02d}" for number in range(7)]
LABELLER = Enricher(BatchService.id, PROMPT, load_taxonomy())
QUESTIONS = LABELLER.questions
#: of the points at which a process can die, every so many is tried
EVERY = int(os.environ.get("CREATORDEX_TEST_EVERY_KILL", "9"))
#: histories with several kills
HISTORIES = int(os.environ.get("CREATORDEX_TEST_HISTORIES", "1"))
WORST = 3_000_000
TOKENS = 1_000


class TestPrice:
    """A nano-dollar per token, ten for what is written."""

    __test__ = False

    def cost_nano_usd(self, usage: LLMUsage) -> int:
        return usage.input_tokens + 10 * usage.output_tokens

    def worst_nano_usd(self, input_tokens: int, output_tokens: int) -> int:
        return WORST


COST = INPUT_TOKENS + 10 * OUTPUT_TOKENS


@dataclass
class World:
    """A store and a vendor, and nights that come and go over them."""

    store: Store
    service: BatchService
    nights: int = 0
    max_usd: float | None = 1.0
    settings: BatchSettings = field(default_factory=lambda: BatchSettings(max_requests=3))
    reports: list[dict[str, int]] = field(default_factory=list)
    crashpoint: Callable[[str], None] = lambda _place: None

    def night(self, creators: Iterable[str] = CREATORS, *, hours: float = 24, same_run: bool = False) -> dict[str, int]:
        """One run: fetch, then send for everyone who has no answer and waits for none. Returns what it counted."""
        if not same_run:
            self.nights += 1
        now = AS_OF + timedelta(hours=hours * self.nights)
        context = a_context(self.store, budget=BudgetSettings(max_usd=self.max_usd))
        context.run_id, context.as_of, context.clock = f"run-{self.nights}", now, FixedClock(now)
        context.crashpoint = lambda place: self.crashpoint(place)  # type: ignore[method-assign]
        self.service.crashpoint = lambda place: self.crashpoint(place)
        report = JobReport("enrich_creators")
        desk = BatchDesk(context, self.service, LABELLER, TestPrice(), self.settings, _no_pause)
        asyncio.run(self._work(desk, list(creators), report))
        self.reports.append(report.counts)
        return report.counts

    async def _work(self, desk: BatchDesk, creators: list[str], report: JobReport) -> None:
        await resume_unsent(desk, report)
        await harvest(desk, _save, report)
        with desk.context.reading_frames() as frames:
            waiting = set(load_pending_subjects(frames)["subject"].to_pylist())
        due = [one for one in creators if one not in waiting and one not in self.answered() | self.given_up()]
        await submit(desk, (_a_line(self.store, one) for one in due), report)

    def answered(self) -> set[str]:
        return {row.creator_id for row in self.rows(Enrichment)}

    def given_up(self) -> set[str]:
        return {row.creator_id for row in self.rows(EnrichmentFailure) if row.is_final}

    def rows(self, model: Any) -> list[Any]:
        with self.store.reading() as session:
            return list(session.exec(select(model)).all())

    def spent(self) -> int:
        return sum(call.cost_nano_usd or 0 for call in self.rows(LlmCall))


async def _no_pause(_seconds: float) -> None:
    """Tests wait for nobody."""


def _a_line(store: Store, creator_id: str) -> Line:
    with store.reading() as session:
        failed = session.exec(select(EnrichmentFailure).where(EnrichmentFailure.creator_id == creator_id)).all()
    request = QUESTIONS.ask(build_dossier(a_cook(creator_id=creator_id, handles=[creator_id])))
    if failed:
        request = QUESTIONS.ask_again(request, [failed[0].detail])
    call = CallIntent(creator_id, "cheap", request.request_hash, 1 + len(failed), WORST, reason="new")
    return Line(call, LineMaker("/v1", BatchService.body.__get__(BatchService(str))).line(creator_id, request), TOKENS)


def _save(frames: FrameWriter, harvested: Harvest) -> None:
    """What the job that owns labels does, in short."""
    named = {"recipe_fingerprint": harvested.batch["recipe_fingerprint"]}
    labels, failures = [], []
    for answer in harvested.answers:
        row = named | {"creator_id": answer.creator_id, "input_fingerprint": answer.input_fingerprint}
        if answer.labels is not None:
            told = answer.labels.model_dump()
            told |= {name: canonical_json(told[name]) for name in ("secondary_niches", "evidence")}
            fixed = {"provenance": "llm", "reason": harvested.reasons[answer.creator_id], "model": "cheap"}
            labels.append(row | told | fixed | {"is_current": True, "flags": "[]", "taxonomy_version": "1"})
            labels[-1] |= {"cost_usd": 0.0, "created_at": 0, "in_force_since": 0}
        elif answer.fate == "failed":
            failures.append(row | {"error_class": answer.error_class, "detail": answer.detail})
            failures[-1] |= {"run_id": "run", "failed_at": 0, "is_final": answer.is_final}
    for model, rows in ((Enrichment, labels), (EnrichmentFailure, failures)):
        frames.upsert(model, pa.Table.from_pylist(rows, arrow_schema(model)))


def well_behaved(_user: str) -> str:
    return an_answer()


@pytest.fixture
def world(store: Store) -> World:
    return World(store, BatchService(well_behaved))


def test_a_night_sends_and_the_next_one_fetches(world):
    """LLM-09: nothing waits; the answers come in with a later run, each once."""
    assert world.night() == {"batched": 7, "batches_submitted": 3}
    world.service.run()
    assert world.night() == {"labelled": 7, "batches_harvested": 3, "batches_completed": 3, "returned": 0}
    assert world.answered() == set(CREATORS)
    assert {call.state for call in world.rows(LlmCall)} == {"settled"}
    assert world.spent() == 7 * COST
    assert [(batch.state, batch.answered, batch.returned) for batch in world.rows(LlmBatch)] == [
        ("harvested", 3, 0),
        ("harvested", 3, 0),
        ("harvested", 1, 0),
    ]


def test_who_waits_for_a_batch_is_not_sent_again(world):
    world.night()
    assert world.night() == {"batches_out": 3}
    assert max(world.service.submitted.values()) == 1


def test_the_files_go_when_the_answers_are_in(world):
    world.night()
    folder = world.store.path.parent / "batches" if world.store.is_file else None
    if folder is not None:
        assert len(list(folder.iterdir())) == 3
    world.service.run()
    world.night()
    if folder is not None:
        assert list(folder.iterdir()) == []


def test_a_batch_carries_what_it_is_known_by(world):
    world.night()
    metadata = world.service.batches["batch_0"].metadata
    (row, *_) = world.rows(LlmBatch)
    assert metadata == {
        "project": "creatordex",
        "batch": "run-1-b001",
        "run": "run-1",
        "sha256": row.sha256,
        "prompt_version": "1",
    }


def test_an_expired_batch_gives_what_it_has_and_the_rest_is_asked_again(world):
    world.service.outcome = lambda batch: ("expired", 1) if batch.batch_id == "batch_0" else ("completed", None)
    world.night()
    world.service.run()
    counts = world.night()
    assert (counts["labelled"], counts["returned"], counts["batched"]) == (5, 2, 2)
    world.service.run()
    world.night()
    assert world.answered() == set(CREATORS)
    assert set(world.service.paid.values()) == {1}
    assert world.spent() == 7 * COST


def test_a_batch_without_all_the_answers_it_speaks_of_counts_in_full(world):
    """A vendor whose file is short: nobody knows what the others cost, and they are asked again."""
    world.night(CREATORS[:3])
    world.service.run()
    (answers,) = {batch.output_file_id for batch in world.service.batches.values()}
    first = world.service.files[answers].splitlines(keepends=True)[0]
    world.service.files[answers] = first + b'{"custom_id": "half a li'
    assert world.night(CREATORS[:3])["returned"] == 2
    assert sorted(call.state for call in world.rows(LlmCall) if call.run_id == "run-1") == [
        "settled",
        "unknown",
        "unknown",
    ]
    assert world.spent() == COST + 2 * WORST


def test_a_full_queue_is_no_failure_of_anyone(world):
    """token_limit_exceeded: the money is free, the creators are due, and less is sent for a while."""
    world.settings = BatchSettings(max_requests=50, queue_tokens=20_000)
    world.night()
    world.service.refuse("token_limit_exceeded")
    counts = world.night(hours=1)
    assert (counts["batches_refused"], counts["returned"], counts["batched"]) == (1, 7, 3)
    assert world.spent() == 0
    assert world.given_up() == set()
    world.service.run()
    world.night(hours=2)
    assert len(world.answered()) == 3


def test_no_more_is_sent_than_the_queue_holds(world):
    world.settings = BatchSettings(queue_tokens=10_000)
    lines = [f"cr_{number:02d}" for number in range(14)]
    assert world.night(lines)["batched"] == 10
    assert "batched" not in world.night(lines)
    world.service.run()
    assert world.night(lines)["batched"] == 4


def test_no_more_is_sent_than_the_cap_allows(world):
    world.max_usd = 4.5 * WORST / NANO
    assert world.night()["batched"] == 4
    assert sum(call.reserved_nano_usd for call in world.rows(LlmCall)) == 4 * WORST


def test_a_bad_answer_is_asked_for_once_more_and_then_given_up(world):
    asked: list[str] = []

    def stubborn(user: str) -> str:
        asked.append(user)
        return "no JSON" if "cr_03" in user else an_answer()

    world.service = BatchService(stubborn)
    for _ in range(4):
        world.night()
        world.service.run()
    assert world.answered() == set(CREATORS) - {"cr_03"}
    assert world.given_up() == {"cr_03"}
    assert world.service.paid["cr_03"] == 2
    assert ["not the schema" in user or "invalid JSON" in user for user in asked if "cr_03" in user] == [False, True]
    assert world.spent() == 8 * COST


@pytest.mark.parametrize(
    ("said", "fate"),
    [(429, "again"), (500, "again"), (400, "given up"), (None, "repaired")],
    ids=["rate", "server", "bad request", "cut off"],
)
def test_a_request_that_failed_alone_ends_as_it_would_have_online(world, said, fate):
    answers = iter([said])
    world.service = BatchService(lambda user: next(answers, an_answer()) if "cr_01" in user else an_answer())
    for _ in range(3):
        world.night()
        world.service.run()
    assert world.answered() == set(CREATORS) - ({"cr_01"} if fate == "given up" else set())
    assert world.spent() == sum(world.service.paid.values()) * COST


def test_labels_are_held_against_what_was_asked(world):
    """A number that stood in the data when they were sent is grounded, whatever stands there now."""
    world.night(CREATORS[:1])
    (path,) = (world.store.path.parent / "batches").iterdir() if world.store.is_file else (None,)
    if path is not None:
        path.unlink()  # another machine: the vendor keeps what was asked
    world.service.run()
    assert world.night(CREATORS[:1])["labelled"] == 1


def test_an_answer_that_is_fetched_again_changes_nothing(world):
    world.night()
    world.service.run()
    world.night()
    before = [row.model_dump() for model in (Enrichment, LlmCall) for row in world.rows(model)]
    with world.store.writing() as session:
        for batch in session.exec(select(LlmBatch)).all():
            batch.state = "submitted"
            session.add(batch)
    assert "labelled" not in world.night()
    assert [row.model_dump() for model in (Enrichment, LlmCall) for row in world.rows(model)] == before


def test_a_cut_line_while_creating_is_looked_for_before_it_is_tried_again(world):
    world.service.faults["create"] = [ProviderUnavailable(provider="test", is_outcome_unknown=True)]
    assert world.night(CREATORS[:3]) == {"batched": 3, "batches_unsent": 1}
    assert world.night(CREATORS[:3])["batches_found"] == 1
    assert list(world.service.submitted.values()) == [1]


def test_a_refusal_after_which_nobody_knows_is_looked_for_too(world):
    """A reply that the vendor's library could not read: the batch may run all the same."""
    world.service.faults["create"] = [ProviderRefused(provider="test", is_outcome_unknown=True)]
    assert world.night(CREATORS[:3]) == {"batched": 3, "batches_unsent": 1}
    assert world.night(CREATORS[:3])["batches_found"] == 1
    assert list(world.service.submitted.values()) == [1]


def test_what_a_former_night_did_not_use_is_not_spent_again(world):
    """Three calls fit under the cap of a run; those that are fetched cost next to nothing, and still three fit."""
    world.max_usd = 3 * WORST / NANO
    world.night(CREATORS[:3])
    world.service.run()
    assert world.night(CREATORS)["batched"] == 3


def test_a_batch_that_may_be_on_its_way_is_left_alone_for_a_while(world):
    """A list that lags behind must not make a second batch of the same file."""
    world.service.faults["create"] = [ProviderUnavailable(provider="test", is_outcome_unknown=True)]
    world.night(CREATORS[:3])
    hidden, world.service.batches = world.service.batches, {}
    assert world.night(CREATORS[:3], hours=24 + 1 / 60, same_run=True) == {"batches_unsure": 1}
    world.service.batches = hidden
    assert world.night(CREATORS[:3])["batches_found"] == 1


def test_an_outage_is_waited_out_and_then_left_to_a_later_run(world):
    world.service.faults["upload"] = [RateLimited(provider="test"), ProviderUnavailable(provider="test")]
    assert world.night(CREATORS[:3])["batches_submitted"] == 1
    world.service.faults["upload"] = [ProviderUnavailable(provider="test")] * 3
    assert world.night(CREATORS[3:5]) == {"batches_out": 1, "batched": 2, "batches_unsent": 1}
    assert world.night(CREATORS[3:5])["batches_submitted"] == 1


def test_a_spent_credit_ends_the_night_and_loses_nothing(world):
    world.service.faults["create"] = [QuotaExhausted(provider="test")]
    with pytest.raises(QuotaExhausted):
        world.night(CREATORS[:3])
    assert world.night(CREATORS[:3]) == {"batches_submitted": 1, "batches_out": 1}


def test_a_batch_the_vendor_forgot_is_given_up_after_days(world):
    world.night(CREATORS[:3])
    world.service.faults["retrieve"] = [ProviderRefused(provider="test")] * 2
    assert world.night(CREATORS[:3]) == {"batches_out_of_reach": 1}
    world.nights += 3
    counts = world.night(CREATORS[:3])
    assert (counts["batches_lost"], counts["batched"]) == (1, 3)
    assert world.spent() == 3 * WORST


# --- a process that dies ------------------------------------------------------------------------------------------


class Killer:
    """Kills at the given passings of a crash point, counted over the whole history."""

    def __init__(self, *at: int) -> None:
        self.passed = 0
        self._at = set(at)

    def __call__(self, _place: str) -> None:
        self.passed += 1
        if self.passed in self._at:
            raise Killed


def live_through(world: World, killer: Killer, *, nights: int = 6) -> None:
    """Nights until all is done; a killed one is started again, as the same run, and the vendor works in between."""
    world.crashpoint = killer
    world.service.outcome = lambda batch: ("expired", 1) if batch.batch_id == "batch_1" else ("completed", None)
    for _ in range(nights):
        is_again = False
        while True:
            try:
                world.night(same_run=is_again)
                break
            except Killed:
                is_again = True
                world.service.run()
        world.service.run()


def check_nothing_is_lost_or_doubled(world: World, place: str) -> None:
    assert world.answered() == set(CREATORS), place
    assert set(world.service.submitted.values()) == {1}, f"{place}: a file was submitted twice"
    assert set(world.service.paid.values()) == {1}, f"{place}: a creator was paid for twice"
    known = {row.batch_id for row in world.rows(LlmBatch)}
    assert set(world.service.batches) <= known, f"{place}: a batch nobody knows of"
    assert {row.state for row in world.rows(LlmBatch)} <= {"harvested", "failed"}, place
    assert world.spent() == len(CREATORS) * COST, place
    assert {call.state for call in world.rows(LlmCall)} <= {"settled", "released"}, place


@pytest.mark.slow
def test_a_kill_at_any_point_loses_nothing_and_doubles_nothing(new_store):
    """LLM-09: every state change of a batch, and both sides of every call to the vendor; all of them in the battery."""
    store = new_store()
    if not store.is_file:
        pytest.skip("the points are the same; kills in a row run on both databases")
    unhurt = Killer()
    live_through(World(store, BatchService(well_behaved)), unhurt)
    for point in range(1, unhurt.passed + 1, EVERY):
        world = World(new_store(), BatchService(well_behaved))
        live_through(world, Killer(point))
        check_nothing_is_lost_or_doubled(world, f"killed at point {point} of {unhurt.passed}")
    assert unhurt.passed > 40


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(HISTORIES))
def test_kills_in_a_row_lose_nothing_and_double_nothing(new_store, seed):
    points = random.Random(seed).sample(range(1, 60), 6)
    world = World(new_store(), BatchService(well_behaved))
    live_through(world, Killer(*points), nights=8)
    check_nothing_is_lost_or_doubled(world, f"killed at {sorted(points)}")
