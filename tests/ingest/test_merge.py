"""Newest wins field by field, whatever the order of arrival."""

from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from ingest.merge import FieldOrder, group, newest_wins, unpack

Stamp = tuple[int, str]
Payload = tuple[Stamp, dict[str, Any]]

ORDER = FieldOrder(("bio", "name", "country"))
VALUES = st.dictionaries(st.sampled_from(ORDER.names), st.sampled_from([None, "a", "b", "c"]))
STAMPS = st.tuples(st.integers(1, 4), st.sampled_from(["aa", "bb", "cc"]))
PAYLOADS = st.lists(st.tuples(STAMPS, VALUES), min_size=1, max_size=6, unique_by=lambda payload: payload[0])


def _claims(payloads: list[Payload], *, key: str = "k", about: bool = True) -> pa.Table:
    rows = [
        {
            "key": key, "fetched_at": stamp[0], "sha256": stamp[1], "source": f"source-{stamp[1]}", "about": about,
            "carried": sum(ORDER.bits[name] for name in values), **dict.fromkeys(ORDER.names), **values,
        }
        for stamp, values in payloads
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=SCHEMA)


SCHEMA = pa.schema(
    {
        "key": pa.string(), "fetched_at": pa.int64(), "sha256": pa.string(), "source": pa.string(), "about": pa.bool_(),
        "carried": pa.int64(), **dict.fromkeys(ORDER.names, pa.string()),
    }
)  # fmt: skip
#: the same columns as the store keeps them
ROWS = SCHEMA.remove(SCHEMA.get_field_index("about")).set(4, pa.field("carried", pa.string()))


def _merged(claims: pa.Table) -> list[dict[str, Any]]:
    return pa.table(newest_wins(ORDER, claims, group(claims))).to_pylist()


def _known(payloads: list[Payload]) -> dict[str, Any]:
    (row,) = _merged(_claims(payloads))
    return row


def _stored(rows: list[dict[str, Any]]) -> pa.Table:
    """What rows that were written claim when they are read again."""
    table = pa.Table.from_pylist(rows, schema=ROWS)
    memory = unpack(table, ORDER)
    claims = table.drop_columns(["fetched_at", "sha256", "carried"]).take(memory["row"])
    for name in ("fetched_at", "sha256", "about", "carried"):
        claims = claims.append_column(name, memory[name])
    return claims.select(SCHEMA.names)


def _naive(payloads: list[Payload]) -> dict[str, Any]:
    """The same by applying one payload after the other."""
    values: dict[str, Any] = dict.fromkeys(ORDER.names)
    owner: dict[str, Stamp] = {}
    for stamp, carried in sorted(payloads, key=lambda payload: payload[0]):
        values |= carried
        owner |= dict.fromkeys(carried, stamp)
    newest = max(stamp for stamp, _values in payloads)
    memory: dict[str, int] = {}
    for name, stamp in owner.items():
        label = "" if stamp == newest else f"{stamp[0]}:{stamp[1]}"
        memory[label] = memory.get(label, 0) | ORDER.bits[name]
    packed = "{" + ",".join(f'"{label}":{mask}' for label, mask in sorted(memory.items())) + "}"
    return values | {
        "key": "k", "fetched_at": newest[0], "sha256": newest[1], "source": f"source-{newest[1]}", "carried": packed
    }  # fmt: skip


@given(PAYLOADS, st.randoms())
def test_the_order_of_arrival_leaves_no_trace(payloads: list[Payload], random: Any) -> None:
    shuffled = list(payloads)
    random.shuffle(shuffled)
    assert _known(shuffled) == _naive(payloads)


@given(PAYLOADS, st.integers(1, 6))
def test_a_row_can_be_stored_and_read_between_any_two_payloads(payloads: list[Payload], cut: int) -> None:
    first = _stored([_known(payloads[:cut])])
    (row,) = _merged(pa.concat_tables([first, _claims(payloads[cut:])]))
    assert row == _naive(payloads)


@given(PAYLOADS, st.integers(1, 6))
def test_two_names_of_one_thing_become_what_one_would_have_been(payloads: list[Payload], cut: int) -> None:
    rows = [_known(part) for part in (payloads[:cut], payloads[cut:]) if part]
    (row,) = _merged(_stored(rows))
    assert row == _naive(payloads)


@given(st.lists(PAYLOADS, min_size=1, max_size=4))
def test_keys_do_not_mix_and_keep_the_order_of_their_first_claim(histories: list[list[Payload]]) -> None:
    tables = [_claims(payloads, key=f"k{number}") for number, payloads in enumerate(histories)]
    rows = _merged(pa.concat_tables(tables))
    assert rows == [_naive(payloads) | {"key": f"k{number}"} for number, payloads in enumerate(histories)]


def test_a_field_that_was_not_carried_keeps_its_value_and_an_empty_one_clears_it():
    known = _known([((1, "aa"), {"bio": "bread", "name": "Ann"}), ((2, "aa"), {"name": None})])
    assert (known["bio"], known["name"]) == ("bread", None)


def test_a_later_row_of_the_same_payload_wins():
    assert _known([((1, "aa"), {"bio": "first"}), ((1, "aa"), {"bio": "second"})])["bio"] == "second"


def test_a_mention_elsewhere_fills_fields_but_is_no_payload_about_it():
    mention = _claims([((9, "bb"), {"name": "Ann"})], about=False)
    (row,) = _merged(pa.concat_tables([_claims([((1, "aa"), {"bio": "bread"})]), mention]))
    assert (row["fetched_at"], row["sha256"]) == (1, "aa")
    assert (row["name"], row["carried"]) == ("Ann", '{"":1,"9:bb":2}')


def test_what_was_only_mentioned_has_no_newest_payload():
    (row,) = _merged(_claims([((9, "bb"), {"name": "Ann"})], about=False))
    assert (row["fetched_at"], row["carried"]) == (None, '{"9:bb":2}')


def test_a_row_that_was_not_written_here_belongs_to_its_newest_payload():
    row = {"key": "k", "fetched_at": 5, "sha256": "aa", "source": "s", "carried": None, "bio": "bread"}
    assert unpack(pa.Table.from_pylist([row], schema=ROWS), ORDER).to_pylist() == [
        {"row": 0, "fetched_at": 5, "sha256": "aa", "about": True, "carried": 1}
    ]
