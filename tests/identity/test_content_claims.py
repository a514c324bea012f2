"""What stands under every item is the owner's; what stands there once is a guest's."""

from collections.abc import Iterator

import pyarrow as pa
import pytest

from engines.duckdb_engine import DuckDBEngine
from identity.content_claims import content_claims

LINK, HANDLE = "https://instagram.com/ola.knits", "IG: @ola.knits"


@pytest.fixture
def engine() -> Iterator[DuckDBEngine]:
    with DuckDBEngine(threads=1) as opened:
        yield opened


def said(engine: DuckDBEngine, platform: str, texts: list[str], accounts: int = 1) -> list[str]:
    names = [f"{platform}:{number}" for number in range(accounts)]
    profiles = pa.table({"account_id": names, "platform": [platform] * accounts})
    contents = pa.table({"account_id": [name for name in names for _ in texts], "text": texts * accounts})
    rows = content_claims(profiles, contents, engine).to_pylist()
    return sorted({f"{row['target_platform']} {row['target_handle']} {row['kind']}" for row in rows})


@pytest.mark.parametrize(
    ("platform", "texts", "expected"),
    [
        ("youtube", [f"Row {n}\n{LINK}" for n in range(3)], ["instagram ola.knits self"]),
        ("youtube", [LINK, LINK, "a", "b"], ["instagram ola.knits self"]),
        ("youtube", [LINK, LINK, "a", "b", "c"], ["instagram ola.knits mention"]),
        ("youtube", [LINK], ["instagram ola.knits mention"]),
        ("youtube", [f"{HANDLE}\nitem {n}" for n in range(3)], ["instagram ola.knits self"]),
        ("youtube", [f"INSTAGRAM ➡️ {LINK} ({n})" for n in range(3)], ["instagram ola.knits self"]),
        (
            "youtube",
            [f"{LINK}\ninstagram.com/teo.lens"] * 3,
            ["instagram ola.knits mention", "instagram teo.lens mention"],
        ),
        ("youtube", [f"{LINK}\ntiktok.com/@ola"] * 3, ["instagram ola.knits self", "tiktok ola self"]),
        ("youtube", [f"{LINK}\nguest: @teo.lens"] * 3, ["instagram ola.knits self", "youtube teo.lens mention"]),
        ("youtube", [f"edited by {HANDLE}"] * 4, ["instagram ola.knits mention"]),
        ("youtube", ["second channel: youtube.com/@olavlogs"] * 3, ["youtube olavlogs self_secondary"]),
        ("youtube", ["mgmt: @brightloom"] * 3, ["youtube brightloom contact"]),
        ("youtube", ["founder of @loomandco"] * 3, ["youtube loomandco employer"]),
        ("youtube", ["guest: @teo.lens"], ["youtube teo.lens mention"]),
        ("youtube", ["fan page of @ola.knits"] * 3, ["youtube ola.knits mention"]),
        ("youtube", ["https://olaknits.com", "no links at all"], []),
        ("youtube", ["mail ola@olaknits.com"] * 3, []),
        ("tiktok", [f"knit {n} yt: @olaknits" for n in range(3)], ["youtube olaknits self"]),
        ("x", ["new video https://youtube.com/@olaknits"] * 3, ["youtube olaknits self"]),
        ("x", ["https://youtu.be/a1b2c3d4e5f"] * 3, []),
        ("instagram", [HANDLE, "thanks @teo.lens"] * 3, []),
        ("instagram", [f"{n} youtube.com/@olaknits" for n in range(3)], ["youtube olaknits self"]),
    ],
)
def test_recurrence_tells_the_owner_from_the_guest(
    engine: DuckDBEngine, platform: str, texts: list[str], expected: list[str]
):
    """POL-04, POL-06: three items, or two that are half of them, make an address the account's own."""
    assert said(engine, platform, texts) == expected


@pytest.mark.parametrize(("accounts", "kind"), [(5, "self"), (6, "mention")])
def test_a_block_of_text_that_a_network_puts_on_many_channels_is_nobodys_own(
    engine: DuckDBEngine, accounts: int, kind: str
):
    assert said(engine, "youtube", [LINK] * 3, accounts) == [f"instagram ola.knits {kind}"]
