"""The newest sign of life of each account."""

from datetime import timedelta

from base.clock import to_micros
from store.content import load_last_content
from store.session import Store
from tests.factories import AS_OF, an_item

DAY = timedelta(days=1)


def test_an_item_from_the_future_counts_only_when_there_is_no_other(store: Store):
    """ING-01: future-dated and missing timestamps."""
    days = {"zz:past": [-3, -1], "zz:mixed": [-2, 5], "zz:future": [4, 9], "zz:undated": [None]}
    with store.writing() as session:
        for key, offsets in days.items():
            for number, offset in enumerate(offsets):
                moment = None if offset is None else AS_OF + offset * DAY
                session.add(an_item(key, f"{key}-{number}", published_at=moment))
    with store.reading_frames() as frames:
        found = {row["account_key"]: row["last_content_at"] for row in load_last_content(frames, AS_OF).to_pylist()}
    expected = {"zz:past": -1, "zz:mixed": -2, "zz:future": 4}
    assert found == {key: to_micros(AS_OF + offset * DAY) for key, offset in expected.items()}
