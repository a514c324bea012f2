"""Reading by columns says exactly what reading record by record says: the same records, the same refusals."""

import gzip
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.generate import write_corpus
from ingest import files
from ingest.cells import Column
from ingest.columns import MODELS, check, frame_of
from ingest.contracts import SourceContract, template_contract, template_rows, vendor_rows
from ingest.files import Batch, Payload
from ingest.records import Entity, Kind, RejectedRow

NOW = 1_772_000_000_000_000


def _payload(data: bytes, name: str, contract: SourceContract | None = None, workers: int = 2) -> Payload:
    return Payload(io.BufferedReader(io.BytesIO(data)), name, contract, NOW, workers=workers)  # type: ignore[arg-type]


def _one_by_one(payload: Payload) -> Batch:
    """The frames of what is found record by record."""
    entities: dict[Kind, list[tuple[int, Entity]]] = {"account": [], "content": []}
    rejected = []
    for seat, found in enumerate(payload):
        if isinstance(found, RejectedRow):
            rejected.append(found)
        else:
            kind: Kind = "account" if isinstance(found.record, MODELS["account"]) else "content"
            entities[kind].append((seat, found))
    return Batch(
        frame_of("account", entities["account"]), frame_of("content", entities["content"]), rejected, payload.media
    )


def _by_columns(payload: Payload) -> Batch:
    batches = list(payload.batches())
    return Batch(
        pa.concat_tables([batch.accounts for batch in batches]),
        pa.concat_tables([batch.content for batch in batches]),
        [row for batch in batches for row in batch.rejected],
        payload.media,
    )


def assert_same(data: bytes, name: str, contract: SourceContract | None = None) -> Batch:
    slow, fast = _payload(data, name, contract), _payload(data, name, contract)
    expected, found = _one_by_one(slow), _by_columns(fast)
    for one, other in ((expected.accounts, found.accounts), (expected.content, found.content)):
        # A seat only orders the records of a line; the rows stand in that order already.
        assert other.drop_columns("seat").to_pylist() == one.drop_columns("seat").to_pylist()
    assert sorted(map(repr, found.rejected)) == sorted(map(repr, expected.rejected))
    assert (fast.media, fast.ignored) == (slow.media, slow.ignored)
    return found


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return list(write_corpus(tmp_path_factory.mktemp("corpus"), 300, 5).deliveries)


def test_generated_files_are_read_alike(corpus: list[Path]):
    for path in corpus:
        found = assert_same(path.read_bytes(), path.name)
        assert found.accounts.num_rows + found.content.num_rows > 0


def test_generated_answers_need_no_second_reading(corpus: list[Path], monkeypatch: pytest.MonkeyPatch):
    """The fast reading would agree with the slow one too if it left everything to it."""

    def explained(_self: Payload, found: Any) -> Any:
        raise AssertionError(found)

    monkeypatch.setattr(Payload, "_explained", explained)
    for path in corpus:
        assert sum(
            batch.accounts.num_rows + batch.content.num_rows
            for batch in _payload(path.read_bytes(), path.name).batches()
        )


def test_generated_captures_never_become_python_values(corpus: list[Path], monkeypatch: pytest.MonkeyPatch):
    def decoded(data: bytes) -> Any:
        raise AssertionError(data)

    monkeypatch.setattr(files, "decode_json", decoded)
    captures = [path for path in corpus if path.parent.name == "captures"]
    assert captures
    for path in captures:
        assert _by_columns(_payload(path.read_bytes(), path.name)).content.num_rows


def test_any_number_of_workers_reads_the_same(corpus: list[Path], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(files, "UNIT_BYTES", 10_000)
    monkeypatch.setattr(files, "BATCH_BYTES", 50_000)
    for path in corpus:
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        data = data.replace(b'"likeCount":"1', b'"likeCount":"x') + b"{broken"
        one, three = (
            list(_payload(data, path.name.removesuffix(".gz"), None, workers).batches()) for workers in (1, 3)
        )
        assert len(one) > 1 or path.suffix == ".csv"
        assert one == three


_GOOD = b'{"platform":"youtube","endpoint":"videos.list","status":200,"body":{"items":[{"id":"a"}]}}'


@pytest.mark.parametrize(
    "text",
    [_GOOD + b" " + _GOOD, _GOOD[:-1], _GOOD[:40] + b"\n" + _GOOD[40:], b"[" + _GOOD + b"]", b"\xef\xbb\xbf" + _GOOD]
    + [_GOOD + b"\x0c", _GOOD + b"\r", b"\r"]
    + [_GOOD.replace(b"200", b"%s") % number for number in (b"NaN", b"null", b"200.0", b"0200", b"2" * 5000)]
    + [
        _GOOD.replace(b"200", b'200,"x":%s') % value
        for value in (b"-Infinity", b" NaN ", b"1" + b"0" * 5000, b'"null"')
    ]
    + [_GOOD.replace(b'"a"', b'"%s"') % name for name in (b"\xff", b"a\x01", b"\\ud800", b"\\u0000a", b"")]
    + [_GOOD.replace(b"200", b"200," + more) for more in (b"", b'"\xff":1', b'"status":404', b'"request":["z"]')]
    + [_GOOD.replace(b"200", b"200," + more) for more in (b'"request":{"id":"z,a"}', b'"request":{"id":""}')]
    + [_GOOD.replace(b"200", b'200,"fetched_at":"%s"') % at for at in (b"soon", b"1970-01-01T00:00:00Z", b"")]
    + [_GOOD.replace(b'"items"', b'"error":%s,"items"') % error for error in (b"{}", b'"no"', b'{"code":"ok"}')]
    + [_GOOD.replace(b"youtube", b"yt"), _GOOD.replace(b"youtube", b"x"), _GOOD.replace(b"videos", b"comments")],
)
def test_a_strange_line_between_plain_ones_is_read_alike(text: bytes):
    found = assert_same(b"\n".join([_GOOD, text, _GOOD]), "a.jsonl")
    assert found.content.num_rows + len(found.rejected) >= 2


@pytest.mark.parametrize(
    "thumbnails", ["", ',"thumbnails":{}', ',"thumbnails":{"maxres":{}}', ',"thumbnails":{"high":{}}']
)
def test_a_notice_in_the_place_of_a_video_is_read_alike(thumbnails: str):
    snippet = b'"snippet":{"title":"Private video","channelId":"UC1"%s}' % thumbnails.encode()
    assert_same(_GOOD.replace(b'"id":"a"', b'"id":"a",' + snippet), "a.jsonl")


def test_units_and_batches_of_any_size_hold_the_same(corpus: list[Path], monkeypatch: pytest.MonkeyPatch):
    for size in (1, 30_000):
        monkeypatch.setattr(files, "BATCH_BYTES", size)
        for path in corpus[:2]:
            assert_same(path.read_bytes(), path.name)


# --- hostile answers: true ones with one place changed

_JUNK: list[Any] = [
    None, "", " ", 0, -1, 1.5, 12.0, True, False, 2**63, 2**70, "12", "-3", "1e5", "٣", "007", [], {}, [1], ["a", None],
    {"a": 1}, {"url": 5}, "é" * 400, "a\x00b", "line\nbreak", "\u0085x", "e\u0301", "@Ann", "@@x", "Ann Lee", "x" * 301,
    "2026-02-30T00:00:00Z", "2026-03-01", "1969-12-31T23:59:59Z", "2100-01-01T00:00:00Z", "2026-03-01T00:00:00+0200",
    "2026-03-01T00:00:00.5Z", "PT3M", "PT1H2M3S", "P", "video", "Private video", "REELS", "live", "ok", "youtube", "yt",
    "\ud800", "１２３", "ＡＮＮ", "İstanbul", {"high": {"url": "u"}}, {"high": None}, {"data": [1]}, {"data": [{}]},
]  # fmt: skip


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, each in inside:
        yield from _places(each, (*path, name))


def _changed(value: Any, path: tuple[Any, ...], junk: Any) -> Any:
    copy = json.loads(json.dumps(value))
    parent = copy
    for name in path[:-1]:
        parent = parent[name]
    if junk is _GONE:
        del parent[path[-1]]
    else:
        parent[path[-1]] = junk
    return copy


_GONE = object()


@pytest.fixture(scope="module")
def answers(corpus: list[Path]) -> list[Any]:
    """Lines of every kind of file, cut short so that each place is met often."""
    found = [json.loads(line) for path in corpus if ".jsonl" in path.name for line in _lines(path)]
    kinds = {(each.get("platform"), each.get("endpoint")): each for each in found}
    return [_short(each) for each in kinds.values()]


def _lines(path: Path) -> list[bytes]:
    return gzip.decompress(path.read_bytes()).splitlines()


def _short(value: Any) -> Any:
    if isinstance(value, list):
        return [_short(each) for each in value[:2]]
    return {name: _short(each) for name, each in value.items()} if isinstance(value, dict) else value


@given(st.data())
@settings(max_examples=200)
def test_a_changed_place_is_read_alike(answers: list[Any], data: st.DataObject):
    lines = []
    for _line in range(data.draw(st.integers(1, 6))):
        answer = data.draw(st.sampled_from(answers))
        for _change in range(data.draw(st.integers(0, 2))):
            path = data.draw(st.sampled_from(list(_places(answer))))
            answer = _changed(answer, path, data.draw(st.sampled_from([*_JUNK, _GONE])))
        lines.append(json.dumps(answer).encode())
    assert_same(b"\n".join(lines), "a.jsonl")


COLUMNS = sorted({name for model in MODELS.values() for name in model.model_fields} | {"fetched_at", "other"})
CELLS = st.sampled_from(_JUNK) | st.text(max_size=8)


@given(st.lists(st.dictionaries(st.sampled_from(COLUMNS), CELLS, max_size=8), min_size=1, max_size=8))
@settings(max_examples=200)
def test_rows_of_any_cells_are_read_alike(rows: list[dict[str, Any]]):
    named = [{"platform": "youtube", "platform_user_id": "1"} | row for row in rows]
    assert_same("\n".join(map(json.dumps, [*named, *rows])).encode(), "a.jsonl")


@pytest.mark.parametrize("kind", ["accounts", "content"])
def test_our_own_examples_are_read_alike(kind: Any):
    import tomllib

    assert_same(template_rows(kind).encode(), "a.csv")
    contract = SourceContract(**tomllib.loads(template_contract(kind)))
    assert_same(vendor_rows(kind).encode(), "vendor.csv", contract)


def test_other_forms_are_read_alike():
    table = pa.table(
        {"platform": ["x", "x", None], "handle": ["ann", "b b", "c"], "followers": [1.0, float("nan"), 2.5]}
    )
    parquet = io.BytesIO()
    pq.write_table(table, parquet)
    assert_same(parquet.getvalue(), "a.parquet")
    assert_same(b'platform,handle,views\nx,ann,1\nx,"b\nc",2\nx\n,,\nyt,Bob,\n', "a.csv")
    assert_same(
        b'[{"platform":"x","handle":"ann"},5,{"kind":"youtube#channelListResponse","items":[{"id":"a"}]}]', "a.json"
    )
    assert_same(b'{"a":1\n\n{"platform":"x","handle":"\\ud800"}\n{"error":{"code":400}}\n7\n', "a.jsonl")


def test_a_file_that_breaks_off_ends_alike(corpus: list[Path]):
    path = next(path for path in corpus if path.name.startswith("content"))
    whole = path.read_bytes()
    found = assert_same(whole[: len(whole) // 2], path.name)
    assert "breaks off" in found.rejected[-1].reason


_PARSERS = {
    f"{kind}.{name}": (info, next(each for each in info.metadata if isinstance(each, Column)))
    for kind, model in MODELS.items()
    for name, info in model.model_fields.items()
}


@pytest.mark.parametrize("field", ["account.bio", "account.handle", "account.followers", "account.created_at"])
@given(values=st.lists(st.sampled_from(_JUNK) | st.text(max_size=30) | st.integers(-3, 2**64), min_size=1, max_size=12))
@settings(max_examples=300)
def test_a_column_takes_what_its_parser_takes(field: str, values: list[Any]):
    info, column = _PARSERS[field]
    parse = next(each.func for each in info.metadata if hasattr(each, "func"))
    expected, refused = [], []
    for position, value in enumerate(values):
        try:
            expected.append(parse(value))
        except ValueError:
            expected.append(None)
            refused.append(position)
    found = column.check(values, set(map(type, values)))
    assert (found.values.to_pylist(), found.refused) == (expected, refused)


def test_an_empty_frame_has_the_columns_of_a_full_one():
    from ingest.columns import Columns, record_schema

    for kind in MODELS:
        assert check(Columns(kind, [], [], [], [], {})).frame.schema == record_schema(kind)
