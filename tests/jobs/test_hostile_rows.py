"""Hostile input leaves the same rows and the same rejections in both databases."""

from pathlib import Path
from typing import Any

import pytest

from ingest.files import Delivery
from jobs.ingest_accounts import ingest_accounts
from store.session import Store
from store.tables import METADATA, CreatorAccount
from tests.factories import a_context
from tests.ingest.answers import a_channel, channels, envelope, write_lines
from tests.ingest.test_files import HOSTILE_LINES, REPAIRED
from tests.stores import Stores

TEXTS = {
    "emoji joined": "\U0001f469\u200d\U0001f4bb" * 200,
    "combining marks": "z" + "\u0301\u0336" * 5_000,
    "right to left": "\u202eevil\u202c \u05e9\u05dc\u05d5\u05dd",
    "invisible": "a\u200bb\ufeffc\u00ad",
    "a quote": "'; DROP TABLE accounts; --",
    "backslashes": "\\\\N \\. \\x00 %s $1 ? :name",
    "a formula": '=HYPERLINK("http://evil.example")',
    "a tag": "<script>alert(1)</script> {{7*7}}",
    "control characters": "a\u0001\u001b[31mb\u007f\u0085c",
    "Turkish": "\u0130stanbul \u0131",
    "beyond the first plane": "\U00020000\U0010fffd\ufffe\uffff",
    "blank": "   ",
}


@pytest.fixture
def both(tmp_path: Path, _on_sqlite: Stores, _on_postgres: Stores):
    """The same empty store in each database."""
    with _on_sqlite.opened(tmp_path / "file") as file, _on_postgres.opened(tmp_path / "server") as server:
        yield [file, server]


def hostile_files(folder: Path) -> list[Path]:
    """One line per way to be hostile, each beside a good one; API answers with the texts; and a table of them."""
    good = b'{"platform": "zz", "handle": "good", "followers": 3}'
    lines = [good, *(line for line, _ in HOSTILE_LINES.values()), *(line for line, _ in REPAIRED.values())]
    (folder / "rows.jsonl").write_bytes(b"\n".join(lines))
    answers = [
        envelope(channels(*(a_channel(f"UC{n}", snippet={"title": text, "description": text, "customUrl": f"@ch{n}"})
                            for n, text in enumerate(TEXTS.values())))),
        envelope(channels(a_channel("UCnul", snippet={"description": "a\0b"}), a_channel("UCbad") | {"statistics": 7})),
        envelope(channels(a_channel("UCbig", statistics={"subscriberCount": str(2**63 - 1)}))),
        '{"broken": ',
    ]  # fmt: skip
    table = 'platform,platform_user_id,handle,bio\nzz,1,one,"a\0b"\nzz,2,two\nzz,3,three,"=1+1"\n'
    (folder / "rows.csv").write_text(table, encoding="utf-8")
    return [folder / "rows.jsonl", write_lines(folder / "answers.jsonl", *answers), folder / "rows.csv"]


def dump(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    with store.engine.connect() as connection:
        return {
            name: [tuple(row) for row in connection.execute(table.select().order_by(*table.primary_key))]
            for name, table in METADATA.tables.items()
        }


def test_hostile_rows_end_the_same_in_both_databases(both: list[Store], tmp_path: Path):
    """ING-14, STO-06: rows, rejections and their order."""
    deliveries = [Delivery(path, "hostile") for path in hostile_files(tmp_path)]
    reports = [ingest_accounts(a_context(store), deliveries) for store in both]
    on_file, on_server = map(dump, both)
    assert [name for name in on_file if on_file[name] != on_server[name]] == []
    assert reports[0].counts == reports[1].counts
    assert reports[0].counts["rejected"] >= len(HOSTILE_LINES)
    assert len(on_server["accounts"]) >= len(TEXTS)
    assert len(on_server["rejected_rows"]) >= len(HOSTILE_LINES)
    for store in both:
        with store.reading() as session:
            assert session.get_one(CreatorAccount, "youtube:UCbig").followers == 2**63 - 1, "the largest count fits"
