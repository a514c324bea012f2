"""Newest wins, field by field: what is known after a payload, whatever the order in which payloads arrive.

A payload speaks only for the fields it carried. Each field therefore remembers the stamp (fetched_at, sha256) of the
payload it was taken from, as one bit in a mask per stamp; usually there is one stamp and the memory is one number.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

#: (fetched_at in microseconds, sha256 of the payload). Payloads of one instant are ordered by their bytes: any order
#: will do, if it is always the same.
Stamp = tuple[int, str]


class FieldOrder:
    """Which bit stands for which field. Append to it, never reorder: masks are stored."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self.bits = {name: 1 << position for position, name in enumerate(names)}

    def mask(self, names: Mapping[str, Any]) -> int:
        bits = self.bits
        total = 0
        for name in names:
            total |= bits[name]
        return total


@dataclass(slots=True)
class Known:
    """What is known about one account or content item."""

    values: dict[str, Any] = field(default_factory=dict)
    #: stamp → mask of the fields last carried by that payload
    masks: dict[Stamp, int] = field(default_factory=dict)
    #: stamp and source of the newest payload about it; None while it is only known from others
    newest: Stamp | None = None
    source: str = ""

    def absorb(self, order: FieldOrder, values: Mapping[str, Any], stamp: Stamp, source: str) -> None:
        """Take a payload about it: the fields that no newer payload has carried. Later rows of one payload win."""
        self.take(order, values, stamp)
        if self.newest is None or stamp >= self.newest:
            self.newest, self.source = stamp, source

    def take(self, order: FieldOrder, values: Mapping[str, Any], stamp: Stamp) -> None:
        """Take fields that a payload about something else mentions."""
        taken = order.mask(values)
        if not self.masks or (len(self.masks) == 1 and stamp in self.masks):
            self.masks = {stamp: self.masks.get(stamp, 0) | taken} if taken else self.masks
            self.values.update(values)
            return
        for other, held in self.masks.items():
            if other > stamp:
                taken &= ~held
        self._own(stamp, taken)
        for name, value in values.items():
            if order.bits[name] & taken:
                self.values[name] = value

    def absorb_known(self, order: FieldOrder, other: "Known") -> None:
        """Take over what is known under another name of the same thing."""
        for stamp, mask in other.masks.items():
            self.take(order, {name: other.values[name] for name in order.names if order.bits[name] & mask}, stamp)
        if other.newest is not None and (self.newest is None or other.newest > self.newest):
            self.newest, self.source = other.newest, other.source

    def _own(self, stamp: Stamp, taken: int) -> None:
        if taken == 0:
            return
        left = {other: held & ~taken for other, held in self.masks.items() if held & ~taken}
        left[stamp] = left.get(stamp, 0) | taken
        self.masks = left


def pack_masks(known: Known) -> str:
    """The stored form: JSON object "fetched_at:sha256" → mask, "" for the newest payload.

    >>> pack_masks(Known(masks={(5, "ab"): 3, (4, "cd"): 4}, newest=(5, "ab")))
    '{"":3,"4:cd":4}'
    """
    if len(known.masks) == 1 and known.newest in known.masks:
        return f'{{"":{known.masks[known.newest]}}}'
    named = {"" if stamp == known.newest else f"{stamp[0]}:{stamp[1]}": mask for stamp, mask in known.masks.items()}
    return json.dumps(named, sort_keys=True, separators=(",", ":"))


def unpack_masks(packed: str, newest: Stamp) -> dict[Stamp, int]:
    """The masks of a stored row whose newest payload has stamp `newest`.

    >>> unpack_masks('{"":3,"4:cd":4}', (5, "ab"))
    {(5, 'ab'): 3, (4, 'cd'): 4}
    """
    masks: dict[Stamp, int] = {}
    for name, mask in json.loads(packed).items():
        fetched_at, _, sha256 = name.partition(":")
        masks[(int(fetched_at), sha256) if name else newest] = mask
    return masks
