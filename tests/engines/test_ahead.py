"""One item is made while another is used: the same items in their order, and no error lost."""

from collections.abc import Iterator
from threading import Event

import pytest

from engines.ahead import in_batches, one_ahead


def failing_at(place: int) -> Iterator[int]:
    for number in range(10):
        if number == place:
            raise ValueError("no more")
        yield number


@pytest.mark.parametrize("count", [0, 1, 5])
def test_the_items_come_in_their_order(count: int):
    assert list(one_ahead(range(count))) == list(range(count))


def test_the_next_one_is_made_while_one_is_used():
    is_made = Event()

    def items() -> Iterator[int]:
        yield 1
        is_made.set()
        yield 2

    ahead = one_ahead(items())
    assert next(ahead) == 1
    assert is_made.wait(timeout=30)
    assert list(ahead) == [2]


def test_no_more_than_one_is_made_ahead():
    made: list[int] = []
    ahead = one_ahead(made.append(number) or number for number in range(10))
    next(ahead)
    ahead.close()
    assert len(made) <= 2


def test_an_error_comes_after_the_items_before_it():
    found: list[int] = []
    with pytest.raises(ValueError, match="no more"):
        found.extend(one_ahead(failing_at(3)))
    assert found == [0, 1, 2]


def test_batches_hold_every_item_once():
    assert list(in_batches(range(5), 2)) == [[0, 1], [2, 3], [4]]
    assert list(in_batches([], 2)) == []
