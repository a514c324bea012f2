"""One comparable profile per account, and claims that find their targets."""

import random
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest

from base.fingerprint import creator_id_for
from engines import duckdb_engine
from engines.duckdb_engine import DuckDBEngine
from identity.claim_targets import CLAIM_SCHEMA
from identity.profile import PROFILE_SCHEMA, Profiles, build_profiles
from identity.scripts import dominant_script

INPUT = pa.schema(
    {
        "account_id": pa.string(), "platform": pa.string(), "handle": pa.string(), "platform_user_id": pa.string(),
        "display_name": pa.string(), "bio": pa.string(), "website": pa.string(), "email": pa.string(),
        "followers": pa.int64(), "first_seen": pa.int64(),
    }
)  # fmt: skip
CHANNEL = "UCq7Lk2ZbT0aXw_9-eRtYhJg"


@pytest.fixture
def engine() -> Iterator[DuckDBEngine]:
    with DuckDBEngine(threads=1) as opened:
        yield opened


def accounts(*rows: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist([{"account_id": "a", **row} for row in rows], schema=INPUT)


def descriptions(account_id: str, *texts: str) -> pa.Table:
    return pa.Table.from_pylist([{"account_id": account_id, "text": text} for text in texts])


def profile_of(result: Profiles, account_id: str) -> dict[str, Any]:
    return next(row for row in result.profiles.to_pylist() if row["account_id"] == account_id)


def one_profile(engine: DuckDBEngine, **values: Any) -> dict[str, Any]:
    row = {"account_id": "a", "platform": "instagram", "handle": "ola.knits", **values}
    return profile_of(build_profiles(accounts(row), engine), "a")


def edges(result: Profiles) -> list[tuple[str, str, str | None, str]]:
    return [(row["source"], row["kind"], row["target"], row["field"]) for row in result.claims.to_pylist()]


YOUTUBE = {"platform": "youtube", "handle": "@OlaKnits", "platform_user_id": CHANNEL, "account_id": "yt"}
INSTAGRAM = {"platform": "instagram", "handle": "ola.knits", "account_id": "ig"}


def test_a_profile_holds_every_field_in_its_comparable_form(engine: DuckDBEngine):
    """IDN-04..06: the values that later comparisons read."""
    row = one_profile(
        engine,
        handle="@The.Ola_Knits",
        display_name="🧶 Ola  KNITS ✨ (Official)",
        bio="Cables and lace patterns, 日本",
        website="https://www.olaknits.co.uk/shop?utm_source=ig",
        email="Hello@Mail.OlaKnits.co.uk",
        followers=12,
        first_seen=5,
    )
    assert row == {
        "account_id": "a", "platform": "instagram", "platform_user_id": None, "handle": "the.ola_knits",
        "handle_core": "olaknits", "name": "ola knits", "name_key": "knits ola", "name_latin": "knits ola",
        "email": "hello@mail.olaknits.co.uk",
        "email_domain": "olaknits.co.uk", "email_stem": "olaknits",
        "site": "olaknits.co.uk", "site_stem": "olaknits",
        "bio_tokens": ["cables", "lace", "patterns", "日本"], "account_kind_hint": None, "script": "Latin",
        "followers": 12, "first_seen": 5, "anchored_id": creator_id_for("a"),
        "handle_letters": "olaknits", "name_glued": "knitsola", "name_spelled": "knitsola",
        "name_spelled_back": "olaknits",
        "is_parody": False, "agency_keys": [], "addresses": ["hello@mail.olaknits.co.uk"],
    }  # fmt: skip


def test_only_account_id_and_platform_are_required(engine: DuckDBEngine):
    result = build_profiles(pa.table({"account_id": ["b", "a"], "platform": ["x", "x"]}), engine)
    assert result.profiles.schema.equals(PROFILE_SCHEMA)
    assert result.claims.schema.equals(CLAIM_SCHEMA)
    assert result.profiles["account_id"].to_pylist() == ["a", "b"]


def test_no_accounts_make_empty_frames(engine: DuckDBEngine):
    result = build_profiles(
        pa.table({"account_id": pa.array([], pa.string()), "platform": pa.array([], pa.string())}), engine
    )
    assert (result.profiles.num_rows, result.claims.num_rows) == (0, 0)


@pytest.mark.parametrize(
    ("values", "email", "domain"),
    [
        ({"email": "Ola@gmail.com"}, "ola@gmail.com", None),
        ({"bio": "ola [at] gmail dot com"}, "ola@gmail.com", None),
        ({"email": "ola@brightloom.com", "bio": "mgmt: ola@brightloom.com"}, None, None),
        ({"email": "not an address", "bio": "hi@olaknits.com"}, "hi@olaknits.com", "olaknits.com"),
    ],
)
def test_free_mail_has_no_domain_and_a_management_address_is_not_the_owners(
    engine: DuckDBEngine, values: dict[str, str], email: str | None, domain: str | None
):
    """IDN-06."""
    row = one_profile(engine, **values)
    assert (row["email"], row["email_domain"]) == (email, domain)


@pytest.mark.parametrize(
    ("values", "site"),
    [
        ({"website": "https://linktr.ee/OlaKnits"}, "linktr.ee/olaknits"),
        ({"website": "https://linktr.ee"}, None),
        ({"website": "https://bit.ly/abc"}, None),
        ({"website": "https://www.youtube.com/@olaknits", "bio": "https://olaknits.com"}, "olaknits.com"),
        ({"website": "https://www.patreon.com/olaknits"}, "patreon.com/olaknits"),
        ({"bio": "patterns at olaknits.com"}, "olaknits.com"),
        ({"bio": "founder of loomandco.com"}, None),
    ],
)
def test_a_site_names_one_owner_or_is_absent(engine: DuckDBEngine, values: dict[str, str], site: str | None):
    """IDN-05: shared hosts and link-in-bio roots never match by domain."""
    assert one_profile(engine, **values)["site"] == site


def test_external_urls_may_be_a_list(engine: DuckDBEngine):
    urls = pa.array([None, ["https://youtube.com/@olaknits", "https://olaknits.com"]])
    result = build_profiles(accounts(YOUTUBE, INSTAGRAM).append_column("external_urls", urls), engine)
    assert edges(result) == [("ig", "self", "yt", "external_urls")]
    assert profile_of(result, "ig")["site"] == "olaknits.com"


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ({"bio": "Fan page of @ola.knits"}, "fan"), ({"display_name": "Ola Knits Fans"}, "fan"),
        ({"handle": "olaknits.fanpage"}, "fan"), ({"bio": "parody account, not the real one"}, "parody"),
        ({"bio": "talent agency for makers"}, "agency"), ({"display_name": "Loom & Co Brasil"}, "regional"),
        ({"bio": "Online store. Free shipping"}, "brand"), ({"bio": "I knit"}, None), ({"display_name": "India"}, None),
    ],
)  # fmt: skip
def test_words_hint_at_the_kind_of_account(engine: DuckDBEngine, values: dict[str, str], kind: str | None):
    assert one_profile(engine, **values)["account_kind_hint"] == kind


def test_a_claim_finds_its_target_by_id_and_by_handle(engine: DuckDBEngine):
    """IDN-07: reciprocal self links."""
    result = build_profiles(
        accounts(
            {**YOUTUBE, "bio": "IG: @Ola.Knits"}, {**INSTAGRAM, "website": f"https://youtube.com/channel/{CHANNEL}"}
        ),
        engine,
    )
    assert edges(result) == [("ig", "self", "yt", "website"), ("yt", "self", "ig", "bio")]


def test_a_claim_on_nobody_known_keeps_its_words_and_no_target(engine: DuckDBEngine):
    result = build_profiles(accounts({**YOUTUBE, "bio": "TikTok: @olaknits"}), engine)
    (claim,) = result.claims.to_pylist()
    assert (claim["target"], claim["target_handle"], claim["span"]) == (None, "olaknits", "TikTok: @olaknits")


def test_a_handle_that_two_rows_carry_resolves_to_neither(engine: DuckDBEngine):
    twins = [{**INSTAGRAM, "account_id": name} for name in ("ig-1", "ig-2")]
    result = build_profiles(accounts({**YOUTUBE, "bio": "IG: @ola.knits"}, *twins), engine)
    assert edges(result) == [("yt", "self", None, "bio")]


def test_the_strongest_claim_per_target_and_kind_is_kept(engine: DuckDBEngine):
    row = {**INSTAGRAM, "bio": "YT: @olaknits", "website": "https://youtube.com/@olaknits"}
    (claim,) = build_profiles(accounts(YOUTUBE, row), engine).claims.to_pylist()
    assert (claim["field"], round(claim["strength"], 2)) == ("website", 0.97)


def test_an_account_never_claims_itself(engine: DuckDBEngine):
    row = {**YOUTUBE, "bio": f"youtube.com/@olaknits and youtube.com/channel/{CHANNEL}"}
    assert build_profiles(accounts(row), engine).claims.num_rows == 0


def test_an_address_repeated_under_items_is_the_owners_and_a_single_one_is_a_mention(engine: DuckDBEngine):
    teo = {"platform": "instagram", "handle": "teo.lens", "account_id": "teo"}
    texts = [f"Row {number}\nInstagram: https://instagram.com/ola.knits" for number in range(3)]
    texts += ["Guest!\nhttps://instagram.com/teo.lens", "no links", "none", "none"]
    result = build_profiles(accounts(YOUTUBE, INSTAGRAM, teo), engine, descriptions("yt", *texts))
    assert edges(result) == [("yt", "self", "ig", "content"), ("yt", "mention", "teo", "content")]


def test_a_cue_in_a_description_keeps_a_repeated_address_foreign(engine: DuckDBEngine):
    texts = ["edited by https://instagram.com/ola.knits"] * 5
    result = build_profiles(accounts(YOUTUBE, INSTAGRAM), engine, descriptions("yt", *texts))
    assert edges(result) == [("yt", "mention", "ig", "content")]


def test_a_network_block_under_many_channels_claims_nobody(engine: DuckDBEngine):
    channels = [
        {"platform": "youtube", "handle": f"channel{number}", "account_id": f"yt{number}"} for number in range(8)
    ]
    contents = pa.concat_tables(
        [descriptions(row["account_id"], *["https://instagram.com/ola.knits"] * 4) for row in channels]
    )
    result = build_profiles(accounts(INSTAGRAM, *channels), engine, contents)
    assert {kind for _, kind, _, _ in edges(result)} == {"mention"}


def test_caption_mentions_of_instagram_are_ignored(engine: DuckDBEngine):
    """POL-04."""
    contents = descriptions("ig", *["thanks @olaknits, YT: @olaknits"] * 5)
    assert build_profiles(accounts(YOUTUBE, INSTAGRAM), engine, contents).claims.num_rows == 0


def test_bios_alone_link_a_channel_whose_header_links_are_unknown(engine: DuckDBEngine):
    """POL-06: the platform's API returns no header links; text must do."""
    row = {**YOUTUBE, "bio": "Patterns every Friday.\n\nINSTAGRAM ▸ https://www.instagram.com/ola.knits/"}
    assert edges(build_profiles(accounts(row, INSTAGRAM), engine)) == [("yt", "self", "ig", "bio")]


def test_order_of_rows_and_repetition_change_nothing(engine: DuckDBEngine):
    rows = [
        {"platform": platform, "handle": f"maker{number}", "account_id": f"{platform}:{number}",
         "website": f"maker{number % 7}.com",
         "bio": f"IG: @maker{number} | with @maker{number + 1} | maker{number}@gmail.com"}
        for number in range(40) for platform in ("youtube", "instagram", "zz")
    ]  # fmt: skip
    contents = pa.concat_tables(
        [
            descriptions(f"youtube:{number}", *[f"twitch.tv/maker{number}\n@maker{number - 1}"] * 3)
            for number in range(20)
        ]
    )
    first = build_profiles(accounts(*rows), engine, contents)
    random.Random(7).shuffle(rows)
    shuffled = contents.take(random.Random(3).sample(range(contents.num_rows), contents.num_rows))
    again = build_profiles(accounts(*rows), engine, shuffled)
    assert again.profiles.equals(first.profiles)
    assert again.claims.equals(first.claims)


def test_any_number_of_workers_reads_the_same(monkeypatch: pytest.MonkeyPatch):
    rows = [
        {"account_id": f"x:{number:03d}", "platform": "x", "handle": f"maker_{number}",
         "display_name": f"Oля {number}", "website": f"linktr.ee/maker{number}",
         "bio": f"編み物 & wool | IG: @maker{number} | maker{number}@olaknits.com"}
        for number in range(60)
    ]  # fmt: skip
    monkeypatch.setattr(duckdb_engine, "KERNEL_BATCH_ROWS", 7)
    with DuckDBEngine(workers=1) as alone, DuckDBEngine(workers=2) as shared:
        assert build_profiles(accounts(*rows), alone) == build_profiles(accounts(*rows), shared)


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("Ola knits", "Latin"),
        ("Оля вяжет", "Cyrillic"),
        ("编织日记", "Han"),
        ("編み物", "Kana"),
        ("뜨개질", "Hangul"),
        ("حياكة", "Arabic"),
        ("🧶 42", None),
    ],
)
def test_the_dominant_script_is_the_one_most_letters_use(text: str, script: str | None):
    assert dominant_script(text) == script
