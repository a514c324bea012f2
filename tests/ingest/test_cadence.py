"""Three buckets by the latest content; the boundary belongs to the busier one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.clock import to_micros
from ingest.cadence import DAY, HOUR, MISSING, Bucket, CadenceSettings, activities, activity
from tests.factories import AS_OF

NOW = to_micros(AS_OF)
CADENCE = CadenceSettings()


@pytest.mark.parametrize(
    ("last_content_at", "bucket", "hours"),
    [
        (NOW, Bucket.ACTIVE, 24),
        (NOW - 7 * DAY, Bucket.ACTIVE, 24),
        (NOW - 7 * DAY - 1, Bucket.SEMI_ACTIVE, 72),
        (NOW - 30 * DAY, Bucket.SEMI_ACTIVE, 72),
        (NOW - 30 * DAY - 1, Bucket.LONG_TAIL, 168),
        (None, Bucket.LONG_TAIL, 168),
        (NOW + 1, Bucket.LONG_TAIL, 168),
    ],
)
def test_exactly_on_the_boundary_counts_as_the_busier_bucket(last_content_at: int | None, bucket: Bucket, hours: int):
    """ING-01, ING-02, ING-03, ING-04: boundaries at 7 and 30 days, due after 24, 72 and 168 hours."""
    found = activity(last_content_at, NOW - HOUR, NOW, CADENCE)
    assert found.bucket == bucket
    assert found.next_due_at == NOW - HOUR + hours * HOUR


def test_content_from_the_future_and_missing_dates_say_so():
    """ING-01."""
    assert "future" in activity(NOW + DAY, NOW, NOW, CADENCE).reason
    assert "no dated content" in activity(None, NOW, NOW, CADENCE).reason


def test_priority_moves_an_account_down_and_back():
    """ING-04."""
    lowered = activity(NOW, NOW, NOW, CADENCE, Bucket.LONG_TAIL)
    assert lowered.bucket == Bucket.LONG_TAIL
    assert lowered.next_due_at == NOW + 7 * DAY
    assert "priority" in lowered.reason
    assert activity(NOW, NOW, NOW, CADENCE).bucket == Bucket.ACTIVE


AGES = st.one_of(
    st.none(), st.integers(-40 * DAY, 40 * DAY), st.sampled_from([7 * DAY, 7 * DAY + 1, 30 * DAY, 30 * DAY + 1, 0, -1])
)


@given(st.lists(st.tuples(AGES, st.integers(0, 10 * DAY)), max_size=20))
def test_many_at_once_is_the_same_as_one_by_one(ages: list[tuple[int | None, int]]):
    """ING-05: the recomputation is pure."""
    contents = [None if age is None else NOW - age for age, _ in ages]
    fetched = [NOW - since for _, since in ages]
    column = np.array([MISSING if content is None else content for content in contents], dtype=np.int64)
    many = activities(column, np.array(fetched, dtype=np.int64), NOW, CADENCE)
    single = [activity(content, at, NOW, CADENCE) for content, at in zip(contents, fetched, strict=True)]
    assert [(one.bucket, one.reason, one.next_due_at) for one in single] == list(
        zip(many.buckets, many.reasons, many.next_due_at.tolist(), strict=True)
    )
