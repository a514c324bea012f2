"""`resolve FILE --out DIR`: three formats, rows that are wrong, results on disk."""

import gzip

import orjson
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from base.errors import ConfigError, ConstraintConflict, SourceError
from jobs.resolve_file import resolve_file

ROWS = [
    {
        "account_id": "a1",
        "platform": "yt",
        "handle": "quillandember",
        "platform_user_id": None,
        "display_name": "Quill & Ember",
        "bio": "essays. Instagram: @quill.ember",
        "website": None,
        "email": None,
        "followers": 900,
    },
    {
        "account_id": "a2",
        "platform": "ig",
        "handle": "@Quill.Ember",
        "platform_user_id": None,
        "display_name": "Quill & Ember",
        "bio": "YouTube: @quillandember",
        "website": None,
        "email": None,
        "followers": None,
    },
    {
        "account_id": "a3",
        "platform": "twitter",
        "handle": None,
        "platform_user_id": "77",
        "display_name": "Moss, House",
        "bio": "two\nlines",
        "website": None,
        "email": None,
        "followers": 3,
    },
]


def write(path, rows=ROWS):
    name = path.name.removesuffix(".gz")
    if name.endswith(".parquet"):
        pq.write_table(pa.Table.from_pylist(rows), path)
        return path
    if name.endswith(".csv"):
        sink = pa.BufferOutputStream()
        pyarrow.csv.write_csv(pa.Table.from_pylist(rows), sink)
        content = sink.getvalue().to_pybytes()
    else:
        content = b"".join(orjson.dumps(row) + b"\n" for row in rows)
    path.write_bytes(gzip.compress(content) if path.name.endswith(".gz") else content)
    return path


def members(out) -> dict[str, str]:
    table = pq.read_table(out / "members.parquet")
    assert table.column_names == ["account_id", "creator_id"]
    return dict(zip(table["account_id"].to_pylist(), table["creator_id"].to_pylist(), strict=True))


@pytest.mark.parametrize("name", ["rows.csv", "rows.jsonl", "rows.parquet", "rows.csv.gz", "rows.jsonl.gz"])
def test_every_format_gives_the_same_bytes(tmp_path, name):
    resolve_file(write(tmp_path / "rows.parquet"), tmp_path / "expected")
    report = resolve_file(write(tmp_path / name), tmp_path / "out")
    for result in ("members.parquet", "pairs.parquet"):
        assert (tmp_path / "out" / result).read_bytes() == (tmp_path / "expected" / result).read_bytes()
    found = members(tmp_path / "out")
    assert found["a1"] == found["a2"] != found["a3"]
    assert report["rejected"] == {"incomplete": 0, "duplicate_account_id": 0}
    assert orjson.loads((tmp_path / "out" / "report.json").read_bytes())["content"] == orjson.loads(
        orjson.dumps(report)
    )


def test_pairs_say_weight_probability_and_band(tmp_path):
    resolve_file(write(tmp_path / "rows.csv"), tmp_path / "out")
    (pair,) = pq.read_table(tmp_path / "out" / "pairs.parquet").to_pylist()
    assert (pair["left"], pair["right"], pair["triage"]) == ("a1", "a2", "link")
    assert pair["match_probability"] == pytest.approx(1 / (1 + 2 ** -pair["match_weight_bits"]))


def test_rows_that_are_wrong_are_counted_and_the_good_ones_resolved(tmp_path):
    path = tmp_path / "rows.jsonl"
    write(path, [*ROWS, ROWS[0] | {"followers": 1}, {"platform": "x"}, {"account_id": "a4"}])
    with path.open("ab") as file:
        file.write(b'{"account_id": "torn", "platf\n[1, 2]\n')
        file.write(b'{"account_id": "a5", "platform": "x", "bio": "nul\\u0000 \\ud800", "followers": "many"}\n')
    report = resolve_file(path, tmp_path / "out")
    assert report["rejected"] == {"incomplete": 4, "duplicate_account_id": 1}
    places = [(fault["row"], fault["field"]) for fault in report["faults"]]
    first = len(ROWS)
    assert {(first + 2, "account_id"), (first + 3, "platform"), (first + 6, "followers")} <= set(places)
    assert places == sorted(places)
    assert sorted(members(tmp_path / "out")) == ["a1", "a2", "a3", "a5"]


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("rows.csv", b"handle,platform\nx,yt\n", "account_id"),
        ("rows.csv", b"account_id,platform\n,\n", "no row"),
        ("rows.parquet", b"not parquet", "rows.parquet"),
        ("rows.xlsx", b"", "unknown kind"),
        ("rows.csv.gz", b"torn", "rows.csv.gz"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path, name, content, problem):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError, match=problem):
        resolve_file(tmp_path / name, tmp_path / "out")


def test_judgements_hold_and_an_earlier_run_tells_what_became_of_its_ids(tmp_path):
    resolve_file(write(tmp_path / "rows.csv"), tmp_path / "first")
    decided = tmp_path / "decided.csv"
    decided.write_text("left,right,verdict,reviewer,decided_at,note\na1,a2,different,ida,2026-03-01T00:00:00Z,\n")
    report = resolve_file(tmp_path / "rows.csv", tmp_path / "second", judgements=decided, previous=tmp_path / "first")
    found = members(tmp_path / "second")
    assert found["a1"] != found["a2"]
    assert report["changes"] == {"split": 1}


def test_the_newest_judgement_of_a_pair_holds_whichever_side_stands_left_and_unsure_is_none(tmp_path):
    """The same rules as over the store: one door reads both."""
    head = "left,right,verdict,reviewer,decided_at,note\n"
    first, second = "2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z"
    cases = {
        f"a1,a2,different,i,{first},\n": "apart",
        f"a1,a2,different,i,{first},\na2,a1,same,i,{second},\n": "together",
        f"a2,a1,same,i,{second},\na1,a2,different,i,{first},\n": "together",
        f"a1,a2,different,i,{first},\na1,a2,unsure,i,{second},\n": "together",
        f"a1,nobody,different,i,{first},\n": "together",
    }
    decided = tmp_path / "decided.csv"
    for rows, expected in cases.items():
        decided.write_text(head + rows)
        resolve_file(write(tmp_path / "rows.csv"), tmp_path / "out", judgements=decided)
        found = members(tmp_path / "out")
        assert ("together" if found["a1"] == found["a2"] else "apart") == expected, rows


def test_judgements_that_contradict_each_other_or_cannot_be_read_stop_the_run(tmp_path):
    decided = tmp_path / "decided.csv"
    head = "left,right,verdict,reviewer,decided_at,note\n"
    decided.write_text(head + "a1,a2,same,i,2026-03-01,\na2,a3,same,i,2026-03-01,\na1,a3,different,i,2026-03-01,\n")
    with pytest.raises(ConstraintConflict):
        resolve_file(write(tmp_path / "rows.csv"), tmp_path / "out", judgements=decided)
    decided.write_text(head + "a1,a2,perhaps,i,2026-03-01,\n")
    with pytest.raises(SourceError, match="row 1"):
        resolve_file(tmp_path / "rows.csv", tmp_path / "out", judgements=decided)


def test_a_model_of_another_shape_is_refused(tmp_path):
    (tmp_path / "model.json").write_text("{}")
    with pytest.raises(ConfigError):
        resolve_file(write(tmp_path / "rows.csv"), tmp_path / "out", model=tmp_path / "model.json")
