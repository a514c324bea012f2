"""A truth from a file, under the names that its columns may have."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from base.errors import SourceError
from jobs.truth_files import read_truth

ROWS = [("youtube:1", "p7", "same_name"), ("x:2", "p7", None)]


def test_every_format_says_the_same(tmp_path):
    (tmp_path / "truth.csv").write_text("account_id,creator_id,trap\nyoutube:1,p7,same_name\nx:2,p7,\n")
    (tmp_path / "truth.jsonl").write_text(
        '{"account_key": "youtube:1", "person_id": "p7", "kind": "same_name"}\n'
        '{"account_key": "x:2", "person_id": "p7"}\n'
    )
    columns = dict(zip(("account_key", "creator", "trap_name"), map(list, zip(*ROWS, strict=True)), strict=True))
    pq.write_table(pa.table(columns), tmp_path / "truth.parquet")
    read = [read_truth(tmp_path / f"truth.{ending}") for ending in ("csv", "jsonl", "parquet")]
    assert {tuple(frame.column_names) for frame in read} == {("account_id", "creator_id", "trap")}
    assert [frame["creator_id"].to_pylist() for frame in read] == [["p7", "p7"]] * 3
    assert all(frame["trap"].to_pylist()[0] == "same_name" for frame in read)


def test_creators_may_be_numbers_and_rows_without_one_are_left_out(tmp_path):
    pq.write_table(pa.table({"account_id": ["a", "b", None], "person_id": [7, None, 8]}), tmp_path / "truth.parquet")
    assert read_truth(tmp_path / "truth.parquet").to_pylist() == [{"account_id": "a", "creator_id": "7"}]


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("t.csv", "account_id,x\na,b\n", "creator_id"),
        ("t.parquet", "torn", "t.parquet"),
        ("t.xlsx", "", "unknown kind"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path, name, content, problem):
    (tmp_path / name).write_text(content)
    with pytest.raises(SourceError, match=problem):
        read_truth(tmp_path / name)
