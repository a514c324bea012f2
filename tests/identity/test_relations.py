"""Relations that are not identity: each rests on words that somebody said."""

import random
import re
import tomllib
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

import identity
from base.judgement import Judgement, Verdict
from corpus.generate import generate
from engines.duckdb_engine import DuckDBEngine
from identity.relations import RELATIONS, find_relations
from identity.representation import MAY_BE_AGENCY
from identity.resolution import Resolution, resolve
from identity.vocabulary import folded
from identity.weights import load_model
from tests.factories import AS_OF

COLUMNS = (
    "account_id", "platform", "handle", "display_name", "bio", "website", "email", "external_urls", "followers",
)  # fmt: skip
STAR = {
    "account_id": "star", "platform": "instagram", "handle": "annmarrow", "display_name": "Ann Marrow",
    "bio": "bread and butter. YouTube: @annmarrow", "followers": 900_000,
}  # fmt: skip
STAR_ON_YOUTUBE = STAR | {"account_id": "star-yt", "platform": "youtube", "bio": "Instagram: @annmarrow"}


def an_account(account_id: str, **values: object) -> dict[str, object]:
    return {"account_id": account_id, "platform": "instagram", "handle": account_id, "followers": 500} | values


@pytest.fixture(scope="module")
def engine():
    with DuckDBEngine(threads=1) as engine:
        yield engine


def relations_of(accounts: pa.Table, found: Resolution, engine: DuckDBEngine) -> pa.Table:
    return find_relations(accounts, found.profiles, found.members, found.pairs_of_kind, found.claims, engine).relations


def relations(engine, *rows: dict[str, object], judgements=()) -> list[dict[str, str]]:
    accounts = pa.Table.from_pylist(
        [{name: row.get(name) for name in COLUMNS} for row in rows],
        schema=pa.schema([(name, pa.int64() if name == "followers" else pa.string()) for name in COLUMNS]),
    )
    found = resolve(accounts, model=load_model(), engine=engine, judgements=judgements)
    table = relations_of(accounts, found, engine)
    assert table.schema == RELATIONS
    return table.to_pylist()


def kinds(found: list[dict[str, str]]) -> set[tuple[str, str, str]]:
    return {(row["source"], row["kind"], row["target"]) for row in found}


def test_a_fan_page_that_names_its_idol_is_a_fan_of_one_creator_once(engine):
    fan = an_account(
        "bea", platform="youtube", bio="fan page of @annmarrow, not affiliated with instagram.com/annmarrow"
    )
    found = relations(engine, STAR, STAR_ON_YOUTUBE, fan)
    assert len(found) == 1, "both accounts are one creator's"
    assert kinds(found) <= {("bea", "fan_of", "star"), ("bea", "fan_of", "star-yt")}
    assert "fan page of @annmarrow" in found[0]["detail"] or "not affiliated" in found[0]["detail"]


def test_a_fan_page_that_names_nobody_is_known_by_its_idol_s_name_unless_two_bear_it(engine):
    fan = an_account("annmarrow.daily", display_name="Ann Marrow", bio="fan page, dm for credit", platform="tiktok")
    assert kinds(relations(engine, STAR, fan)) == {("annmarrow.daily", "fan_of", "star")}
    namesake = an_account("marrowann", display_name="Ann Marrow", platform="x", bio="tax law and chess", followers=90)
    apart = Judgement("marrowann", "star", Verdict.DIFFERENT, "ida", AS_OF)
    assert relations(engine, STAR, fan, namesake, judgements=[apart]) == []


def test_a_parody_with_the_look_of_someone_much_larger_impersonates(engine):
    mock = an_account(
        "ann_rnarrow", platform="tiktok", display_name="Ann Mаrrow", bio="bread. this is a parody account"
    )
    (found,) = relations(engine, STAR, mock)
    assert (found["source"], found["kind"], found["target"]) == ("ann_rnarrow", "impersonates", "star")
    assert "parody" in found["detail"]
    assert relations(engine, STAR, mock | {"followers": 800_000}) == [], "it has a reach of its own"
    assert relations(engine, STAR, mock | {"followers": None}) == [], "nobody knows how large it is"
    assert relations(engine, STAR, mock | {"bio": "bread and butter"}) == [], "a likeness alone says nothing"


def test_an_account_that_claims_a_star_who_names_another_one_impersonates_that_one(engine):
    copy = an_account("annmarrow_1", display_name="Ann Marrow", bio="bread and butter. YouTube: @annmarrow")
    found = relations(engine, STAR, STAR_ON_YOUTUBE, copy)
    assert kinds(found) == {("annmarrow_1", "impersonates", "star")}
    assert "names Ann Marrow (@annmarrow on instagram) as its own" in found[0]["detail"]


def test_a_backup_that_the_star_answers_is_no_impersonation(engine):
    backup = an_account("annmarrow.backup", display_name="Ann Marrow", bio="backup account of @annmarrow")
    judged = [Judgement("annmarrow.backup", "star", Verdict.DIFFERENT, "ida", AS_OF)]
    assert kinds(relations(engine, STAR, backup, judgements=judged)) == {("annmarrow.backup", "impersonates", "star")}
    answering = STAR | {"bio": "bread. backup account: @annmarrow.backup"}
    assert relations(engine, answering, backup, judgements=judged) == []


def test_whom_an_account_warns_of_impersonates_it_and_whom_it_calls_real_does_not(engine):
    fake, real = an_account("ann.rnarrow", followers=70), an_account("ann_m", followers=90)
    warning = STAR | {"bio": "fake account: @ann.rnarrow"}
    (found,) = relations(engine, warning, fake)
    assert (found["source"], found["kind"], found["target"]) == ("ann.rnarrow", "impersonates", "star")
    assert relations(engine, STAR | {"bio": "beware of fake accounts, only @ann_m is real"}, real) == []


def test_an_agency_is_known_by_its_clients_words_and_by_its_address(engine):
    agency = an_account("bluehouse", bio="We represent creators. talent@bluehouse.com", website="https://bluehouse.com")
    stated = an_account("cara", bio="knits. represented by @bluehouse")
    addressed = an_account("dora", bio="paints. mgmt dora@bluehouse.com")
    neither = an_account("ella", bio="runs. mail ella@elsewhere.com, photo by @bluehouse")
    free = an_account("fay", bio="mail fay@gmail.com")
    found = relations(engine, agency | {"email": "bluehouse.mgmt@gmail.com"}, stated, addressed, neither, free)
    assert kinds(found) == {("cara", "managed_by", "bluehouse"), ("dora", "managed_by", "bluehouse")}
    assert {row["basis"] for row in found} == {"claim", "address"}


def test_a_regional_page_belongs_to_the_brand_whose_name_it_carries(engine):
    brand = an_account("acmetools", platform="youtube", display_name="Acme Tools", website="https://acmetools.com")
    branch = an_account("acmetools_fr", display_name="Acme Tools France", website="https://acmetools.com/fr")
    other = an_account(
        "acmetools_mx", platform="x", display_name="Acme Tools México", website="https://acmetools.com/mx"
    )
    found = relations(engine, brand, branch, other)
    assert kinds(found) == {("acmetools_fr", "regional_of", "acmetools"), ("acmetools_mx", "regional_of", "acmetools")}
    assert all("acmetools.com" in row["detail"] for row in found)


def test_one_creator_s_accounts_are_in_no_relation(engine):
    fan = an_account("bea", platform="youtube", bio="fan page of instagram.com/annmarrow")
    assert len(relations(engine, STAR, fan)) == 1
    assert relations(engine, STAR, fan, judgements=[Judgement("bea", "star", Verdict.SAME, "ida", AS_OF)]) == []


def test_every_word_for_an_agency_passes_the_first_look():
    cues = tomllib.loads((Path(identity.__file__).parent / "cues.toml").read_text())
    words = cues["account_kinds"]["agency"]
    assert [word for word in words if not re.search(MAY_BE_AGENCY, folded(word).lower())] == []


@pytest.fixture(scope="module")
def generated(engine):
    corpus = generate(3000, seed=3)
    accounts = corpus.accounts.append_column("external_urls", pa.nulls(corpus.accounts.num_rows, pa.string()))
    found = resolve(accounts, model=load_model(), engine=engine, contents=corpus.contents)
    return corpus, accounts, found, relations_of(accounts, found, engine)


def test_the_order_of_accounts_does_not_matter(engine, generated):
    _, accounts, found, expected = generated
    order = list(range(accounts.num_rows))
    random.Random(7).shuffle(order)
    turned = found.claims.take(list(reversed(range(found.claims.num_rows))))
    assert relations_of(accounts.take(order), replace(found, claims=turned), engine).equals(expected)


def test_relations_of_a_generated_corpus_are_those_it_planted(generated):
    """A relation that is not there is worse than one that is missed."""
    corpus, _, _, relations = generated
    truth = {row["account_key"]: row for row in corpus.truth.to_pylist()}
    #: who cuts a star's videos by permission says "daily @star clips", as a fan does
    planted = {"clips_of": "fan_of"}
    found, wrong = 0, []
    for row in relations.to_pylist():
        told = truth[row["source"]]
        right = planted.get(told["relation"], told["relation"]) == row["kind"]
        found += right and told["relation_to"] == truth[row["target"]]["person_id"]
        wrong += [] if right else [row]
    assert found >= 60
    assert len(wrong) <= 0.03 * relations.num_rows, wrong
