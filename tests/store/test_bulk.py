"""Frames go in once, come back typed, and leave a row that is already right alone."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest
from sqlmodel import select

from base.clock import to_micros
from store.bulk import arrow_schema
from store.session import Store
from store.tables import AccountAlias, ContentVector, CreatorMember, MetricSnapshot, RawPayload, ValueCount

COUNTS = pa.table({"kind": ["email", "site"], "value": ["a@b.c", "b.c"], "count": [1, 2]})


def test_a_row_already_there_as_given_is_not_touched(store: Store):
    with store.writing_frames() as frames:
        assert frames.upsert(ValueCount, COUNTS) == 2
        assert frames.upsert(ValueCount, COUNTS) == 0


def test_a_frame_may_name_some_columns_in_any_order(store: Store):
    """Into an empty table, and into one with rows."""
    for number in (1, 2):
        row = {"since": [number], "creator_id": [f"cr_{number}"], "account_key": [f"youtube:{number}"]}
        alias = {"created_at": [1], "alias_key": [f"youtube:@{number}"], "account_key": [f"youtube:{number}"]}
        payload = {
            "fetched_at": [1], "byte_length": [number], "origin": ["a.csv"], "source": ["s"], "media": ["rows"],
            "mode": ["delta"], "sha256": [str(number)],
        }  # fmt: skip
        with store.writing_frames() as frames:
            assert frames.upsert(CreatorMember, pa.table(row)) == 1
            assert frames.upsert(AccountAlias, pa.table(alias)) == 1
            assert frames.upsert(RawPayload, pa.table(payload)) == 1
            stored = frames.read(select(RawPayload.sha256, RawPayload.byte_length, RawPayload.contract)).to_pylist()
            assert {"sha256": str(number), "byte_length": number, "contract": None} in stored
            members = frames.read(select(CreatorMember.account_key, CreatorMember.creator_id)).to_pylist()
            assert {"account_key": f"youtube:{number}", "creator_id": f"cr_{number}"} in members


def test_an_upsert_changes_only_rows_that_differ(store: Store):
    with store.writing_frames() as frames:
        frames.upsert(ValueCount, COUNTS)
        changed = COUNTS.set_column(2, "count", pa.array([1, 3]))
        assert frames.upsert(ValueCount, changed) == 1


def test_an_upsert_leaves_columns_it_was_not_asked_to_update(store: Store):
    first = pa.table({"account_key": ["youtube:a"], "creator_id": ["cr_1"], "since": [1]})
    second = pa.table({"account_key": ["youtube:a"], "creator_id": ["cr_2"], "since": [2]})
    with store.writing_frames() as frames:
        frames.upsert(CreatorMember, first)
        frames.upsert(CreatorMember, second, update=["creator_id"])
        rows = frames.read(select(CreatorMember.creator_id, CreatorMember.since)).to_pylist()
    assert rows == [{"creator_id": "cr_2", "since": 1}]


def test_an_insert_keeps_the_row_that_came_first(store: Store):
    """NRM-04: a metric at an instant is written once."""
    row = {
        "entity_kind": "account", "entity_key": "youtube:a", "metric": "followers", "as_of": 5, "value": 10,
        "source": "s", "definition_version": "1", "precision": "exact",
    }  # fmt: skip
    with store.writing_frames() as frames:
        assert frames.insert(MetricSnapshot, pa.Table.from_pylist([row])) == 1
        assert frames.insert(MetricSnapshot, pa.Table.from_pylist([row | {"value": 11}])) == 0
        assert frames.read(select(MetricSnapshot.value)).to_pylist() == [{"value": 10}]


def test_an_error_rolls_everything_back(store: Store):
    with pytest.raises(RuntimeError), store.writing_frames() as frames:
        frames.upsert(ValueCount, COUNTS)
        raise RuntimeError
    with store.reading_frames() as frames:
        assert frames.read(select(ValueCount.value)).num_rows == 0


def test_empty_results_keep_their_types(store: Store):
    statement = select(ContentVector.content_key, ContentVector.vector, ContentVector.updated_at)
    with store.reading_frames() as frames:
        schema = frames.read(statement).schema
    assert schema.types == [pa.string(), pa.binary(), pa.int64()]


def test_an_instant_reads_the_same_from_a_frame_and_from_a_row(store: Store):
    moment = datetime(2026, 3, 1, 2, 0, 0, 123456, tzinfo=UTC)
    with store.writing() as session:
        session.add(AccountAlias(alias_key="youtube:@a", account_key="youtube:1", created_at=moment))
    with store.reading_frames() as frames:
        (row,) = frames.read(select(AccountAlias.created_at).where(AccountAlias.created_at == moment)).to_pylist()
    assert row["created_at"] == to_micros(moment)


def test_deleting_matches_all_given_columns(store: Store):
    with store.writing_frames() as frames:
        frames.upsert(ValueCount, COUNTS)
        gone = frames.delete(ValueCount, pa.table({"kind": ["email", "site"], "value": ["a@b.c", "other"]}))
        assert gone == 1


def test_batches_give_every_row_once(store: Store):
    many = pa.table({"kind": ["k"] * 5000, "value": [f"{n:05}" for n in range(5000)], "count": list(range(5000))})
    with store.writing_frames() as frames:
        frames.upsert(ValueCount, many)
    with store.reading_frames() as frames:
        parts = list(frames.batches(select(ValueCount.value).order_by(ValueCount.value), rows=1000))
    assert pa.concat_tables(parts)["value"].to_pylist() == many["value"].to_pylist()


def test_the_arrow_schema_of_a_table_follows_its_columns():
    assert arrow_schema(ValueCount) == pa.schema([("kind", pa.string()), ("value", pa.string()), ("count", pa.int64())])
