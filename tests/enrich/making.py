"""Subjects and answers, valid by default: a test names only what matters to it."""

import asyncio
import json
from typing import Any

from base.usage import LLMUsage
from enrich.conversation import Desk, Due, converse
from enrich.gate import Gate
from enrich.labeller import Outcome
from enrich.ledger import NO_CAP, Budget, CallIntent, Settlement
from enrich.pacing import Pace, PacingSettings
from enrich.questions import Questions
from enrich.subjects import Subject
from enrich.taxonomy import load_taxonomy
from prompts.catalog import load_prompt
from providers.llm import LLM

PROMPT = load_prompt("creator_enrichment", "1")
SUMMARY = "Shows plain weeknight cooking with lentils and bread, step by step, for people who come home tired."


def a_subject(bio: str | None = None, items: list[str] | None = None, **values: Any) -> Subject:
    items = [] if items is None else items
    defaults: dict[str, Any] = {
        "creator_id": "cr_ann",
        "platforms": ["youtube"],
        "handles": ["ann"],
        "names": ["Ann"],
        "bios": [bio],
        "languages": [None],
        "item_platforms": ["youtube"] * len(items),
        "items": items,
        "item_views": [None] * len(items),
        "item_published_at": [None] * len(items),
    }
    return Subject(**(defaults | values))


def a_cook(**values: Any) -> Subject:
    bio = "Weeknight cooking for people who come home tired"
    return a_subject(bio, ["Lentil soup in one pot, step by step", "Bread without kneading"], **values)


def an_answer(**changes: Any) -> str:
    """What a well-behaved model says about `a_cook`."""
    answer = {
        "evidence": [1, 2],
        "primary_niche": "food",
        "secondary_niches": ["food.home_cooking"],
        "content_style": "tutorial",
        "llm_summary": SUMMARY,
        "account_kind": "person",
        "language": "en",
        "confidence": "high",
    }
    return json.dumps(answer | changes)


class Notebook:
    """A ledger in memory: what it was asked to write, in order."""

    def __init__(self, room_nano_usd: int = NO_CAP) -> None:
        self.intents: list[CallIntent] = []
        self.settlements: list[Settlement] = []
        self.outcomes: list[Outcome] = []
        self._budget = Budget(room_nano_usd)
        self._reserved: dict[str, int] = {}

    async def reserve(self, intent: CallIntent) -> str:
        self._budget.take(intent.reserved_nano_usd)
        self.intents.append(intent)
        call_id = f"call-{len(self.intents)}"
        self._reserved[call_id] = intent.reserved_nano_usd
        return call_id

    async def settle(self, settlement: Settlement, outcome: Outcome | None = None) -> None:
        unused = self._reserved.pop(settlement.call_id) - settlement.cost_nano_usd
        self._budget.give_back(run_nano_usd=unused, night_nano_usd=unused)
        self.settlements.append(settlement)
        self.outcomes += [outcome] if outcome else []

    @property
    def states(self) -> list[str]:
        return [f"{ended.state}:{ended.error_class or ''}" for ended in self.settlements]


class QuickTimer:
    """A timer whose waits take no time, and are remembered."""

    def __init__(self) -> None:
        self.waits: list[float] = []
        self._now = 0.0

    def now(self) -> float:
        return self._now

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        if seconds == float("inf"):
            await event.wait()
            return
        self.waits.append(seconds)
        self._now += seconds
        await asyncio.sleep(0)


class TokenPrice:
    """A nano-dollar per token of any kind."""

    def cost_nano_usd(self, usage: LLMUsage) -> int:
        return usage.input_tokens + usage.output_tokens

    def worst_nano_usd(self, input_tokens: int, output_tokens: int) -> int:
        return input_tokens + output_tokens


def a_desk(llm: LLM, ledger: Notebook | None = None, timer: QuickTimer | None = None, **pacing: int) -> Desk:
    gate = Gate(Pace(PacingSettings(**pacing)), timer or QuickTimer())
    questions = Questions(llm.id, PROMPT, load_taxonomy())
    return Desk.of(llm, questions, PROMPT.version, TokenPrice(), ledger or Notebook(), gate)


def ask(
    llm: LLM, subject: Subject | None = None, ledger: Notebook | None = None, timer: QuickTimer | None = None
) -> Outcome | None:
    """What becomes of one creator."""
    return asyncio.run(converse(a_desk(llm, ledger, timer), Due(subject or a_cook(), "new")))
