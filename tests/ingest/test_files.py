"""Any file, however broken: its good rows go in, the rest is named with a hint, and nothing stops the night."""

import gzip
import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from base.errors import SourceError
from ingest import decoding
from ingest.contracts import SourceContract
from ingest.files import Payload
from ingest.records import AccountRecord, ContentRecord, Entity, RejectedRow
from tests.ingest.answers import (
    a_channel,
    a_display_video,
    a_research_video,
    a_tweet,
    an_x_user,
    channels,
    envelope,
    tiktok,
    x,
)

NOW = 1_772_330_400_000_000
GOOD = '{"platform": "zz", "handle": "ann"}'


def read(data: bytes, name: str, contract: SourceContract | None = None) -> tuple[list[Entity], list[RejectedRow]]:
    found = list(Payload(io.BufferedReader(io.BytesIO(data)), name, contract, NOW))  # type: ignore[arg-type]
    entities = [each for each in found if isinstance(each, Entity)]
    return entities, [each for each in found if isinstance(each, RejectedRow)]


def handles(data: bytes, name: str = "a.csv") -> list[str | None]:
    entities, rejected = read(data, name)
    assert rejected == []
    return [entity.record.handle for entity in entities]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("comma.csv", b"platform,handle,bio\nzz,ann,hi\n"),
        ("semicolon.csv", b"platform;handle;bio\nzz;ann;hi\n"),
        ("tab.tsv", b"platform\thandle\tbio\nzz\tann\thi\n"),
        ("bom.csv", b"\xef\xbb\xbfplatform,handle,bio\r\nzz,ann,hi\r\n"),
        ("utf16.csv", "platform,handle,bio\nzz,ann,hi\n".encode("utf-16")),
        ("rows.jsonl", b'{"platform": "zz", "handle": "ann", "bio": "hi"}\n'),
        ("list.json", b'[{"platform": "zz", "handle": "ann", "bio": "hi"}]'),
        ("unnamed", b'\n{"platform": "zz", "handle": "ann", "bio": "hi"}\n'),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_one_row_reads_the_same_in_every_format(name: str, data: bytes, packed: bool):
    """ING-11: CSV, JSON Lines and gzip of each; the format is found, not told."""
    entities, rejected = read(gzip.compress(data, mtime=0) if packed else data, name + ".gz" * packed)
    assert rejected == []
    assert [entity.record for entity in entities] == [AccountRecord(platform="zz", handle="ann", bio="hi")]


def test_a_parquet_file_reads_like_a_csv_and_a_gap_in_a_float_column_is_unknown():
    sink = io.BytesIO()
    table = pa.table({"platform": ["zz", "zz"], "platform_user_id": [7, 8], "followers": [5.0, float("nan")]})
    pq.write_table(table, sink)
    entities, rejected = read(sink.getvalue(), "a.parquet")
    assert rejected == []
    assert [(each.record.platform_user_id, each.record.followers) for each in entities] == [("7", 5), ("8", None)]  # type: ignore[union-attr]


def test_a_quoted_line_break_belongs_to_its_cell():
    entities, _ = read(b'platform,handle,bio\nzz,ann,"two\nlines"\nzz,bob,one\n', "a.csv")
    assert [entity.record.bio for entity in entities] == ["two\nlines", "one"]  # type: ignore[union-attr]


def test_a_content_row_may_carry_columns_of_its_account():
    data = b"platform,platform_content_id,platform_user_id,content_type,display_name,views\nyt,v1,UC1,reel,Ann,7\n"
    (item, owner), rejected = read(data, "a.csv")
    assert rejected == []
    assert isinstance(item.record, ContentRecord)
    assert (item.record.content_type, item.record.subtype, item.record.views) == ("short", "reel", 7)
    assert owner.record == AccountRecord(platform="youtube", platform_user_id="UC1", display_name="Ann")


def test_an_absent_column_says_nothing_and_an_empty_cell_says_none():
    (entity,), _ = read(b"platform,handle,bio\nzz,ann,\n", "a.csv")
    assert "bio" in entity.record.model_fields_set
    assert "followers" not in entity.record.model_fields_set


HOSTILE_LINES = {
    "malformed": (b'{"platform": "zz", "handle": ', "malformed JSON"),
    "deep nesting": (b"[" * 100_000, "nested too deeply"),
    "NaN": (b'{"platform": "zz", "handle": "x", "followers": NaN}', "not JSON"),
    "a number of 5,000 digits": (
        b'{"platform": "zz", "handle": "x", "followers": ' + b"9" * 5_000 + b"}",
        "thousands of digits",
    ),
    "infinity by exponent": (b'{"platform": "zz", "handle": "x", "followers": 1e999}', "not a whole number"),
    "a negative count": (b'{"platform": "zz", "handle": "x", "followers": -1}', "out of range"),
    "a count beyond 2^63": (b'{"platform": "zz", "handle": "x", "followers": 9223372036854775808}', "out of range"),
    "an abbreviated count": (b'{"platform": "zz", "handle": "x", "followers": "1.2M"}', "not a whole number"),
    "a true count": (b'{"platform": "zz", "handle": "x", "followers": true}', "not a whole number"),
    "a list for text": (b'{"platform": "zz", "handle": "x", "bio": ["a"]}', "expected text"),
    "year 0": (b'{"platform": "zz", "handle": "x", "created_at": "0000-01-01"}', "not a date"),
    "year 9999": (
        b'{"platform": "zz", "handle": "x", "created_at": "9999-12-31T00:00:00Z"}',
        "not between 1970 and 2100",
    ),
    "a leap second": (b'{"platform": "zz", "handle": "x", "created_at": "2016-12-31T23:59:60Z"}', "not a date"),
    "a title for a handle": (b'{"platform": "zz", "handle": "Oven and Salt"}', "not a"),
    "nobody": (b'{"platform": "zz", "bio": "hi"}', "neither platform_user_id nor handle"),
    "no platform": (b'{"platform": "", "handle": "x"}', "not a platform name"),
    "a bare list": (b"[1, 2]", "no known platform"),
    "a bare number": (b"7", "no known platform"),
    "an id that poses as a handle": (b'{"platform": "zz", "platform_user_id": "@ann"}', "not an id"),
}


@pytest.mark.parametrize("case", HOSTILE_LINES)
def test_a_hostile_line_is_rejected_and_its_neighbours_go_in(case: str):
    """Bad input: a RejectedRow with row, reason and hint; the rows around it are untouched."""
    line, reason = HOSTILE_LINES[case]
    entities, (rejected,) = read(b"\n".join([GOOD.encode(), line, GOOD.encode()]), "a.jsonl")
    assert [entity.line for entity in entities] == [1, 3]
    assert rejected.line == 2
    assert reason in rejected.reason
    assert rejected.hint
    assert rejected.reason.isprintable()


REPAIRED = {
    "NUL": (b'{"platform": "zz", "handle": "ann", "bio": "a\\u0000b"}', "ab"),
    "a lone surrogate": (b'{"platform": "zz", "handle": "ann", "bio": "a\\ud800"}', "a\ufffd"),
    "invalid UTF-8": (b'{"platform": "zz", "handle": "ann", "bio": "a\xff"}', "a\ufffd"),
    "a very long bio": (json.dumps({"platform": "zz", "handle": "ann", "bio": "x" * 300_000}).encode(), "x" * 20_000),
    "an unknown key": (b'{"platform": "zz", "handle": "ann", "bio": "hi", "shoe_size": 7}', "hi"),
    "a repeated key": (b'{"platform": "zz", "handle": "ann", "bio": "one", "bio": "two"}', "two"),
    "decomposed letters": ('{"platform": "zz", "handle": "ann", "bio": "e\u0301"}'.encode(), "é"),
}


@pytest.mark.parametrize("case", REPAIRED)
def test_bad_characters_are_repaired_and_bad_structure_is_not(case: str):
    """One rule at the border, so that every database takes the same rows."""
    line, bio = REPAIRED[case]
    (entity,), rejected = read(line, "a.jsonl")
    assert rejected == []
    assert entity.record.bio == bio  # type: ignore[union-attr]


def test_a_line_beyond_the_limit_is_passed_over(monkeypatch: pytest.MonkeyPatch):
    assert [
        (number, data and len(data))
        for number, data in decoding.lines(io.BufferedReader(io.BytesIO(b"a" * 50 + b"\nb\n")), 10)
    ] == [  # type: ignore[arg-type]
        (1, None),
        (2, 2),
    ]


def test_a_row_of_the_wrong_width_is_rejected_by_its_number():
    entities, (rejected,) = read(b"platform,handle,bio\nzz,ann\nzz,bob,hi\n", "a.csv")
    assert [entity.record.handle for entity in entities] == ["bob"]
    assert (rejected.line, rejected.reason) == (2, "2 cells under 3 columns")


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("empty.csv", b"", "is empty"),
        ("blank.csv", b"\n\n", "holds no rows"),
        ("columns.csv", b"name,age\nann,7\n", "no column for platform"),
        ("cut.jsonl.gz", gzip.compress(GOOD.encode(), mtime=0)[:15], "cannot be read"),
        ("fake.parquet", b"PAR1nonsense", "no readable Parquet"),
        ("cut.json", b'{"kind": "youtube#chan', "malformed JSON"),
    ],
)
def test_an_unreadable_file_is_a_source_error_with_a_hint(name: str, data: bytes, reason: str):
    with pytest.raises(SourceError, match=reason) as caught:
        read(data, name)
    assert caught.value.hint
    assert name in caught.value.message


def test_a_file_that_breaks_off_keeps_the_rows_before_the_break():
    rows = "".join(f'{{"platform": "zz", "handle": "ann{number}"}}\n' for number in range(20_000)).encode()
    entities, (rejected,) = read(gzip.compress(rows, mtime=0)[:-2_000], "a.jsonl.gz")
    assert entities
    assert "breaks off" in rejected.reason
    assert rejected.line == entities[-1].line + 1


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=300), st.sampled_from(["a.csv", "a.jsonl", "a.json", "a", "a.parquet"]))
def test_no_bytes_whatever_raise_anything_but_a_source_error(data: bytes, name: str):
    try:
        entities, _ = read(data, name)
    except SourceError:
        return
    for entity in entities:
        json.dumps(entity.record.model_dump()).encode()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["id", "snippet", "statistics", "topicDetails", "kind"]), JSON)
def test_no_value_in_an_answer_stops_the_channel_beside_it(part: str, value: object):
    """ING-14: one damaged item never takes its page with it."""
    damaged = a_channel("UC2") | {part: value}
    body = channels(damaged, a_channel("UCgood"))
    entities, _ = read(json.dumps(envelope(body)).replace("NaN", "0").replace("Infinity", "0").encode(), "a.jsonl")
    assert "UCgood" in [entity.record.platform_user_id for entity in entities]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([*a_tweet(), "note_tweet", "referenced_tweets", "entities"]), JSON)
def test_no_value_in_a_post_or_profile_of_x_stops_the_one_beside_it(part: str, value: object):
    """ING-14."""
    posts, users = x(a_tweet("1") | {part: value}, a_tweet("2")), x(an_x_user("1") | {part: value}, an_x_user("2"))
    for body, endpoint in ((posts, "tweets"), (users, "users")):
        line = json.dumps(envelope(body, platform="x", endpoint=endpoint)).replace("NaN", "0").replace("Infinity", "0")
        entities, _ = read(line.encode(), "a.jsonl")
        assert entities[-1].pointer == "/body/data/1"


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([*a_display_video(), *a_research_video()]), JSON)
def test_no_value_in_a_video_of_tiktok_stops_the_one_beside_it(part: str, value: object):
    """ING-14."""
    body = tiktok(videos=[a_research_video(1) | {part: value}, a_display_video("2")])
    line = json.dumps(envelope(body, platform="tiktok", endpoint="video.query"))
    entities, _ = read(line.replace("NaN", "0").replace("Infinity", "0").encode(), "a.jsonl")
    assert entities[-1].pointer == "/body/data/videos/1"


def test_a_name_on_disk_is_all_that_a_payload_knows_of_its_file(tmp_path: Path):
    path = tmp_path / "people.csv"
    path.write_text("platform,handle\nzz,ann\n")
    with path.open("rb") as stream:
        payload = Payload(stream, path.name, None, NOW)
        assert [each.line for each in payload] == [2]
    assert payload.media == "rows"
