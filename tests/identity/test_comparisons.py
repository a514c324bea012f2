"""What a pair has in common, level by level."""

import pyarrow as pa
import pytest

from engines.duckdb_engine import DuckDBEngine
from identity.comparisons import COMPARISONS, compare, similar_handles, similar_names

CLAIMS = pa.schema(
    [("source_row", pa.int32()), ("target_row", pa.int32()), ("target_platform", pa.string()), ("kind", pa.string())]
)
TEXTS = ("platform", "handle", "handle_core", "name_key", "email", "email_domain", "site", "account_kind_hint")


@pytest.fixture
def engine():
    with DuckDBEngine(threads=1) as opened:
        yield opened


def levels(engine, left: dict, right: dict, claims=(), cosine: float | None = None) -> dict[str, str]:
    sides = [{"platform": "youtube"} | left, {"platform": "instagram"} | right]
    columns = {name: pa.array([side.get(name) for side in sides], pa.string()) for name in TEXTS}
    columns |= {
        "row": pa.array([0, 1], pa.int32()),
        "bio_tokens": pa.array([side.get("bio", []) for side in sides], pa.list_(pa.string())),
        "handle_bits": pa.array([side.get("handle_bits") for side in sides], pa.float64()),
        "name_bits": pa.array([side.get("name_bits") for side in sides], pa.float64()),
        "email_band": pa.array([side.get("email_band", 0) for side in sides], pa.int8()),
        "site_band": pa.array([side.get("site_band", 0) for side in sides], pa.int8()),
    }
    said = pa.Table.from_pylist([dict(zip(CLAIMS.names, claim, strict=True)) for claim in claims], schema=CLAIMS)
    near = (
        None
        if cosine is None
        else pa.table(
            {
                "left": pa.array([0], pa.int32()),
                "right": pa.array([1], pa.int32()),
                "cosine": pa.array([cosine], pa.float32()),
            }
        )
    )
    pair = pa.table(
        {"left": pa.array([0], pa.int32()), "right": pa.array([1], pa.int32()), "rules": pa.array([1], pa.int64())}
    )
    (row,) = compare(pair, pa.table(columns), said, engine, near).to_pylist()
    return {comparison.name: comparison.levels[row[comparison.name]].name for comparison in COMPARISONS}


def h(handle: str, name: str | None = None) -> dict[str, str | None]:
    return {"handle": handle, "handle_core": handle.replace("_", "").replace("official", ""), "name_key": name}


@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        (h("quill", "ann lee"), h("quill", "ann lee"), "exact_equal"),
        (h("quill_official"), h("quill"), "near_incomparable"),
        (h("quillember", "ann lee"), h("quillembers", "ann lee ceramics"), "similar_similar"),
        (h("quill", "ann lee"), h("mossgarden", "bo kim"), "different_different"),
        (h("annlee", "bo kim"), h("kiln", "ann lee"), "similar_different"),
        ({"name_key": "ann lee"}, h("quill", "ann lee"), "unknown_equal"),
        (h("kiln", "анна"), h("quill", "anna"), "different_incomparable"),
    ],
)
def test_handle_and_name_are_one_comparison(engine, left, right, level):
    """IDN-04: exact, near-exact and similar handles are told apart."""
    assert levels(engine, left, right)["handle_name"] == level


@pytest.mark.parametrize(
    ("claims", "level"),
    [
        ([(0, 1, "instagram", "self"), (1, 0, "youtube", "self")], "mutual"),
        ([(0, 1, "instagram", "self")], "self"),
        ([(0, 1, "instagram", "self_secondary")], "secondary"),
        ([(0, None, "instagram", "self")], "elsewhere_unknown"),
        ([(0, 1, "instagram", "mention")], "related"),
        ([(0, 1, "instagram", "self"), (1, 0, "youtube", "fan_of")], "fan_of"),
        ([(0, 1, "instagram", "unknown")], "named"),
        ([], "none"),
    ],
)
def test_what_two_accounts_say_about_each_other(engine, claims, level):
    """IDN-07: typed link claims."""
    assert levels(engine, {}, {}, claims)["claim"] == level


@pytest.mark.parametrize(("band", "level"), [(0, "private"), (1, "of_two"), (3, "of_few"), (4, "incomparable")])
def test_the_more_people_show_an_address_the_less_it_says(engine, band, level):
    """IDN-05, IDN-06: a shared inbox or page is no evidence."""
    side = {"email": "a@b.co", "site": "b.co", "email_band": band, "site_band": band}
    found = levels(engine, side, side)
    assert (found["email"], found["site"]) == (level, level)


def test_a_shared_domain_of_ones_own_is_told_apart_from_different_addresses(engine):
    mine = {"email": "a@kiln.studio", "email_domain": "kiln.studio"}
    assert levels(engine, mine, mine | {"email": "b@kiln.studio"})["email"] == "same_domain"
    assert levels(engine, mine, {"email": "b@else.example", "email_domain": "else.example"})["email"] == "different"


@pytest.mark.parametrize(
    ("left", "right", "cosine", "level"),
    [
        ("a b c d", "a b c d", None, "same"),
        ("a b c d", "a b x y", None, "alike"),
        ("a b c d", "w x y z", None, "different"),
        ("a b", "a b", None, "incomparable"),
        ("a b c d", "w x y z", 0.9, "alike"),
        ("", "", 0.97, "same"),
    ],
)
def test_bios_are_compared_by_words_and_by_meaning(engine, left, right, cosine, level):
    """IDN-08."""
    assert levels(engine, {"bio": left.split()}, {"bio": right.split()}, cosine=cosine)["bio"] == level


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


def test_a_shared_handle_is_judged_by_its_own_rarity_and_a_shared_name_by_its_own(engine):
    rare = h("quill", "ann lee") | {"handle_bits": 40.0, "name_bits": 9.0}
    assert levels(engine, rare, rare)["rarity"] == "handle_6"
    other = h("moss", "ann lee") | {"handle_bits": 40.0, "name_bits": 9.0}
    assert levels(engine, rare, other)["rarity"] == "name_1"


def test_kernels_find_likeness_and_leave_the_rest():
    texts = pa.table({"a": ["mirabakes", "mira", "annlee"], "b": ["mirabakesbread", "mirabakes", "bokim"]})
    assert similar_handles(texts)["similar"].to_pylist() == [1, 0, 0]
    names = pa.table({"a": ["mira bakes", "ann lee", "anna"], "b": ["mira bakes bread", "bo kim", "анна"]})
    assert similar_names(names)["similar"].to_pylist() == [1, 0, -1]
