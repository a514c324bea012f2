"""What a job says when it is done: counts that belong to the manifest, and findings a person should see."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class JobReport:
    """Counts and details are deterministic: same input, same values. Effort is not; times are added by the runner."""

    stage: str
    #: e.g. read, written, rejected, skipped
    counts: dict[str, int] = field(default_factory=dict)
    #: anything else for the manifest, JSON-able and deterministic
    details: dict[str, Any] = field(default_factory=dict)
    #: how much was worked out and how much was remembered; depends on what earlier nights left behind
    effort: dict[str, int] = field(default_factory=dict)

    def count(self, **amounts: int) -> None:
        for name, amount in amounts.items():
            self.counts[name] = self.counts.get(name, 0) + amount

    @property
    def paid_usd(self) -> float:
        """What the paid calls of this stage came to, in dollars."""
        return self.effort.get("nano_usd", 0) / 1e9

    def spent(self, **amounts: int) -> None:
        """Paid calls and what they came to: told with the effort, for an answer in the cache costs nothing."""
        for name, amount in amounts.items():
            self.effort[name] = self.effort.get(name, 0) + amount
