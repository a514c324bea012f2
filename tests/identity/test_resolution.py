"""The whole room: laws over a generated corpus, facts over a handful of accounts."""

from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from base.errors import ConstraintConflict
from base.judgement import Judgement, Verdict
from corpus.generate import generate
from engines.duckdb_engine import DuckDBEngine
from identity.canonical import assign_creator_ids
from identity.evaluation import evaluate
from identity.resolution import Resolution, resolve
from identity.weights import load_model

COLUMNS = ("account_id", "platform", "handle", "display_name", "bio", "website", "email")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def engine():
    with DuckDBEngine(threads=1) as opened:
        yield opened


@pytest.fixture(scope="module")
def corpus():
    return generate(1500, seed=5)


def frame(*rows: dict[str, str]) -> pa.Table:
    return pa.Table.from_pylist(
        [dict.fromkeys(COLUMNS) | row for row in rows], schema=pa.schema([(name, pa.string()) for name in COLUMNS])
    )


def run(accounts: pa.Table, engine: DuckDBEngine, **options) -> Resolution:
    return resolve(accounts, model=load_model(), engine=engine, **options)


def together(resolution: Resolution, *accounts: str) -> bool:
    ids = dict(
        zip(resolution.members["account_id"].to_pylist(), resolution.members["creator_id"].to_pylist(), strict=True)
    )
    return len({ids[account] for account in accounts}) == 1


def band_of(resolution: Resolution, left: str, right: str) -> str | None:
    rows = resolution.pairs.filter(
        pc.and_(pc.equal(resolution.pairs["left"], left), pc.equal(resolution.pairs["right"], right))
    )
    return rows["triage"][0].as_py() if rows.num_rows else None


def a_pair(**changes: dict[str, str]) -> pa.Table:
    """Two accounts that state each other, plus fifty strangers, so that the population is not two."""
    yt = {
        "account_id": "yt:1",
        "platform": "youtube",
        "handle": "quillandember",
        "display_name": "Quill & Ember",
        "bio": "slow essays. Instagram: @quill.ember",
    }
    ig = {
        "account_id": "ig:1",
        "platform": "instagram",
        "handle": "quill.ember",
        "display_name": "Quill & Ember",
        "bio": "YouTube: @quillandember",
    }
    strangers = [
        {"account_id": f"x:{n}", "platform": "x", "handle": f"someone{n}", "display_name": f"Name{n} Other{n}"}
        for n in range(50)
    ]
    return frame(yt | changes.get("yt", {}), ig | changes.get("ig", {}), *strangers)


def test_every_account_belongs_to_exactly_one_creator(corpus, engine):
    """IDN-02."""
    members = run(corpus.accounts, engine, contents=corpus.contents).members
    assert members["account_id"].to_pylist() == sorted(corpus.accounts["account_id"].to_pylist())
    assert members["creator_id"].null_count == 0


def test_the_order_of_the_accounts_changes_nothing(corpus, engine):
    """IDN-10: order-independent, to the last bit."""
    first = run(corpus.accounts, engine, contents=corpus.contents)
    backwards = corpus.accounts.take(pa.array(range(corpus.accounts.num_rows))[::-1])
    second = run(backwards, engine, contents=corpus.contents.take(pa.array(range(corpus.contents.num_rows))[::-1]))
    for name in ("members", "pairs", "value_counts", "claims", "links"):
        assert getattr(first, name).equals(getattr(second, name)), name
    assert first.report == second.report


def test_merges_on_the_corpus_are_right_far_more_often_than_not(corpus, engine):
    """IDN-01: precision with fan pages, agencies, namesakes and parodies among the accounts; recall is reported."""
    truth = corpus.truth.rename_columns(["account_id", "creator_id", *corpus.truth.column_names[2:]])
    score = evaluate(run(corpus.accounts, engine, contents=corpus.contents).members, truth, engine)
    assert score.pairwise.precision >= 0.95
    assert score.pairwise.recall >= 0.4


def test_accounts_that_name_each_other_are_one_creator_and_the_pair_says_so(engine):
    """IDN-07: reciprocal self-links merge."""
    found = run(a_pair(), engine)
    assert together(found, "yt:1", "ig:1")
    assert band_of(found, "ig:1", "yt:1") == "link"
    assert found.links.select(["left", "right"]).to_pylist() == [{"left": "ig:1", "right": "yt:1"}]


def test_a_fan_page_never_joins_its_star_whatever_it_copies(engine):
    fan = {
        "account_id": "tt:1",
        "platform": "tiktok",
        "handle": "quillandember",
        "display_name": "Quill & Ember",
        "bio": "fan page of @quillandember",
    }
    accounts = pa.concat_tables([a_pair(), frame(fan)])
    assert not together(run(accounts, engine), "tt:1", "yt:1")


def test_alike_bios_alone_stay_with_the_reviewer(engine):
    """IDN-08: similarity alone never exceeds the review band."""
    left = {
        "account_id": "a",
        "platform": "youtube",
        "handle": "mossgarden",
        "bio": "weekly letters about moss terrariums and patience",
    }
    right = {
        "account_id": "b",
        "platform": "instagram",
        "handle": "k.varga",
        "bio": "weekly letters about moss terrariums and patience",
    }
    near = pa.table({"left": ["a"], "right": ["b"], "cosine": pa.array([0.999], pa.float32())})
    found = run(frame(left, right), engine, neighbours=near, precision=0.6)
    assert band_of(found, "a", "b") in {"review", "separate"}
    assert not together(found, "a", "b")


def test_a_common_handle_alone_is_for_review_a_rare_one_links(engine):
    """IDN-04: a bare handle match is a candidate, weighted by rarity."""
    strangers = [
        {"account_id": f"s{n}", "platform": "youtube", "handle": f"x{n}", "display_name": f"Nora Lee{n}"}
        for n in range(60)
    ]
    common = [{"account_id": f"n{p}", "platform": p, "handle": "nora"} for p in ("instagram", "x")]
    rare = [{"account_id": f"r{p}", "platform": p, "handle": "zvqxwkjpfhgbqzz"} for p in ("instagram", "x")]
    found = run(frame(*strangers, *common, *rare), engine)
    assert not together(found, "ninstagram", "nx")
    assert together(found, "rinstagram", "rx")


def test_a_cannot_link_and_a_must_link_are_obeyed(engine):
    """IDN-12: decisions are constraints."""
    no = Judgement("ig:1", "yt:1", Verdict.DIFFERENT, "ida", NOON)
    assert not together(run(a_pair(), engine, judgements=[no]), "ig:1", "yt:1")
    yes = Judgement("x:1", "x:2", Verdict.SAME, "ida", NOON)
    assert together(run(a_pair(), engine, judgements=[yes]), "x:1", "x:2")


def test_contradicting_judgements_stop_the_resolution(engine):
    judgements = [
        Judgement("ig:1", "yt:1", Verdict.SAME, "ida", NOON),
        Judgement("x:1", "yt:1", Verdict.SAME, "ida", NOON),
        Judgement("ig:1", "x:1", Verdict.DIFFERENT, "ida", NOON),
    ]
    with pytest.raises(ConstraintConflict) as caught:
        run(a_pair(), engine, judgements=judgements)
    assert caught.value.path == ["ig:1", "yt:1", "x:1"]


def test_rejecting_an_edge_and_taking_it_back_restores_both_former_ids(corpus, engine):
    """IDN-15: unmerge without loss."""
    before = run(corpus.accounts, engine)
    edge = before.links.slice(0, 1).to_pylist()[0]
    no = Judgement(edge["left"], edge["right"], Verdict.DIFFERENT, "ida", NOON)
    apart = run(corpus.accounts, engine, judgements=[no])
    assert not together(apart, edge["left"], edge["right"])
    assert "split" in assign_creator_ids(apart.members, before.members, engine)["change"].to_pylist()
    assert run(corpus.accounts, engine).members.equals(before.members)


def test_a_shared_inbox_is_no_evidence(engine):
    """IDN-06: an agency's address on many creators merges nobody."""
    roster = [
        {
            "account_id": f"{p}:{n}",
            "platform": p,
            "handle": f"{word}{n}{p[0]}",
            "display_name": f"{word} {n}",
            "email": "hello@talenthouse.example",
        }
        for n, word in enumerate(
            (
                "birch",
                "cedar",
                "maple",
                "rowan",
                "hazel",
                "alder",
                "aspen",
                "linden",
                "willow",
                "juniper",
                "spruce",
                "larch",
                "yew",
                "elm",
                "ash",
                "fir",
                "oak",
            )
        )
        for p in ("youtube",)
    ]
    other = [
        {
            **row,
            "account_id": row["account_id"].replace("youtube", "instagram"),
            "platform": "instagram",
            "handle": row["handle"][::-1] + "q",
            "display_name": None,
        }
        for row in roster
    ]
    found = run(frame(*roster, *other), engine)
    assert found.report["creators"] == found.report["accounts"]
    assert found.value_counts.filter(pc.equal(found.value_counts["kind"], "email"))["count"].to_pylist() == [17]


def test_an_empty_frame_and_a_single_account_resolve(engine):
    assert run(frame(), engine).members.num_rows == 0
    assert run(frame({"account_id": "a", "platform": "x"}), engine).report["creators"] == 1
