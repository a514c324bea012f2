"""Newest wins field by field, whatever the order of arrival."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ingest.merge import FieldOrder, Known, Stamp, pack_masks, unpack_masks

ORDER = FieldOrder(("bio", "name", "country"))
VALUES = st.dictionaries(st.sampled_from(ORDER.names), st.sampled_from([None, "a", "b", "c"]))
STAMPS = st.tuples(st.integers(0, 4), st.sampled_from(["aa", "bb", "cc"]))
PAYLOADS = st.lists(st.tuples(STAMPS, VALUES), max_size=6, unique_by=lambda payload: payload[0])


def _known(payloads: list[tuple[Stamp, dict[str, Any]]]) -> Known:
    known = Known(dict.fromkeys(ORDER.names))
    for stamp, values in payloads:
        known.absorb(ORDER, values, stamp, source=f"source-{stamp[1]}")
    return known


def _naive(payloads: list[tuple[Stamp, dict[str, Any]]]) -> dict[str, Any]:
    values = dict.fromkeys(ORDER.names)
    for _stamp, carried in sorted(payloads, key=lambda payload: payload[0]):
        values |= carried
    return values


@given(PAYLOADS, st.randoms())
def test_the_order_of_arrival_leaves_no_trace(payloads: list[Any], random: Any) -> None:
    shuffled = list(payloads)
    random.shuffle(shuffled)
    assert _known(shuffled) == _known(payloads)
    assert _known(shuffled).values == _naive(payloads)


@given(PAYLOADS, st.integers(0, 6))
def test_a_row_can_be_stored_and_read_between_any_two_payloads(payloads: list[Any], cut: int) -> None:
    first = _known(payloads[:cut])
    if first.newest is not None:
        first.masks = unpack_masks(pack_masks(first), first.newest)
    for stamp, values in payloads[cut:]:
        first.absorb(ORDER, values, stamp, f"source-{stamp[1]}")
    assert first == _known(payloads)


@given(PAYLOADS, st.integers(0, 6))
def test_two_names_of_one_thing_become_what_one_would_have_been(payloads: list[Any], cut: int) -> None:
    joined = _known(payloads[:cut])
    joined.absorb_known(ORDER, _known(payloads[cut:]))
    assert joined == _known(payloads)


def test_a_field_that_was_not_carried_keeps_its_value_and_an_empty_one_clears_it():
    known = _known([((1, "aa"), {"bio": "bread", "name": "Ann"}), ((2, "aa"), {"name": None})])
    assert known.values == {"bio": "bread", "name": None, "country": None}


def test_a_later_row_of_the_same_payload_wins():
    assert _known([((1, "aa"), {"bio": "first"}), ((1, "aa"), {"bio": "second"})]).values["bio"] == "second"


def test_a_mention_elsewhere_fills_fields_but_is_no_payload_about_it():
    known = _known([((1, "aa"), {"bio": "bread"})])
    known.take(ORDER, {"name": "Ann"}, (9, "bb"))
    assert known.newest == (1, "aa")
    assert known.values["name"] == "Ann"
