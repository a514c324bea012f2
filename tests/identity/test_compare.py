"""What a pair has in common, level by level."""

import pyarrow as pa
import pytest

from corpus.generate import generate
from engines.duckdb_engine import DuckDBEngine
from identity.compare import compare
from identity.comparisons import COMPARISONS
from identity.forms import with_forms
from identity.rarity import rarity_of, with_bands
from identity.resolution import claims_by_row, resolve, with_rows
from identity.values import SCHEMA as COUNTS
from identity.weights import load_model

TEXTS = (
    "platform", "handle", "handle_core", "name_key", "name_latin", "email", "email_domain", "email_stem", "site",
    "site_stem", "account_kind_hint", "script",
)  # fmt: skip
N_BAND = 20


@pytest.fixture
def engine():
    with DuckDBEngine(threads=1) as opened:
        yield opened


def levels(
    engine,
    left: dict,
    right: dict,
    claims=(),
    cosine: float | None = None,
    counts: list[tuple[str, str, int]] = (),
) -> dict[str, str]:
    """The level per comparison of two accounts.

    claims: source, target (None: unknown), platform, kind, handle, field.
    """
    sides = [{"platform": "youtube"} | left, {"platform": "instagram"} | right]
    columns = {"account_id": pa.array(["a", "b"])}
    columns |= {name: pa.array([side.get(name) for side in sides], pa.string()) for name in TEXTS}
    columns["bio_tokens"] = pa.array([side.get("bio", "").split() for side in sides], pa.list_(pa.string()))
    columns["followers"] = pa.array([side.get("followers") for side in sides], pa.int64())
    value_counts = pa.Table.from_pylist([dict(zip(COUNTS.names, row, strict=True)) for row in counts], schema=COUNTS)
    profiles = with_bands(with_rows(with_forms(pa.table(columns)), engine), value_counts)
    said = claims_by_row(
        pa.table(
            {
                "source": pa.array(["ab"[claim[0]] for claim in claims], pa.string()),
                "target": pa.array([None if claim[1] is None else "ab"[claim[1]] for claim in claims], pa.string()),
                "target_platform": pa.array([claim[2] for claim in claims], pa.string()),
                "kind": pa.array([claim[3] for claim in claims], pa.string()),
                "target_handle": pa.array([claim[4] if len(claim) > 4 else None for claim in claims], pa.string()),
                "field": pa.array([claim[5] if len(claim) > 5 else "bio" for claim in claims], pa.string()),
            }
        ),
        profiles["account_id"],
    )
    one = pa.array([0], pa.int32()), pa.array([1], pa.int32())
    near = None if cosine is None else pa.table([*one, pa.array([cosine], pa.float32())], ["left", "right", "cosine"])
    pair = pa.table([*one, pa.array([1], pa.int64())], ["left", "right", "rules"])
    rarity = rarity_of(value_counts, N_BAND, load_model())
    (row,) = compare(pair, profiles, said, rarity, engine, near).to_pylist()
    return {comparison.name: comparison.levels[row[comparison.name]].name for comparison in COMPARISONS}


def h(handle: str, name: str | None = None, latin: str | None = None) -> dict[str, str | None]:
    core = handle.replace("_", "").replace("official", "")
    return {"handle": handle, "handle_core": core, "name_key": name, "name_latin": latin or name}


@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        (h("quill", "ann lee"), h("quill", "ann lee"), "exact_equal"),
        (h("quill_official"), h("quill"), "near_missing"),
        (h("quillember", "ann lee"), h("quillembers", "ann ceramics lee"), "start_similar"),
        (h("quill", "ann lee"), h("mossgarden", "bo kim"), "different_different"),
        (h("quillember4", "ann lee"), h("quillember77", "ann kiln"), "letters_word"),
        (h("annlee", "bo kim"), h("kiln", "ann lee"), "spelled_different"),
        (h("leeann", "bo kim"), h("kiln", "ann lee"), "spelled_different"),
        (h("wmirabakes", "ann lee"), h("mirabakesxo", "bo kim"), "different_different"),
        (h("realmirabakes"), h("mirabakes"), "start_missing"),
        ({"name_key": "ann lee"}, h("quill", "ann lee"), "unknown_equal"),
        (h("kiln", "анна"), h("quill", "bo"), "different_incomparable"),
        (h("kiln", "анна щукина", "anna shchukina"), h("quill", "anna shukina"), "different_similar"),
    ],
)
def test_handle_and_name_are_one_comparison(engine, left, right, level):
    """IDN-04: exact, near-exact and similar handles are told apart."""
    assert levels(engine, left, right)["handle_name"] == level


@pytest.mark.parametrize(
    ("name", "fields", "level"),
    [
        ("bo kim", ["content"], "described"),
        (None, ["content"], "described"),
        ("ann lee", ["content"], "self"),
        ("ann m lee", ["content"], "self"),
        ("bo kim", ["bio"], "self"),
        ("bo kim", ["content", "website"], "self"),
    ],
)
def test_descriptions_alone_are_believed_where_names_agree(engine, name, fields, level):
    """A handle may have passed to somebody else since the descriptions were written."""
    claims = [(0, 1, "instagram", "self", None, field) for field in fields]
    assert levels(engine, h("quill", "ann lee"), h("quill", name), claims)["claim"] == level


def test_what_both_say_is_believed_wherever_they_say_it(engine):
    claims = [(0, 1, "instagram", "self", None, "content"), (1, 0, "youtube", "self", None, "bio")]
    assert levels(engine, h("quill", "ann lee"), h("kiln", "bo kim"), claims)["claim"] == "mutual"


@pytest.mark.parametrize(
    ("claims", "level"),
    [
        ([(0, 1, "instagram", "self"), (1, 0, "youtube", "self")], "mutual"),
        ([(0, 1, "instagram", "self")], "self"),
        ([(0, 1, "instagram", "self_secondary")], "secondary"),
        ([(0, None, "instagram", "self")], "elsewhere_unknown"),
        ([(0, None, "instagram", "self", "mossgarden")], "elsewhere_unknown"),
        ([(0, None, "instagram", "self", "quill.ember9")], "almost"),
        ([(0, 1, "instagram", "mention")], "related"),
        ([(0, 1, "instagram", "self"), (1, 0, "youtube", "fan_of")], "fan_of"),
        ([(0, 1, "instagram", "unknown")], "named"),
        ([], "none"),
    ],
)
def test_what_two_accounts_say_about_each_other(engine, claims, level):
    """IDN-07: typed link claims."""
    assert levels(engine, h("kiln"), h("quillember"), claims)["claim"] == level


@pytest.mark.parametrize(("count", "level"), [(1, "private"), (2, "of_two"), (8, "of_few"), (16, "incomparable")])
def test_the_more_people_show_an_address_the_less_it_says(engine, count, level):
    """IDN-05, IDN-06: a shared inbox or page is no evidence."""
    side = {"email": "a@b.co", "site": "b.co"}
    found = levels(engine, side, side, counts=[("email", "a@b.co", count), ("site", "b.co", count)])
    assert (found["email"], found["site"]) == (level, level)


def test_a_shared_domain_of_ones_own_is_told_apart_from_different_addresses(engine):
    mine = {"email": "a@kiln.studio", "email_domain": "kiln.studio"}
    assert levels(engine, mine, mine | {"email": "b@kiln.studio"})["email"] == "same_domain"
    assert levels(engine, mine, {"email": "b@else.example", "email_domain": "else.example"})["email"] == "different"


@pytest.mark.parametrize(
    ("stem", "level"), [({"email_stem": "mirabakes"}, "spells"), ({"site_stem": "mirabakes"}, "spells"), ({}, "none")]
)
def test_an_address_that_spells_the_other_handle_is_evidence(engine, stem, level):
    assert levels(engine, h("kiln") | stem, h("mirabakes"))["address"] == level
    assert levels(engine, h("mirabakes") | stem, h("mirabakes"))["address"] == "none", "its own handle says as much"


WORDS = [("bio_word", word, 2**18) for word in ("daily", "music", "love", "life")]


@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        ("daily life love music", "daily life love music", "bio_2"),
        ("daily kiln lantern quill", "daily kiln lantern quill", "bio_7"),
        ("daily kiln love", "kiln life quill", "bio_4"),
        ("daily love quill", "kiln life lantern", "different"),
        ("daily love", "kiln life lantern", "incomparable"),
    ],
)
def test_bios_are_compared_by_the_surprise_of_the_words_they_share(engine, left, right, level):
    assert levels(engine, {"bio": left}, {"bio": right}, counts=WORDS)["bio"] == level


@pytest.mark.parametrize(("cosine", "level"), [(None, "unknown"), (0.5, "unknown"), (0.9, "alike"), (0.97, "same")])
def test_bios_are_compared_by_meaning(engine, cosine, level):
    """IDN-08."""
    assert levels(engine, {}, {}, cosine=cosine)["bio_vector"] == level


@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        (1000, 1500, "close"),
        (1000, 9_000, "near"),
        (1000, 90_000, "apart"),
        (10, 9_000_000, "far"),
        (None, 5, "incomparable"),
    ],
)
def test_audiences_are_compared_in_doublings(engine, left, right, level):
    assert levels(engine, {"followers": left}, {"followers": right})["scale"] == level


@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        ("Thai", "Thai", "same"),
        ("Latin", "Latin", "latin"),
        ("Latin", "Thai", "different"),
        (None, "Thai", "incomparable"),
    ],
)
def test_scripts(engine, left, right, level):
    assert levels(engine, {"script": left}, {"script": right})["script"] == level


@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        ("fan", None, "fan"),
        ("parody", "brand", "fan"),
        ("regional", None, "branch"),
        ("brand", "brand", "same"),
        (None, "brand", "incomparable"),
    ],
)
def test_kinds_of_account(engine, left, right, level):
    assert levels(engine, {"account_kind_hint": left}, {"account_kind_hint": right})["kind"] == level


def test_what_is_shared_is_judged_by_its_own_rarity(engine):
    """IDN-04: a score weighted by the rarity of the handle."""
    counts = [("name_word", "ann", 2**12), ("name_word", "lee", 2**12), ("name_key", "ann lee", 2**6)]
    one = h("qzvxkwjpfq", "ann lee")
    found = levels(engine, one, one, counts=counts)
    assert (found["handle_rarity"], found["name_rarity"]) == ("handle_8", "name_3")
    common = levels(engine, h("annlee"), h("annlee"), counts=[*counts, ("handle_core", "annlee", 2**15)])
    assert (common["handle_rarity"], common["name_rarity"]) == ("handle_0", "none")


def test_a_pair_that_shares_no_handle_and_no_name_has_no_rarity(engine):
    found = levels(engine, h("kiln", "ann lee"), h("moss", "bo kim"))
    assert (found["handle_rarity"], found["name_rarity"]) == ("none", "none")


def test_levels_do_not_depend_on_how_pairs_are_batched(engine, monkeypatch):
    corpus = generate(400, 3)

    def levels_of() -> pa.Table:
        return resolve(corpus.accounts, model=load_model(), engine=engine).pairs

    whole = levels_of()
    monkeypatch.setattr("identity.compare.BATCH_PAIRS", 7)
    assert levels_of().equals(whole)
