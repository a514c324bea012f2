"""What a failed question is worth: another try, another form of it, or the end; by error class alone."""

import random
from collections import Counter

from base.errors import ErrorClass

#: further attempts after a failure of a class; classes that are not here get none
RETRIES = {
    ErrorClass.RATE: 30,  # never the creator's fault, and nothing is paid
    ErrorClass.SERVER: 4,
    ErrorClass.TOO_LONG: 1,
    ErrorClass.LENGTH: 1,
    ErrorClass.INVALID: 1,
}
FIRST_BACKOFF_SECONDS = 0.5
LONGEST_BACKOFF_SECONDS = 30.0


class Tries:
    """The failures of one creator's questions so far."""

    def __init__(self, seed: str) -> None:
        """seed: the waits follow from it, so that they differ between creators and not between runs."""
        self._failures = Counter[ErrorClass]()
        self._dice = random.Random(seed)  # noqa: S311  spreads load, guards nothing

    def allow(self, error_class: ErrorClass) -> bool:
        """Counts a failure; whether the question may be asked once more."""
        self._failures[error_class] += 1
        return self._failures[error_class] <= RETRIES.get(error_class, 0)

    def backoff_seconds(self) -> float:
        """Full jitter: anything up to a bound that doubles with every failure of the server.

        Source: Brooker (2015), "Exponential Backoff And Jitter", AWS Architecture Blog.
        """
        bound = FIRST_BACKOFF_SECONDS * 2 ** self._failures[ErrorClass.SERVER]
        return self._dice.uniform(0, min(bound, LONGEST_BACKOFF_SECONDS))
