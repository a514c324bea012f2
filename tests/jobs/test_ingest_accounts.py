"""Taking files in: raw bytes first, newest wins, nothing twice, and the same again from raw bytes alone."""

import dataclasses
import gzip
import itertools
import json
import random
import signal
import uuid
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session, SQLModel, select

from base.clock import to_micros
from base.errors import SourceError
from ingest import files as reading
from ingest.contracts import SourceContract
from ingest.files import BATCH_BYTES, Delivery
from jobs.context import Context
from jobs.ingest_accounts import forget_month, ingest_accounts, renormalize
from store.months import Month
from store.raw import load_entity_places
from store.session import Store
from store.tables import (
    METADATA,
    AccountActivity,
    AccountAlias,
    AccountVector,
    ContentItem,
    CreatorAccount,
    CreatorMember,
    HandleSpan,
    MetricSnapshot,
    RawEntity,
    RawPayload,
    RejectedPayloadRow,
)
from tests.conftest import NewStore
from tests.factories import AS_OF, a_context, address_of, home_of, open_store
from tests.forks import forked
from tests.ingest.answers import (
    a_channel,
    a_medium,
    a_profile,
    a_video,
    an_upload,
    channels,
    discovery,
    envelope,
    uploads,
    videos,
    write_lines,
)

INGESTED = (
    "raw_payloads", "raw_entities", "rejected_rows", "accounts", "account_aliases", "handle_history",
    "account_activity", "content_items", "metric_snapshots",
)  # fmt: skip


@pytest.fixture
def context(store: Store) -> Context:
    return a_context(store)


def dump(store: Store, tables: Sequence[str] = INGESTED) -> dict[str, list[tuple[Any, ...]]]:
    with store.reading() as session:
        return {
            name: sorted(map(tuple, session.execute(METADATA.tables[name].select()).all()), key=repr) for name in tables
        }


def rows(store: Store, model: type[SQLModel]) -> list[Any]:
    with store.reading() as session:
        return list(session.exec(select(model)))


def account(store: Store, key: str) -> Any:
    with store.reading() as session:
        return session.get(CreatorAccount, key)


def ingest(context: Context, *paths: Path, source: str = "night", **options: Any) -> Any:
    return ingest_accounts(context, [Delivery(path, source, **options) for path in paths])


def next_night(context: Context, nights: int = 1) -> Context:
    return dataclasses.replace(context, as_of=context.as_of + timedelta(days=nights))


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Files that contradict each other in time: old and new profiles, texts without counts, rows with few columns."""
    old, new = "2026-02-20T02:00:00Z", "2026-02-28T02:00:00Z"
    renamed = a_channel(snippet={"customUrl": "@rye.and.salt", "description": "Rye, mostly."})
    texts = an_upload(title="Rye in two days")
    people = (
        "platform,platform_user_id,handle,email,followers,fetched_at\n"
        "youtube,UCoven,,hello@oven.example,,2026-02-25T00:00:00Z\n"
        "instagram,,oven.and.salt,ig@oven.example,45000,2026-02-26T00:00:00Z\n"
    )
    (tmp_path / "people.csv").write_text(people)
    return [
        write_lines(
            tmp_path / "old.jsonl",
            envelope(channels(a_channel(), a_channel("UC2")), old),
            envelope(videos(a_video()), old),
        ),
        write_lines(tmp_path / "new.jsonl", envelope(channels(renamed), new)),
        write_lines(tmp_path / "lists.jsonl", envelope(uploads(texts, an_upload("vid-9", "UCstub")), new)),
        write_lines(tmp_path / "ig.jsonl", envelope(discovery(a_profile("1784", a_medium())), old)),
        tmp_path / "people.csv",
    ]


def test_a_night_fills_every_table_that_ingest_owns(context: Context, files: list[Path]):
    """ING-11, ING-12, ING-13, NRM-02, NRM-03, NRM-04."""
    report = ingest(context, *files)
    assert report.counts == {
        "files": 5, "skipped_files": 0, "rows_read": 10, "rejected": 0,
        "accounts_written": report.counts["accounts_written"], "content_written": report.counts["content_written"],
        "metrics_written": report.counts["metrics_written"],
    }  # fmt: skip
    oven = account(context.store, "youtube:UCoven")
    assert (oven.handle, oven.bio, oven.email, oven.followers) == (
        "rye.and.salt",
        "Rye, mostly.",
        "hello@oven.example",
        120_000,
    )
    (item,) = [row for row in rows(context.store, ContentItem) if row.content_key == "youtube:vid-1"]
    assert (item.title_or_caption, item.views, item.content_type) == ("Rye in two days", 18_200, "video")
    stub = account(context.store, "youtube:UCstub")
    assert (stub.display_name, stub.raw_sha256) == (None, ""), "known only as the owner of a video"
    spans = {(row.account_key, row.handle) for row in rows(context.store, HandleSpan)}
    assert spans >= {("youtube:UCoven", "oven.and.salt"), ("youtube:UCoven", "rye.and.salt")}


def test_the_order_of_delivery_leaves_no_trace(new_store: NewStore, files: list[Path]):
    """The same files in any order, in one call or one by one, end in the same store."""
    one_by_one = [[path] for path in random.Random(0).sample(files, 5)]
    found = []
    for calls in ([files], [files[::-1]], [[path] for path in files[::-1]], one_by_one):
        context = a_context(new_store())
        for part in calls:
            ingest(context, *part)
        found.append(dump(context.store))
        context.store.close()
    for one in found:
        for table, expected in found[0].items():
            assert one[table] == expected, table


def test_a_second_night_with_the_same_input_writes_no_row(context: Context, files: list[Path]):
    ingest(context, *files)
    before = dump(context.store)
    report = ingest(context, *files)
    assert dump(context.store) == before
    assert report.counts["skipped_files"] == 5
    assert (
        report.counts["accounts_written"] == report.counts["content_written"] == report.counts["metrics_written"] == 0
    )


def test_raw_bytes_are_kept_before_anything_is_parsed(context: Context, tmp_path: Path):
    """ING-14, NRM-05: what cannot be parsed is kept all the same, beside an error row."""
    path = write_lines(tmp_path / "bad.jsonl", "{not json", envelope(channels(a_channel())))
    report = ingest(context, path)
    (payload,) = rows(context.store, RawPayload)
    with context.blobs.open(payload.sha256) as stream:
        assert stream.read() == path.read_bytes()
    (rejected,) = rows(context.store, RejectedPayloadRow)
    assert (rejected.line, rejected.origin) == (1, "bad.jsonl")
    assert "malformed JSON" in rejected.reason
    assert rejected.hint
    assert report.counts["rejected"] == 1
    assert report.counts["rows_read"] == 2


def test_every_entity_can_be_cut_out_of_its_payload(context: Context, files: list[Path]):
    """NRM-06: from any row back to the bytes, the sha256, the instant and the request."""
    ingest(context, *files)
    with context.reading() as session:
        ((place, payload),) = load_entity_places(session, "instagram:m-1")
    with context.blobs.open(payload.sha256) as stream:
        line = json.loads(next(itertools.islice(stream, place.line - 1, None)))
    assert line["request"] == {"part": "snippet"}
    found: Any = line
    for part in place.pointer.split("/")[1:]:
        found = found[int(part)] if isinstance(found, list) else found[part]
    assert found["id"] == "m-1"


def test_counts_become_snapshots_that_say_what_they_mean(context: Context, tmp_path: Path):
    """ING-13, NRM-04, POL-03."""
    hidden = a_channel("UC2", statistics={"hiddenSubscriberCount": True})
    ingest(
        context, write_lines(tmp_path / "a.jsonl", envelope(channels(a_channel(), hidden)), envelope(videos(a_video())))
    )
    found = {(row.entity_key, row.metric): row for row in rows(context.store, MetricSnapshot)}
    followers = found[("youtube:UCoven", "followers")]
    assert (followers.value, followers.precision, followers.as_of) == (120_000, "rounded_3sf", AS_OF)
    assert (found[("youtube:UC2", "followers")].value, found[("youtube:UC2", "followers")].precision) == (
        None,
        "hidden",
    )
    assert found[("youtube:vid-1", "views")].definition_version == "yt-views-1"
    assert found[("youtube:UCoven", "views")].definition_version == "yt-views-1+shorts-2"
    assert account(context.store, "youtube:UC2").followers is None


def test_a_provisional_account_takes_its_id_when_it_arrives(context: Context, tmp_path: Path):
    """NRM-02: everything that hangs on the provisional key follows it through an alias."""
    (tmp_path / "first.csv").write_text("platform,handle,bio,followers\nig,Oven.And.Salt,Bread,10\n")
    (tmp_path / "items.csv").write_text("platform,platform_content_id,handle,likes\nig,m-7,oven.and.salt,3\n")
    ingest(context, tmp_path / "first.csv", tmp_path / "items.csv")
    provisional = "instagram:@oven.and.salt"
    assert account(context.store, provisional).bio == "Bread"
    with context.store.writing() as session:
        _hang_on(session, provisional)

    later = next_night(context)
    ingest(later, write_lines(tmp_path / "ig.jsonl", envelope(discovery(a_profile("1784")), "2026-03-02T02:00:00Z")))

    key = "instagram:1784"
    assert account(context.store, provisional) is None
    assert (account(context.store, key).first_seen, account(context.store, key).bio) == (AS_OF, "Bread and patience")
    assert [(row.alias_key, row.account_key) for row in rows(context.store, AccountAlias)] == [(provisional, key)]
    for model in (HandleSpan, AccountActivity, ContentItem, AccountVector, CreatorMember):
        assert {row.account_key for row in rows(context.store, model)} == {key}, model.__name__
    assert {row.entity_key for row in rows(context.store, RawEntity)} == {key, "instagram:m-7"}
    series = [row.value for row in rows(context.store, MetricSnapshot) if row.metric == "followers"]
    assert sorted(series) == [10, 45_300]


def _hang_on(session: Session, key: str) -> None:
    session.add(CreatorMember(account_key=key, creator_id="cr_1", since=AS_OF))
    session.add(
        AccountVector(
            account_key=key,
            field="instagram_bio",
            recipe_fingerprint="r",
            input_fingerprint="i",
            vector=b"\0\0",
            updated_at=AS_OF,
        )
    )


def test_a_bare_handle_means_the_one_live_account_that_carries_it(context: Context, tmp_path: Path):
    ingest(context, write_lines(tmp_path / "ig.jsonl", envelope(discovery(a_profile("1784")))))
    (tmp_path / "later.csv").write_text("platform,handle,email\nig,@Oven.and.Salt,a@b.example\n")
    ingest(next_night(context), tmp_path / "later.csv")
    assert [row.account_key for row in rows(context.store, CreatorAccount)] == ["instagram:1784"]
    assert account(context.store, "instagram:1784").email == "a@b.example"


def test_a_handle_that_two_accounts_claim_means_neither(context: Context, tmp_path: Path):
    both = [envelope(discovery(a_profile(user_id))) for user_id in ("1784", "1785")]
    ingest(context, write_lines(tmp_path / "ig.jsonl", *both))
    (tmp_path / "later.csv").write_text("platform,handle\nig,oven.and.salt\n")
    ingest(context, tmp_path / "later.csv")
    assert len(rows(context.store, CreatorAccount)) == 3
    assert rows(context.store, AccountAlias) == []


def test_first_seen_is_the_earliest_of_its_first_night_and_stays(context: Context, tmp_path: Path):
    early = write_lines(tmp_path / "a.jsonl", envelope(channels(a_channel()), "2026-02-01T00:00:00Z"))
    late = write_lines(tmp_path / "b.jsonl", envelope(channels(a_channel()), "2026-02-09T00:00:00Z"))
    ingest(context, late)
    ingest(context, early)  # the same night, gone on after a kill
    seen = account(context.store, "youtube:UCoven").first_seen
    assert seen.day == 1
    earlier = write_lines(tmp_path / "c.jsonl", envelope(channels(a_channel()), "2026-01-01T00:00:00Z"))
    ingest(next_night(context), earlier)
    assert account(context.store, "youtube:UCoven").first_seen == seen


def test_a_full_delivery_marks_what_it_lacks_as_gone_and_a_return_as_live(context: Context, tmp_path: Path):
    (tmp_path / "both.csv").write_text("platform,platform_user_id\nzz,1\nzz,2\n")
    (tmp_path / "one.csv").write_text("platform,platform_user_id,bio\nzz,1,here\n")
    (tmp_path / "other.csv").write_text("platform,platform_user_id\nzz,3\n")
    ingest(context, tmp_path / "both.csv", mode="full")
    ingest(context, tmp_path / "other.csv", source="elsewhere")
    ingest(next_night(context), tmp_path / "one.csv", mode="full")
    assert _states(context) == {"zz:1": "live", "zz:2": "gone", "zz:3": "live"}
    ingest(next_night(context, 2), tmp_path / "both.csv", mode="full")  # the very same bytes
    assert _states(context) == {"zz:1": "live", "zz:2": "live", "zz:3": "live"}
    ingest(next_night(context, 3), tmp_path / "one.csv")
    assert set(_states(context).values()) == {"live"}, "delta: absence means nothing"


def test_a_full_delivery_with_an_unreadable_file_marks_nothing_gone(context: Context, tmp_path: Path):
    (tmp_path / "both.csv").write_text("platform,platform_user_id\nzz,1\nzz,2\n")
    (tmp_path / "one.csv").write_text("platform,platform_user_id,bio\nzz,1,here\n")
    ingest(context, tmp_path / "both.csv", mode="full")
    report = ingest(next_night(context), tmp_path / "one.csv", tmp_path / "missing.csv", mode="full")
    assert [row["file"] for row in report.details["unreadable"]] == ["missing.csv"]
    assert set(_states(context).values()) == {"live"}


def _states(context: Context) -> dict[str, str]:
    return {row.account_key: row.state for row in rows(context.store, CreatorAccount)}


def test_buckets_are_worked_out_again_every_night_with_the_day_of_the_change(context: Context, tmp_path: Path):
    """ING-05: transitions are stored with their reason; a bucket that stays keeps its day."""
    path = write_lines(tmp_path / "a.jsonl", envelope(videos(a_video())))
    ingest(context, path)
    (active,) = rows(context.store, AccountActivity)
    assert (active.bucket, active.since, active.reason) == ("active", AS_OF, "content within 7 days")
    ingest(next_night(context), path)
    assert rows(context.store, AccountActivity)[0].since == AS_OF
    ingest(next_night(context, 10), path)
    (calmer,) = rows(context.store, AccountActivity)
    assert (calmer.bucket, calmer.since) == ("semi_active", AS_OF + timedelta(days=10))
    assert calmer.last_content_at == active.last_content_at


def test_the_size_of_batches_leaves_no_trace(new_store: NewStore, files: list[Path], monkeypatch: pytest.MonkeyPatch):
    """A batch ends at the end of a line, so that what stands in one line is always read together."""
    dumps = []
    for size in (1, 2_000, BATCH_BYTES):
        monkeypatch.setattr("ingest.files.BATCH_BYTES", size)
        context = a_context(new_store())
        ingest(context, *files)
        dumps.append(dump(context.store))
    assert dumps[0] == dumps[1] == dumps[2]


def test_raw_bytes_at_a_url_do_what_raw_bytes_in_the_home_do(new_store: NewStore, files: list[Path]):
    """NRM-09: taken in and rebuilt, the store is the same; the home holds no raw bytes."""
    here, elsewhere = a_context(new_store()), a_context(new_store(), raw_url=f"memory://{uuid.uuid4()}")
    for context in (here, elsewhere):
        ingest(context, *files)
        with context.store.writing() as session:
            session.execute(text("DELETE FROM content_items"))
        renormalize(context)
    assert dump(elsewhere.store) == dump(here.store)
    assert (here.home / "raw").is_dir()
    assert not (elsewhere.home / "raw").exists()


def test_a_month_that_left_stays_away_until_the_store_is_rebuilt(context: Context, files: list[Path]):
    """STO-07: what was delivered before is not written again; the raw bytes still hold it."""
    ingest(context, *files)
    before = dump(context.store, ("content_items", "metric_snapshots"))
    with context.writing_frames() as frames:
        gone = forget_month(frames, Month(2026, 2))
    assert gone["metric_snapshots"] > 0
    again = ingest(context, *files).counts
    assert (again["content_written"], again["metrics_written"]) == (0, 0)
    assert dump(context.store, ("content_items", "metric_snapshots")) != before
    renormalize(context)
    assert dump(context.store, ("content_items", "metric_snapshots")) == before


def test_the_store_can_be_rebuilt_from_raw_bytes_alone(context: Context, files: list[Path], tmp_path: Path):
    """NRM-07: the same rows as the first time, whatever became of them in between."""
    ingest(context, *files[:2])
    later = next_night(context)
    ingest(later, *files[2:])
    before = dump(context.store)
    assert renormalize(later).counts["accounts_written"] == 0, "nothing to mend, nothing written"
    assert dump(context.store) == before
    with context.store.writing() as session:
        session.execute(text("UPDATE accounts SET bio = 'spoilt', carried = NULL"))
        session.execute(text("DELETE FROM content_items"))
        session.execute(text("UPDATE metric_snapshots SET value = 1"))
        session.execute(text("DELETE FROM raw_entities"))
        session.execute(text("INSERT INTO handle_history VALUES ('zz:1', 'nobody', 1, 1)"))
    renormalize(later)
    assert dump(context.store) == before
    with context.store.writing() as session:
        for table in set(INGESTED) - {"raw_payloads", "account_activity"}:
            session.execute(METADATA.tables[table].delete())
    renormalize(later)
    assert dump(context.store) == before


def test_a_contract_that_changed_reads_the_same_bytes_again(context: Context, tmp_path: Path):
    (tmp_path / "v.csv").write_text("Account,About\nann,Bread\n")
    short = SourceContract(kind="accounts", platform="zz", columns={"handle": "Account"})
    longer = SourceContract(kind="accounts", platform="zz", columns={"handle": "Account", "bio": "About"})
    ingest(context, tmp_path / "v.csv", contract=short)
    ingest(context, tmp_path / "v.csv", contract=longer)
    assert account(context.store, "zz:@ann").bio == "Bread"
    before = dump(context.store)
    renormalize(context)
    assert dump(context.store) == before


def test_one_unreadable_file_does_not_stop_the_others(context: Context, tmp_path: Path):
    (tmp_path / "good.csv").write_text("platform,handle\nzz,ann\n")
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "wrong.csv").write_text("name,age\nann,7\n")
    (tmp_path / "cut.csv.gz").write_bytes(gzip.compress(b"platform,handle\nzz,bob\n", mtime=0)[:12])
    report = ingest(context, *sorted(tmp_path.glob("*.csv*")))
    assert {row["file"] for row in report.details["unreadable"]} == {"empty.csv", "wrong.csv", "cut.csv.gz"}
    assert all(row["hint"] for row in report.details["unreadable"])
    assert [row.handle for row in rows(context.store, CreatorAccount)] == ["ann"]


def test_nothing_readable_is_an_error(context: Context, tmp_path: Path):
    with pytest.raises(SourceError, match="nothing could be read"):
        ingest(context, tmp_path / "missing.csv")


def test_a_report_shows_what_each_source_fills(context: Context, files: list[Path]):
    """GOV-04: source × field × share present × newest."""
    report = ingest(context, *files)
    matrix = {(row["kind"], row["field"]): row for row in report.details["coverage"]}
    assert matrix[("account", "email")]["present"] == 0.3333
    assert matrix[("account", "email")]["newest"] == "2026-02-28T02:00:00+00:00"
    json.dumps(report.details)


def _small_batches(address: str, home: Path, paths: list[Path]) -> None:
    reading.BATCH_BYTES = 1
    ingest_accounts(a_context(open_store(address, str(home))), [Delivery(path, "night") for path in paths])


def _night(store: Store, paths: list[Path], **crash: str) -> int:
    return forked(_small_batches, address_of(store), home_of(store), paths, **crash).returncode


@pytest.mark.slow
def test_killed_after_any_commit_and_started_again_the_store_ends_the_same(new_store: NewStore, files: list[Path]):
    """Crash safety: one kill per durable step of the stage."""
    whole = a_context(new_store())
    assert _night(whole.store, files) == 0
    expected = dump(whole.store)
    killed = 0
    for step in (1, 2, 4, 7, 10, 13, 14, 15):
        context = a_context(new_store())
        killed += _night(context.store, files, CREATORDEX_CRASH=f"ingest_accounts:{step}") == -signal.SIGKILL
        assert _night(context.store, files) == 0
        assert dump(context.store) == expected, f"killed at step {step}"
    assert killed >= 6


def test_every_table_of_the_stage_is_in_the_dump():
    assert set(INGESTED) <= set(METADATA.tables)
    assert to_micros(AS_OF) > 0
