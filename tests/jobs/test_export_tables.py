"""What is taken out of the store: the law of the change feed, and each format read back by a stranger."""

import csv
import io
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from base.errors import ConfigError
from base.judgement import Verdict
from jobs.context import Context
from jobs.export_formats import csv_frame
from jobs.export_tables import export_table
from jobs.resolve_creators import resolve_creators
from jobs.runner import open_store
from jobs.settings import read_settings
from review.decide import judge
from store.session import Store
from store.tables import AccountAlias, CreatorAccount, CreatorMember, Enrichment, Run
from tests.factories import AS_OF, HOMES, a_context, address_of, an_account, home_of
from tests.postgres import PostgresServer

#: histories of nights per database; the battery tries 200
EXAMPLES = int(os.environ.get("CREATORDEX_TEST_HISTORIES", "4"))
Row = dict[str, Any]
ACCOUNTS = ("ann", "bea", "cleo", "dora")
#: account → whose it is on that night; an account that is missing is not known (any more)
Night = Mapping[str, int]
NIGHTS = st.lists(
    st.dictionaries(st.sampled_from(ACCOUNTS), st.integers(0, 2), min_size=1).map(
        lambda night: dict(sorted(night.items()))
    ),
    min_size=2,
    max_size=4,
)


@pytest.fixture
def store(bare_address, tmp_path):
    """A store that knows its revision, as every store but the tests' quick one does."""
    opened = open_store(read_settings(home=tmp_path / "home", database_url=bare_address))
    HOMES[opened.url] = tmp_path / "home"
    home_of(opened).mkdir(exist_ok=True)
    yield opened
    opened.close()


def exporting(store: Store) -> Context:
    """A context whose settings lead to this store."""
    return a_context(store, database_url=address_of(store), identity={"bio_neighbours": False})


def taken(context: Context, what: str, since: str | None = None) -> list[Row]:
    """An export as rows, through the door that users take."""
    target = context.home / "taken.jsonl"
    export_table(context.settings, what, form="jsonl", since=since, target=target)
    return [json.loads(line) for line in target.read_text().splitlines()]


def live_through(context: Context, night: Night, number: int) -> None:
    """Accounts come and go, people say who is who, identity is worked out, and a run stands for it."""
    context = replace(context, as_of=AS_OF + timedelta(days=number))
    with context.writing() as session:
        session.exec(delete(CreatorAccount))
        for name in night:
            session.add(an_account(name, followers=number, first_seen=AS_OF + timedelta(hours=ACCOUNTS.index(name))))
        session.add(
            Run(
                run_id=f"night-{number}",
                command="nightly",
                as_of=context.as_of,
                state="done",
                inputs="{}",
                started_at=context.as_of,
            )
        )
    for left, right in combinations(night, 2):
        verdict = Verdict.SAME if night[left] == night[right] else Verdict.DIFFERENT
        judge(context.store, key(left), key(right), verdict, reviewer="ida", decided_at=context.as_of)
    resolve_creators(context)


def key(name: str) -> str:
    return f"youtube:id-{name}"


def replayed(before: Mapping[str, Row], feed: Sequence[Row], rows_now: Mapping[str, Row]) -> dict[str, Row]:
    """The creators of a later night: the earlier ones and what the feed says, reading rows again where it says so."""
    creators = dict(before)
    for entry in feed:
        if entry["change"] in ("mint", "split", "update"):
            creators[entry["creator_id"]] = rows_now.get(entry["creator_id"], {})
        elif entry["change"] == "retire":
            del creators[entry["creator_id"]]
    return creators


def moved(before: Mapping[str, Row], feed: Sequence[Row]) -> dict[str, Row]:
    """The members of a later night, from the earlier ones and the feed alone."""
    members = dict(before)
    for entry in feed:
        if entry["change"] in ("join", "move"):
            assert members.get(entry["account_key"], {}).get("creator_id") == entry["other_id"]
            members[entry["account_key"]] = {
                "account_key": entry["account_key"],
                "creator_id": entry["creator_id"],
                "since": entry["as_of"],
            }
        elif entry["change"] == "leave":
            assert members.pop(entry["account_key"])["creator_id"] == entry["creator_id"]
    return members


def by(rows: Sequence[Row], name: str) -> dict[str, Row]:
    return {row[name]: row for row in rows}


@pytest.mark.slow
@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(nights=NIGHTS)
def test_two_nights_differ_by_what_the_changes_between_them_say_and_by_nothing_else(new_database, nights):
    with tempfile.TemporaryDirectory() as folder, new_database(Path(folder)) as address:
        chosen = read_settings(home=Path(folder), database_url=address, identity={"bio_neighbours": False})
        store = open_store(chosen)
        context = Context(settings=chosen, store=store, run_id="night", as_of=AS_OF)
        creators, members = [], []
        for number, night in enumerate(nights):
            live_through(context, night, number)
            creators.append(by(taken(context, "creators"), "creator_id"))
            members.append(by(taken(context, "members"), "account_key"))
        for number in range(len(nights)):
            feed = taken(context, "changes", since=f"night-{number}")
            assert replayed(creators[number], feed, creators[-1]) == creators[-1]
            assert moved(members[number], feed) == members[-1]
        whole = taken(context, "changes")
        assert replayed({}, whole, creators[-1]) == creators[-1]
        assert moved({}, whole) == members[-1]

        last = taken(context, "changes", since=f"night-{len(nights) - 2}")
        for entry in last:
            assert differs(entry, creators[-2], creators[-1], members[-2], members[-1]), entry
        store.close()


@pytest.fixture(params=["sqlite", "postgres"])
def new_database(request):
    """Makes the address of an empty database, for each example of its own; on one database, then the other."""
    if request.param == "postgres":
        server: PostgresServer = request.getfixturevalue("postgres")
        return lambda _folder: server.database(template="template0")
    return lambda folder: nullcontext(f"sqlite:///{folder / 'store.db'}")


def differs(entry: Row, creators: Any, creators_now: Any, members: Any, members_now: Any) -> bool:
    """Whether an entry of one night's feed speaks of something that two exports really show."""
    account, creator = entry["account_key"], entry["creator_id"]
    if account is not None:
        return members.get(account) != members_now.get(account)
    if entry["change"] == "merge":
        creator = entry["other_id"]  # the id that it took in is gone
    return creators.get(creator) != creators_now.get(creator)


def test_a_second_night_without_news_changes_nothing(store):
    context = exporting(store)
    live_through(context, {"ann": 0, "bea": 0}, 0)
    resolve_creators(replace(context, as_of=AS_OF + timedelta(days=1)))
    assert taken(context, "changes", since="night-0") == []


def test_two_changes_at_one_instant_are_told_as_one(store):
    context = exporting(store)
    live_through(context, {"ann": 0, "bea": 1, "cleo": 1}, 0)
    later = replace(context, as_of=AS_OF + timedelta(days=1))
    for verdict in (Verdict.SAME, Verdict.DIFFERENT):
        decided_at = AS_OF + timedelta(days=1, minutes=len(verdict.value))
        judge(store, key("ann"), key("bea"), verdict, reviewer="ida", decided_at=decided_at)
        judge(store, key("ann"), key("cleo"), verdict, reviewer="ida", decided_at=decided_at)
        resolve_creators(later)
    moves = [entry for entry in taken(context, "changes", since="night-0") if entry["account_key"]]
    assert moves == []


def test_a_promoted_key_leaves_and_the_real_one_joins(store):
    context = exporting(store)
    with store.writing() as session:
        session.add(an_account("ann", account_key="youtube:@ann", platform_user_id=None))
    resolve_creators(context)
    with store.writing() as session:
        session.exec(delete(CreatorAccount))
        session.add(an_account("ann"))
        session.add(AccountAlias(alias_key="youtube:@ann", account_key=key("ann"), created_at=AS_OF))
        session.get_one(CreatorMember, "youtube:@ann").account_key = key("ann")
    resolve_creators(replace(context, as_of=AS_OF + timedelta(days=1)))
    feed = taken(context, "changes")
    assert [(e["change"], e["account_key"]) for e in feed if e["account_key"]] == [
        ("join", "youtube:@ann"),
        ("leave", "youtube:@ann"),
        ("join", key("ann")),
    ]


# --- formats ------------------------------------------------------------------------------------------------------


@pytest.fixture
def filled(store) -> Context:
    context = exporting(store)
    with store.writing() as session:
        session.add(an_account("ann", display_name='=HYPERLINK("https://ann.example")', followers=7))
        session.add(an_account("bea", display_name="Bea, baker", followers=None))
    resolve_creators(context)
    with store.writing() as session:
        for account, in_force in (("ann", True), ("bea", False)):
            session.add(an_answer(creator_of(context, account), in_force))
    return context


def creator_of(context: Context, name: str) -> str:
    with context.reading() as session:
        return session.get_one(CreatorMember, key(name)).creator_id


def an_answer(creator_id: str, is_current: bool) -> Enrichment:
    return Enrichment(
        creator_id=creator_id, input_fingerprint="i", recipe_fingerprint="r", is_current=is_current,
        provenance="offline", reason="new", primary_niche="food", secondary_niches='["baking","bread"]',
        llm_summary="Bakes.", account_kind="person", confidence="low", evidence="[1,3]", flags="[]",
        model="m", taxonomy_version="1", created_at=AS_OF, in_force_since=AS_OF,
    )  # fmt: skip


def exported(context: Context, what: str, form: str) -> Path:
    target = context.home / f"{what}.{form}"
    export_table(context.settings, what, form=form, target=target)
    return target


def test_parquet_has_instants_lists_and_maps(filled):
    creators = pq.read_table(exported(filled, "creators", "parquet"))
    assert creators.schema.field("first_seen").type == pa.timestamp("us", tz="UTC")
    assert creators["first_seen"][0].as_py() == AS_OF
    ann = next(row for row in creators.to_pylist() if row["handle"] == "ann")
    assert ann["platforms"] == ["youtube"]
    assert dict(ann["followers_by_platform"]) == {"youtube": 7}
    (answer,) = pq.read_table(exported(filled, "enrichments", "parquet")).to_pylist()
    assert (answer["secondary_niches"], answer["evidence"], answer["flags"]) == (["baking", "bread"], [1, 3], [])


def test_json_lines_have_iso_instants_and_real_json(filled):
    rows = [json.loads(line) for line in exported(filled, "creators", "jsonl").read_text().splitlines()]
    bea = next(row for row in rows if row["handle"] == "bea")
    assert datetime.fromisoformat(bea["first_seen"]) == AS_OF
    assert bea["first_seen"] == "2026-03-01T02:00:00.000000Z"
    assert (bea["platforms"], bea["followers_by_platform"], bea["followers_total"]) == (["youtube"], {}, None)


def test_csv_is_read_back_and_runs_no_formula(filled):
    rows = list(csv.DictReader(io.StringIO(exported(filled, "creators", "csv").read_text())))
    names = {row["handle"]: row["name"] for row in rows}
    assert names == {"ann": '\'=HYPERLINK("https://ann.example")', "bea": "Bea, baker"}
    assert {row["platforms"] for row in rows} == {'["youtube"]'}
    assert {row["first_seen"] for row in rows} == {"2026-03-01T02:00:00.000000Z"}


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_no_text_cell_begins_like_a_formula(start):
    assert csv_frame(pa.table({"text": [f"{start}1", None, f"a{start}"]}), ())["text"].to_pylist() == [
        f"'{start}1",
        None,
        f"a{start}",
    ]


def test_a_negative_number_stays_a_number():
    assert csv_frame(pa.table({"bits": [-1.5]}), ())["bits"].to_pylist() == [-1.5]


@pytest.mark.parametrize("form", ["parquet", "csv", "jsonl"])
@pytest.mark.parametrize("what", ["creators", "members", "enrichments", "changes"])
def test_the_same_store_gives_the_same_bytes_and_nothing_gives_a_header(what, form, store, filled):
    first = exported(filled, what, form).read_bytes()
    assert exported(filled, what, form).read_bytes() == first
    with store.writing() as session:
        session.add(
            Run(
                run_id="late",
                command="x",
                as_of=datetime(2030, 1, 1, tzinfo=UTC),
                state="done",
                inputs="{}",
                started_at=AS_OF,
            )
        )
    target = filled.home / f"none.{form}"
    assert export_table(filled.settings, what, form=form, since="late", target=target) == 0
    empty = {"jsonl": 0, "csv": 1}.get(form)
    assert len(target.read_text().splitlines()) == empty if form != "parquet" else pq.read_table(target).num_rows == 0


def test_since_a_run_only_what_was_stamped_after_it(filled, store):
    with store.writing() as session:
        session.add(Run(run_id="first", command="x", as_of=AS_OF, state="done", inputs="{}", started_at=AS_OF))
        session.get_one(CreatorAccount, key("bea")).followers = 5
    resolve_creators(replace(filled, as_of=AS_OF + timedelta(days=1)))
    assert [row["handle"] for row in taken(filled, "creators", since="first")] == ["bea"]
    assert taken(filled, "members", since="first") == []
    assert [row["change"] for row in taken(filled, "changes", since="first")] == ["update"]


def test_a_failed_export_leaves_the_former_file_and_no_draft(filled):
    target = exported(filled, "members", "csv")
    before = target.read_bytes()
    with pytest.raises(ConfigError, match="no run"):
        export_table(filled.settings, "members", form="csv", since="nobody", target=target)
    assert target.read_bytes() == before
    assert list(target.parent.glob("*.draft")) == []


def test_rows_beyond_one_batch_are_all_there(store, monkeypatch):
    monkeypatch.setattr("jobs.export_tables.BATCH_ROWS", 3)
    context = exporting(store)
    with store.writing() as session:
        session.add_all(CreatorMember(account_key=f"x:{n:02}", creator_id="cr_1", since=AS_OF) for n in range(10))
    keys = pq.read_table(exported(context, "members", "parquet"))["account_key"].to_pylist()
    assert keys == [f"x:{n:02}" for n in range(10)]
    assert len(taken(context, "members")) == 10
