"""Paid runs as a scheduler starts them: the command line in a process of its own, over creators that were made up.

The fake provider stays with whoever calls: it sees what a killed process can no longer tell.
"""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlmodel import col, select

from base.usage import LLMUsage
from enrich.ledger import NANO
from jobs.enrich_creators import enrich_creators
from jobs.runner import RunResult, run_jobs
from jobs.settings import read_settings
from providers.prices import Prices
from store.migrate import upgrade
from store.session import Store
from store.tables import Creator, CreatorMember, Enrichment, EnrichmentFailure, LlmCall
from tests.factories import AS_OF, an_account, an_item
from tests.fake_provider.books import TOKENS, BilledCall
from tests.forks import Fork, command

MODEL = "gpt-5.4-nano"
PRICE = Prices.load().of(MODEL)
LONGEST_SECONDS = 120.0
#: a creator's texts: no two alike, so that no two questions are
BIO = "Sourdough bread and cakes for beginners, batch {} of many"
CAPTION = "Baking rye bread number {} at home"


@dataclass(frozen=True, slots=True)
class PaidRuns:
    """Runs of one home against one provider, under a cap for the night."""

    home: Path
    url: str
    concurrency: int = 16
    max_usd: float = 100.0

    @property
    def store(self) -> Store:
        """A store of its own for every look: nothing is shared with the runs."""
        return Store(f"sqlite:///{self.home / 'store.db'}")

    @property
    def knobs(self) -> dict[str, Any]:
        """The settings of every run, by section."""
        asking = {"provider": "openai", "model": MODEL, "base_url": self.url, "api_key": "none"}
        return {
            "embeddings": {"provider": "fast"},
            "llm": asking | {"concurrency": self.concurrency},
            "budget": {"max_usd_per_night": self.max_usd},
        }

    def start(self) -> Fork:
        """A run in a process of its own; it goes on where a killed one stopped."""
        environment = {
            f"CREATORDEX_{section}__{name}".upper(): str(value)
            for section, knobs in self.knobs.items()
            for name, value in knobs.items()
        }
        return Fork(command, "enrich", "--as-of", AS_OF.isoformat(), CREATORDEX_HOME=str(self.home), **environment)

    def finish(self) -> RunResult:
        """A run that nobody disturbs: in this process, which has everything loaded."""
        settings = read_settings(home=self.home, **self.knobs)
        return run_jobs("enrich", {"enrich_creators": enrich_creators}, settings, as_of=AS_OF)

    def interrupt(self, number: signal.Signals, is_time: Callable[[], bool]) -> int:
        """Signal a run when it is time; its exit code. A run that ended before is no error."""
        run = self.start()
        deadline = time.monotonic() + LONGEST_SECONDS
        while run.process.is_alive() and not is_time() and time.monotonic() < deadline:
            time.sleep(0.005)
        if run.process.is_alive():
            os.kill(run.process.pid, number)
        done = run.ended()
        assert done.returncode in (0, 75, -signal.SIGKILL), done.stderr[-2000:]
        return done.returncode

    def calls(self) -> list[LlmCall]:
        return calls_in(self.store)

    def labelled(self) -> list[str]:
        return labelled_in(self.store)

    def open_calls(self) -> int:
        """Calls whose end nobody wrote down: after a kill, those that were under way."""
        return sum(call.state == "intent" for call in self.calls())

    def spent_nano_usd(self) -> int:
        """What counts against the cap: the cost, or all that was reserved while that is open."""
        return sum(
            call.reserved_nano_usd if call.cost_nano_usd is None else call.cost_nano_usd for call in self.calls()
        )

    @property
    def cap_nano_usd(self) -> int:
        return round(self.max_usd * NANO)


def make_home(home: Path, count: int) -> None:
    """A store with so many creators."""
    home.mkdir(parents=True, exist_ok=True)
    store = Store(f"sqlite:///{home / 'store.db'}")
    upgrade(store)
    add_creators(store, range(count))
    store.close()


def add_creators(store: Store, numbers: range) -> None:
    """Creators of one account and one item each."""
    with store.writing() as session:
        for number in numbers:
            account = an_account(f"maker{number}", bio=BIO.format(number))
            key = account.account_key
            session.add(account)
            session.add(an_item(key, f"v{number}", title_or_caption=CAPTION.format(number)))
            session.add(_creator(f"cr_{number:06d}", key))
            session.add(CreatorMember(account_key=key, creator_id=f"cr_{number:06d}", since=AS_OF))


def _creator(creator_id: str, anchor: str) -> Creator:
    return Creator(
        creator_id=creator_id, name=creator_id, anchor_account_key=anchor, platforms="[]", account_count=1,
        followers_by_platform="{}", first_seen=AS_OF, updated_at=AS_OF,
    )  # fmt: skip


def calls_in(store: Store) -> list[LlmCall]:
    """In the order they left."""
    with store.reading() as session:
        return list(session.exec(select(LlmCall).order_by(col(LlmCall.call_id))))


def labelled_in(store: Store) -> list[str]:
    """The creator of each answer that is stored: one that is there twice is there twice."""
    with store.reading() as session:
        return sorted(session.exec(select(Enrichment.creator_id)))


def failures_in(store: Store) -> dict[str, str]:
    """Creator → error class."""
    with store.reading() as session:
        return {row.creator_id: row.error_class for row in session.exec(select(EnrichmentFailure))}


def billed_nano_usd(calls: list[BilledCall]) -> int:
    """What the provider would bill for these calls."""
    return sum(PRICE.cost_nano_usd(LLMUsage(**{kind: getattr(call, kind) for kind in TOKENS})) for call in calls)


def tokens_of(calls: list[LlmCall]) -> dict[str, int]:
    """Tokens of each kind, by the ledger."""
    return {kind: sum(getattr(call, kind) or 0 for call in calls) for kind in TOKENS}


def answers_per_creator(calls: list[LlmCall]) -> Counter[str]:
    """How often a creator was paid for and answered well."""
    return Counter(call.subject for call in calls if call.state == "settled" and call.error_class is None)
