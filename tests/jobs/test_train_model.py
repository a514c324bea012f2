"""Training over a store and over a file: what it reads, what it writes, and that a preview comes true."""

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from base.errors import SourceError, StoreError
from base.judgement import Judgement, Verdict
from corpus.generate import generate
from identity.weights import Model, load_model
from jobs.context import Context
from jobs.resolve_creators import resolve_creators
from jobs.resolve_file import resolve_file
from jobs.train_model import train_file, train_stored, write_model
from store.creators import load_members
from store.judgements import save_judgements
from store.pairs import load_pairs
from store.session import Store
from tests.conftest import NewStore
from tests.crowds import accounts_of
from tests.factories import AS_OF, a_context

CORPUS = generate(400, 31)


def resolved(store: Store) -> None:
    with store.writing() as session:
        session.add_all(accounts_of(CORPUS))
    resolve_creators(by_words(store))


def by_words(store: Store) -> Context:
    return a_context(store, identity={"bio_neighbours": False})


@pytest.fixture
def context(new_store: NewStore) -> Context:
    return by_words(new_store(resolved))


def pairs_of(context) -> pa.Table:
    with context.reading_frames() as frames:
        return load_pairs(frames)


def judge_first(context, count, verdict, note="", triage="link"):
    rows = [row for row in pairs_of(context).to_pylist() if row["triage"] == triage][:count]
    with context.writing() as session:
        save_judgements(
            session, [Judgement(row["left"], row["right"], verdict, "ida", AS_OF, note) for row in rows]
        )  # fmt: skip


def test_training_needs_no_labels_writes_nothing_and_says_what_it_used(context):
    before = pairs_of(context)
    trained = train_stored(context)
    again = train_stored(context)
    assert trained.model.fingerprint == again.model.fingerprint != load_model().fingerprint
    assert trained.preview is None
    assert trained.model.provenance["accounts"] == 400
    assert trained.model.provenance["pairs_used"]["candidates"] == before.num_rows
    assert pairs_of(context).equals(before)


def test_a_preview_comes_true_when_the_model_is_put_in_use(context, tmp_path):
    judge_first(context, 20, Verdict.DIFFERENT)
    trained = train_stored(context, shown=5)
    found = trained.preview
    assert found is not None
    write_model(tmp_path / "model.json", trained.model)
    with context.reading_frames() as frames:
        before = load_members(frames)
    replaced = a_context(context.store, identity={"bio_neighbours": False, "model": tmp_path / "model.json"})
    report = resolve_creators(replaced)
    assert report.details["model_fingerprint"] == trained.model.fingerprint
    with context.reading_frames() as frames:
        after = load_members(frames)
    moved = changed_accounts(before, after)
    assert found.splits > 0
    assert found.accounts_moved == len(moved)
    assert set(pairs_of(context)["model_fingerprint"].to_pylist()) == {trained.model.fingerprint}


def changed_accounts(before: pa.Table, after: pa.Table) -> set[str]:
    """Accounts whose company is not the same."""

    def company(members):
        mates = {}
        for row in members.to_pylist():
            mates.setdefault(row["creator_id"], set()).add(row["account_id"])
        return {account: frozenset(group) for group in mates.values() for account in group}

    was, becomes = company(before), company(after)
    return {account for account in was if was[account] != becomes[account]}


def test_without_news_thresholds_alone_stay_and_nothing_would_change(context):
    trained = train_stored(context, weights=False, shown=5)
    assert trained.model == load_model()
    assert trained.preview is not None
    assert (trained.preview.merges, trained.preview.splits, trained.preview.pairs) == (0, 0, [])


def test_judgements_that_are_no_random_sample_move_no_threshold(context):
    judge_first(context, 40, Verdict.DIFFERENT, note="found while browsing")
    assert train_stored(context, weights=False).model == load_model()


def test_an_audit_of_wrong_merges_raises_the_threshold(context):
    judge_first(context, 40, Verdict.DIFFERENT, note="audit")
    trained = train_stored(context, weights=False)
    assert max(one.raised_bits for one in trained.raises) > 0
    bits = {(point.n_band, point.precision): point.link_bits for point in load_model().calibration}
    assert all(point.link_bits >= bits[point.n_band, point.precision] for point in trained.model.calibration)
    assert trained.model.provenance["audited"] == 40


def test_a_store_without_pairs_is_told_what_to_do(store: Store):
    with pytest.raises(StoreError) as told:
        train_stored(by_words(store))
    assert told.value.hint == "creatordex resolve"


def test_a_file_is_enough_and_its_model_resolves_it(tmp_path):
    pq.write_table(CORPUS.accounts, tmp_path / "accounts.parquet")
    trained = train_file(tmp_path / "accounts.parquet", as_of=AS_OF, shown=3)
    write_model(tmp_path / "model.json", trained.model)
    assert Model.model_validate(orjson.loads((tmp_path / "model.json").read_bytes())) == trained.model
    plain = resolve_file(tmp_path / "accounts.parquet", tmp_path / "plain")
    report = resolve_file(
        tmp_path / "accounts.parquet", tmp_path / "out", model=tmp_path / "model.json", previous=tmp_path / "plain"
    )
    assert report["model_fingerprint"] == trained.model.fingerprint != plain["model_fingerprint"]
    members = [pq.read_table(tmp_path / name / "members.parquet") for name in ("plain", "out")]
    assert trained.preview is not None
    assert trained.preview.accounts_moved == len(changed_accounts(*members))


def test_rows_in_another_order_give_the_same_model(tmp_path):
    pq.write_table(CORPUS.accounts, tmp_path / "one.parquet")
    pq.write_table(CORPUS.accounts.take(list(range(CORPUS.accounts.num_rows))[::-1]), tmp_path / "other.parquet")
    one, other = (train_file(tmp_path / f"{name}.parquet", as_of=AS_OF) for name in ("one", "other"))
    assert one.model.model_dump_json() == other.model.model_dump_json()


def test_a_file_in_which_nothing_is_worth_comparing_is_refused(tmp_path):
    (tmp_path / "rows.csv").write_text("account_id,platform,handle\na,youtube,quillandember\nb,x,mosshouse\n")
    with pytest.raises(SourceError, match="no candidate pair"):
        train_file(tmp_path / "rows.csv", as_of=AS_OF)
