"""Accounts as identity sees them: one comparable profile per account, and the claims accounts make about each other.

In comes the accounts frame as ingested (and, optionally, recent content descriptions); out come two frames, sorted. It
knows no rarity and no weights: how much a value proves is decided later, over all profiles together.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pyarrow as pa

from engines.engine import Engine
from identity.claims import Field, Reading, read_text
from identity.content_claims import CLAIM_FIELDS, claim_row, content_claims
from identity.handles import folded_handle, near_form
from identity.links import find_links, is_free_mail, registrable_domain
from identity.names import folded_name, name_key, name_latin
from identity.stems import email_stem, site_stem
from identity.vocabulary import account_kind, content_words, visible

MAX_BIO_TOKENS = 64  # the first distinct words of a text; more say little about who wrote it

_TEXT, _NUMBER = pa.string(), pa.int64()
_INPUT = pa.schema(
    {
        "account_id": _TEXT, "platform": _TEXT, "handle": _TEXT, "platform_user_id": _TEXT, "display_name": _TEXT,
        "bio": _TEXT, "website": _TEXT, "email": _TEXT, "external_urls": _TEXT, "followers": _NUMBER,
        "first_seen": _NUMBER,
    }
)  # fmt: skip
PROFILE_SCHEMA = pa.schema(
    {
        "account_id": _TEXT, "platform": _TEXT, "platform_user_id": _TEXT, "handle": _TEXT, "handle_core": _TEXT,
        "name": _TEXT, "name_key": _TEXT, "name_latin": _TEXT, "email": _TEXT, "email_domain": _TEXT,
        "email_stem": _TEXT, "site": _TEXT, "site_stem": _TEXT,
        "bio_tokens": pa.list_(_TEXT), "account_kind_hint": _TEXT, "script": _TEXT, "followers": _NUMBER,
        "first_seen": _NUMBER,
    }
)  # fmt: skip
CLAIM_SCHEMA = pa.schema([("source", pa.string()), *CLAIM_FIELDS, ("target", pa.string())])
_READ_SCHEMA = pa.schema([*PROFILE_SCHEMA, ("claims", pa.list_(CLAIM_FIELDS))])


@dataclass(frozen=True, slots=True)
class Profiles:
    #: one row per account, sorted by account_id; columns of PROFILE_SCHEMA
    profiles: pa.Table
    #: one row per (source, target, kind), strongest kept, sorted; columns of CLAIM_SCHEMA
    claims: pa.Table


def build_profiles(accounts: pa.Table, engine: Engine, contents: pa.Table | None = None) -> Profiles:
    """Profiles and claims of all accounts.

    accounts: account_id and platform, the other columns of the identity input where known.
    contents: account_id, text (recent descriptions); an address that recurs there counts as the owner's.
    """
    ordered = engine.sql("SELECT * FROM accounts ORDER BY account_id", accounts=_conform(accounts))
    read = engine.map_arrow(ordered, read_accounts, _READ_SCHEMA)
    profiles = engine.sql("SELECT * EXCLUDE (claims) FROM read ORDER BY account_id", read=read).cast(PROFILE_SCHEMA)
    said = engine.sql("SELECT account_id AS source, unnest(claims, recursive := true) FROM read", read=read)
    if contents is not None and contents.num_rows:
        said = pa.concat_tables([said, content_claims(profiles, contents, engine).cast(said.schema)])
    return Profiles(profiles, engine.sql(_RESOLVE, profiles=profiles, said=said).cast(CLAIM_SCHEMA))


def read_accounts(accounts: pa.Table) -> pa.Table:
    """The kernel: profile columns and a list of claims for a batch of accounts."""
    return pa.Table.from_pylist([_read_account(row) for row in accounts.to_pylist()], schema=_READ_SCHEMA)


def _conform(accounts: pa.Table) -> pa.Table:
    """The input with every column present and of the expected type; a list of addresses becomes one text."""
    columns = []
    for field in _INPUT:
        column = (
            accounts[field.name] if field.name in accounts.column_names else pa.nulls(accounts.num_rows, field.type)
        )
        if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
            column = pa.array(
                [" ".join(filter(None, urls)) if urls else None for urls in column.to_pylist()], pa.string()
            )
        columns.append(column.cast(field.type))
    return pa.table(columns, schema=_INPUT)


def _read_account(row: Mapping[str, Any]) -> dict[str, Any]:
    platform, handle = row["platform"], folded_handle(row["handle"])
    name, bio = visible(row["display_name"] or ""), visible(row["bio"] or "")
    kind = account_kind(bio, name, row["handle"] or "")
    reading = read_text(bio, "bio", platform, handle, is_fan=kind in {"fan", "parody"})
    addresses = [_read_addresses(row[field], field, platform, handle) for field in ("website", "external_urls")]
    email = _email(row["email"], reading)
    site = next((site for part in (*addresses, reading) for site in part.sites), None)
    plain_name = folded_name(name)
    key = name_key(plain_name)
    return {
        "account_id": row["account_id"],
        "platform": platform,
        "platform_user_id": row["platform_user_id"] or None,
        "handle": handle,
        "handle_core": near_form(handle),
        "name": plain_name,
        "name_key": key,
        "name_latin": name_latin(key),
        "email": email,
        "email_domain": _own_domain(email),
        "email_stem": email_stem(email),
        "site": site,
        "site_stem": site_stem(site),
        "bio_tokens": content_words(bio, MAX_BIO_TOKENS),
        "account_kind_hint": kind,
        "script": dominant_script(name + bio),
        "followers": row["followers"],
        "first_seen": row["first_seen"],
        "claims": [claim_row(claim) for part in (*addresses, reading) for claim in part.claims],
    }


def _read_addresses(text: str | None, field: Field, platform: str, handle: str | None) -> Reading:
    """A field that holds addresses and nothing else; prose in it is not believed."""
    if not text:
        return Reading([], [], [], [])
    links_only = " ".join(text[found.start : found.end] for found in find_links(text))
    return read_text(links_only, field, platform, handle)


_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]{2,}")


def _email(column: str | None, reading: Reading) -> str | None:
    """The owner's address: the given one, else the first one typed in the bio; never a management's."""
    given = (column or "").strip().lower().removeprefix("mailto:")
    candidates = [given] if _EMAIL.fullmatch(given) else []
    return next((email for email in [*candidates, *reading.emails] if email not in reading.agency_emails), None)


def _own_domain(email: str | None) -> str | None:
    """The registrable domain of an address; None on free mail, where sharing it means nothing."""
    host = email.rpartition("@")[2] if email else ""
    return None if not host or is_free_mail(host) else registrable_domain(host)


_ASCII_LETTER = re.compile(r"[A-Za-z]")
_NON_ASCII = re.compile(r"[^\x00-\x7f]")
_SCRIPT_NAMES = {"CJK": "Han", "HIRAGANA": "Kana", "KATAKANA": "Kana", "HALFWIDTH": "Kana", "FULLWIDTH": "Latin"}


@lru_cache(maxsize=8_192)
def _script_of(character: str) -> str:
    word = unicodedata.name(character, "UNKNOWN").split()[0].split("-")[0]
    return _SCRIPT_NAMES.get(word, word.title())


def dominant_script(text: str) -> str | None:
    """The script most letters are written in, e.g. "Latin"; any kana makes it "Kana". None without letters.

    >>> dominant_script("Мира bakes Хлеб"), dominant_script("東京パン"), dominant_script("123")
    ('Cyrillic', 'Kana', None)
    """
    counts = {"Latin": len(_ASCII_LETTER.findall(text))}
    for character in _NON_ASCII.findall(text):
        if character.isalpha():
            script = _script_of(character)
            counts[script] = counts.get(script, 0) + 1
    if counts.get("Kana"):
        return "Kana"
    script = min(counts, key=lambda script: (-counts[script], script))
    return script if counts[script] else None


# Which account a claim means is settled only when exactly one fits. A description that names somebody once says nothing
# when nobody here has that name, or when the same account is claimed elsewhere.
_RESOLVE = """
WITH ids AS (
    SELECT platform, platform_user_id, min(account_id) AS target FROM profiles WHERE platform_user_id IS NOT NULL
    GROUP BY platform, platform_user_id HAVING count(*) = 1
),
handles AS (
    SELECT platform, handle, min(account_id) AS target FROM profiles WHERE handle IS NOT NULL
    GROUP BY platform, handle HAVING count(*) = 1
),
resolved AS (
    SELECT said.*, coalesce(ids.target, handles.target) AS target
    FROM said
    LEFT JOIN ids ON ids.platform = said.target_platform AND ids.platform_user_id = said.target_user_id
    LEFT JOIN handles ON handles.platform = said.target_platform AND handles.handle = said.target_handle
),
ranked AS (
    SELECT *,
        row_number() OVER (
            PARTITION BY source, target_platform, kind, coalesce(target, target_user_id, target_handle)
            ORDER BY strength DESC, field, span, target_handle, target_user_id
        ) AS place,
        bool_or(kind IN ('self', 'self_secondary')) OVER (
            PARTITION BY source, target_platform, coalesce(target, target_user_id, target_handle)
        ) AS is_claimed
    FROM resolved
    WHERE target IS DISTINCT FROM source
)
SELECT source, target_platform, target_handle, target_user_id, kind, strength, field, span, target
FROM ranked
WHERE place = 1 AND NOT (field = 'content' AND kind = 'mention' AND (target IS NULL OR is_claimed))
ORDER BY source, target_platform, coalesce(target, target_user_id, target_handle), kind
"""
