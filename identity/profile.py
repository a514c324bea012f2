"""Accounts as identity sees them: one comparable profile per account, and the claims accounts make about each other.

In comes the accounts frame as ingested (and, optionally, recent content descriptions); out come two frames, sorted. It
knows no rarity and no weights: how much a value proves is decided later, over all profiles together.
"""

import re
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from base.fingerprint import creator_ids_for
from engines.engine import Engine
from identity.beside import Beside
from identity.bio_words import content_word_lists
from identity.claim_targets import find_targets
from identity.columns import Texts, each_distinct, in_order, nothing_as_null, texts
from identity.content_claims import CLAIM_FIELDS, content_claims
from identity.folding import folded_texts, visible_texts
from identity.forms import FORMS, forms_of
from identity.handles import folded_handles, near_forms
from identity.kinds import account_kinds
from identity.links import is_free_mail, registrable_domain
from identity.memory import Memory
from identity.names import folded_names, name_key, name_latin
from identity.readings import Said, read_texts
from identity.representation import REPRESENTATION, representation_of
from identity.rereading import Read, read_again
from identity.retargeting import find_targets_again
from identity.scripts import dominant_scripts
from identity.stems import email_stem, site_stem

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
        "first_seen": _NUMBER, "anchored_id": _TEXT,
    }
    | {field.name: field.type for field in FORMS}
    | {field.name: field.type for field in REPRESENTATION}
)  # fmt: skip
#: handed on as they came; they move every night, and no other column is read from them
_CARRIED = ("followers", "first_seen")
_READ_SCHEMA = pa.schema([*PROFILE_SCHEMA, ("claims", pa.list_(CLAIM_FIELDS))])


@dataclass(frozen=True, slots=True)
class Profiles:
    #: one row per account, sorted by account_id; columns of PROFILE_SCHEMA
    profiles: pa.Table
    #: one row per (source, target, kind), strongest kept, sorted; columns of CLAIM_SCHEMA
    claims: pa.Table
    #: how the accounts were read; its rows are those of `profiles`
    read: Read


def build_profiles(
    accounts: pa.Table, engine: Engine, contents: pa.Table | None = None, memory: Memory | None = None
) -> Profiles:
    """Profiles and claims of all accounts. With a memory, only accounts that it does not know are read.

    accounts: account_id and platform, the other columns of the identity input where known.
    contents: account_id, text (recent descriptions); an address that recurs there counts as the owner's.
    """
    ordered = in_order(_conform(accounts), "account_id", engine)
    known = None if memory is None else memory.profiles
    read = read_again(ordered, read_accounts, _READ_SCHEMA, known, engine, carried=_CARRIED)
    profiles = read.rows.drop_columns(["claims"])
    said = _claims_said(read.rows)
    if contents is not None and contents.num_rows:
        said = pa.concat_tables([said, content_claims(profiles, contents, engine).cast(said.schema)])
    return Profiles(profiles, _meant(said, profiles, read, memory, engine), read)


def _meant(said: pa.Table, profiles: pa.Table, read: Read, memory: Memory | None, engine: Engine) -> pa.Table:
    """The claims with their targets; with a whole memory, those that news cannot have reached stand."""
    if memory is None or memory.profiles is None or not memory.is_whole:
        return find_targets(said, profiles, engine)
    beside = Beside.of(read.places, memory.profiles.num_rows)
    return find_targets_again(said, profiles, memory.profiles, memory.claims, beside, engine)


def read_accounts(accounts: pa.Table) -> pa.Table:
    """The kernel: profile columns and a list of claims for a batch of accounts."""
    columns = {name: texts(accounts[name]) for name in accounts.column_names}
    handles = folded_handles(columns["handle"])
    names, bios = (visible_texts(pc.fill_null(columns[name], "")) for name in ("display_name", "bio"))
    folded_bios = folded_texts(bios)
    kinds = account_kinds(folded_bios, folded_texts(names), folded_texts(pc.fill_null(columns["handle"], "")))
    said = read_texts(accounts, bios, folded_bios, handles, kinds)
    plain_names = folded_names(names)
    keys, cores = each_distinct(plain_names, name_key), near_forms(handles)
    latin = each_distinct(keys, name_latin)
    emails = _emails(columns["email"], said)
    read = {
        "account_id": columns["account_id"],
        "platform": columns["platform"],
        "platform_user_id": nothing_as_null(columns["platform_user_id"]),
        "handle": handles,
        "handle_core": cores,
        "name": plain_names,
        "name_key": keys,
        "name_latin": latin,
        "email": emails,
        "email_domain": each_distinct(emails, _own_domain),
        "email_stem": each_distinct(emails, email_stem),
        "site": said.sites,
        "site_stem": each_distinct(said.sites, site_stem),
        "bio_tokens": content_word_lists(folded_bios, MAX_BIO_TOKENS),
        "account_kind_hint": kinds,
        "script": dominant_scripts(pc.binary_join_element_wise(names, bios, "")),
        "followers": columns["followers"],
        "first_seen": columns["first_seen"],
        #: the id of the creator whose anchor this account is, should it be one
        "anchored_id": pa.array(creator_ids_for(columns["account_id"].to_pylist()), _TEXT),
        "claims": said.claims,
        **forms_of(cores, keys, latin),
        **representation_of(columns, kinds),
    }
    return pa.table([read[name] for name in _READ_SCHEMA.names], schema=_READ_SCHEMA)


def _claims_said(read: pa.Table) -> pa.Table:
    """One row per claim, with its source."""
    claims = read["claims"].combine_chunks()
    sources = read["account_id"].combine_chunks().take(pc.list_parent_indices(claims))
    flat = pc.list_flatten(claims)
    return pa.table([sources, *flat.flatten()], names=["source", *CLAIM_FIELDS.names])


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


_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]{2,}")


def _emails(column: Texts, said: Said) -> Texts:
    """The owner's address: the given one, else the first one typed in the bio; never a management's."""
    given = each_distinct(column, _given_email)
    if not said.emails:
        return given
    rows = pa.array(sorted(said.emails))
    chosen = [
        next((email for email in [first, *own] if email and email not in agency), None)
        for first, (own, agency) in zip(
            given.take(rows).to_pylist(), (said.emails[row] for row in sorted(said.emails)), strict=True
        )
    ]
    mask = pc.is_in(pa.array(range(len(given))), value_set=rows)
    return pc.replace_with_mask(given, mask, pa.array(chosen, pa.string()))


def _given_email(text: str) -> str | None:
    address = text.strip().lower().removeprefix("mailto:")
    return address if _EMAIL.fullmatch(address) else None


def _own_domain(email: str | None) -> str | None:
    """The registrable domain of an address; None on free mail, where sharing it means nothing."""
    host = email.rpartition("@")[2] if email else ""
    return None if not host or is_free_mail(host) else registrable_domain(host)
