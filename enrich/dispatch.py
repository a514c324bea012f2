"""Many creators and one model: so many conversations at once and no more, until all are had or the run must stop."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from base.errors import BudgetExhausted, EngineError, ErrorClass, ProviderRefused
from enrich.conversation import Due
from enrich.gate import Gate
from enrich.labeller import Outcome

#: more bad requests than this among the first creators are a mistake of ours, in the schema or the model's name
FIRST_CREATORS = 200
MOST_BAD_REQUESTS = FIRST_CREATORS * 2 // 100


@dataclass(slots=True)
class Dispatched:
    """How a dispatch went."""

    ended: int = 0
    #: begun and given up because the run stopped
    left: int = 0
    #: why it stopped before the end; None: it did not
    stopped_by: BaseException | None = None
    _bad_requests: int = field(default=0)

    def count(self, outcome: Outcome | None) -> None:
        if outcome is None:
            self.left += 1
            return
        self.ended += 1
        self._bad_requests += outcome.failure == ErrorClass.BAD_REQUEST

    @property
    def is_our_mistake(self) -> bool:
        return self.ended <= FIRST_CREATORS and self._bad_requests > MOST_BAD_REQUESTS


async def dispatch(
    due: AsyncIterator[Due],
    converse: Callable[[Due], Awaitable[Outcome | None]],
    gate: Gate,
    *,
    at_once: int,
    ended: Callable[[Outcome], None],
) -> Dispatched:
    """Have a conversation about each creator; `ended` is told of every outcome.

    An error that concerns all closes the gate, what is under way is brought to its end, and then it is raised; a spent
    budget is no error but a planned stop.
    """
    done = Dispatched()
    free = asyncio.Semaphore(at_once)
    tasks = set[asyncio.Task[None]]()

    async def one(creator: Due) -> None:
        try:
            outcome = await converse(creator)
            done.count(outcome)
            if outcome is not None:
                ended(outcome)
            if done.is_our_mistake and done.stopped_by is None:
                raise _our_mistake(outcome)
        except BaseException as error:
            done.left += 0 if isinstance(error, ProviderRefused) else 1
            done.stopped_by = done.stopped_by or error
            gate.close()
        finally:
            free.release()

    async for creator in due:
        await free.acquire()
        if not gate.is_open:
            break
        task = asyncio.create_task(one(creator))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    if tasks:
        await asyncio.wait(tasks)
    if done.stopped_by is not None and not isinstance(done.stopped_by, BudgetExhausted):
        raise done.stopped_by
    return done


def _our_mistake(outcome: Outcome | None) -> EngineError:
    detail = outcome.detail if outcome else ""
    return ProviderRefused(
        f"more than {MOST_BAD_REQUESTS} of the first {FIRST_CREATORS} requests were refused as bad: {detail}",
        provider="llm",
        hint="check llm.model and llm.provider: the schema or the model's name is wrong, not the creators",
    )
