"""What accounts are to each other without being one creator's: fan_of, impersonates, managed_by, regional_of.

Comes in: accounts, and profiles, members, compared pairs and claims of a resolution. Goes out: one row per source, kind
and creator of the target, with the rule that found it and the words it rests on. A relation needs a statement: of the
source, of the target, or of an account that both speak of; likeness alone says nothing about who is behind an account.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from base.text import shorten
from engines.engine import Engine
from identity.comparisons import KIND
from identity.folding import folded, visible
from identity.kinds import PARODY, account_kind
from identity.likeness import has_handle_like, has_name_of, words_of
from identity.memory import RELATION
from identity.representation import site_domains
from identity.rereading import read_again
from identity.vocabulary import items

KINDS = ("fan_of", "impersonates", "managed_by", "regional_of")
RELATIONS = pa.schema(list(RELATION))
#: what is read of one claim, or of one pair
READ_RELATIONS = pa.schema([("relations", pa.list_(RELATION))])
#: basis → whether it may point to several creators; a likeness that fits two fits none
_SEVERAL = {"claim": True, "warning": True, "site": True, "address": True, "contradiction": True, "likeness": False}

MUCH_LARGER = 10  # times the followers: an imitation lives off a reach that it does not have
_NAME_CHARACTERS = 40

_Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    #: source, kind, target, basis, detail; sorted, never within one creator
    relations: pa.Table
    #: for the next night: what was read of claims and of pairs of accounts, by their words
    remembered: pa.Table


def find_relations(
    accounts: pa.Table,
    profiles: pa.Table,
    members: pa.Table,
    pairs: pa.Table,
    claims: pa.Table,
    engine: Engine,
    remembered: pa.Table | None = None,
) -> Found:
    """What accounts are to each other's creators. remembered: saves work and changes nothing else.

    accounts: account_id, platform, handle, display_name, bio, website, email, external_urls (one text), followers.
    profiles: account_id, agency_keys, addresses. pairs: as of `pairs_of_kind`.
    The target of a creator with several accounts is the one best stated, then the one with most followers.
    """
    shown = accounts.select([name for name in _ACCOUNT_COLUMNS if name in accounts.column_names])
    read = [
        read_again(rows, kernel, READ_RELATIONS, remembered, engine)
        for rows, kernel in (
            (_stated_fans(claims, shown, engine), read_fans),
            (_with_words(pairs, shown, engine), read_kinds),
            (_stated_managers(claims, shown, engine), read_managers),
        )
    ]
    found = [
        *(flattened(one.rows) for one in read),
        _managed_by_address(profiles, shown, engine),
        _imitations(claims, shown, engine),
        _warned_of(claims, engine),
    ]
    every = pa.concat_tables(found)
    people, seats = (_only(frame, every, "source", "target") for frame in (shown, members))
    relations = engine.sql(_ONE_PER_CREATOR, found=every, accounts=people, members=seats, several=_SEVERAL_TABLE).cast(
        RELATIONS
    )
    return Found(relations, pa.concat_tables([one.marked for one in read]).combine_chunks())


_ACCOUNT_COLUMNS = (
    "account_id", "platform", "handle", "display_name", "bio", "website", "email", "external_urls", "followers",
)  # fmt: skip
_SEVERAL_TABLE = pa.table({"basis": list(_SEVERAL), "several": list(_SEVERAL.values())}).append_column(
    "rank", pa.array(range(len(_SEVERAL)), pa.int64())
)
_ONE_PER_CREATOR = """
    WITH apart AS (
        SELECT f.*, b."rank", b.several, s.creator_id AS whose, t.creator_id AS creator_id, a.followers
        FROM found f JOIN several b ON b.basis = f.basis JOIN accounts a ON a.account_id = f.target
        JOIN members s ON s.account_id = f.source JOIN members t ON t.account_id = f.target
        WHERE s.creator_id <> t.creator_id
    ),
    fitting AS (
        SELECT source, kind, min("rank") AS best, count(DISTINCT creator_id) FILTER (WHERE NOT several) AS guesses
        FROM apart GROUP BY source, kind
    ),
    ranked AS (
        SELECT a.*, row_number() OVER (
            PARTITION BY a.source, a.kind, a.creator_id
            ORDER BY a."rank", a.followers DESC NULLS LAST, a.target, a.detail
        ) AS place
        FROM apart a JOIN fitting f ON f.source = a.source AND f.kind = a.kind
        WHERE a.several OR (f.guesses = 1 AND f.best = a."rank")
    )
    SELECT source, kind, target, basis, detail FROM ranked WHERE place = 1 ORDER BY source, kind, target
"""


def _relation(source: str, kind: str, target: str, basis: str, detail: str) -> dict[str, str]:
    return {"source": source, "kind": kind, "target": target, "basis": basis, "detail": detail}


def _table(rows: list[dict[str, str]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=RELATIONS)


def _read(found: list[list[dict[str, str]]]) -> pa.Table:
    return pa.table([pa.array(found, pa.list_(RELATION))], schema=READ_RELATIONS)


def flattened(read: pa.Table) -> pa.Table:
    """One row per relation, as RELATIONS."""
    return pa.Table.from_arrays(pc.list_flatten(read["relations"].combine_chunks()).flatten(), schema=RELATIONS)


def _shown(row: _Row, side: str) -> str:
    """An account as a sentence names it."""
    name = row[f"{side}_display_name"] or row[side]
    return f"{shorten(name, _NAME_CHARACTERS)} (@{row[f'{side}_handle'] or '?'} on {row[f'{side}_platform']})"


def _columns(alias: str, side: str) -> str:
    """SQL: what the rules read of an account, under the name of its side."""
    return ", ".join(f"{alias}.{name} AS {side}_{name}" for name in _ACCOUNT_COLUMNS[1:])


def _only(frame: pa.Table, found: pa.Table, *sides: str) -> pa.Table:
    """The rows of accounts that stand on a side of what was found: a join with few rows costs little."""
    named = pa.chunked_array([chunk for side in sides for chunk in found[side].chunks], pa.string())
    return frame.filter(pc.is_in(frame["account_id"], value_set=pc.unique(named)))


# --- fans ---------------------------------------------------------------------------------------------------------


def _stated_fans(claims: pa.Table, accounts: pa.Table, engine: Engine) -> pa.Table:
    """ "Fan page of @ann", "not affiliated with @ann", "archive of @ann"."""
    return _with_targets(claims, ("fan_of",), accounts, engine)


def _with_targets(claims: pa.Table, kinds: tuple[str, ...], accounts: pa.Table, engine: Engine) -> pa.Table:
    """The claims of some kinds with the words of those they mean."""
    said = claims.filter(pc.is_in(claims["kind"], value_set=pa.array(kinds)))
    return engine.sql(
        f"""
        SELECT c.source, c.target, c.field, c.span, c.kind, {_columns("t", "target")}
        FROM claims c JOIN accounts t ON t.account_id = c.target ORDER BY c.source, c.target, c.kind
        """,
        claims=said,
        accounts=_only(accounts, said, "target"),
    )


def read_fans(said: pa.Table) -> pa.Table:
    """The kernel: claims of fans → their idols; another fan page that is named is rather the fan's own."""
    return _read(
        [
            [_relation(row["source"], "fan_of", row["target"], "claim", _quoted(row))]
            if _kind(row, "target") != "fan"
            else []
            for row in said.to_pylist()
        ]
    )


def _quoted(row: _Row) -> str:
    return f'says in its {row["field"]}: "{row["span"]}"'


# --- fan pages, parodies and branches that name nobody ------------------------------------------------------------


def pairs_of_kind(compared: pa.Table, profiles: pa.Table) -> pa.Table:
    """left, right (keys): compared pairs of which one is a fan page, a parody or a branch by its own words.

    compared: left, right (rows) and `kind`. profiles: account_id, is_parody; by row.
    """
    left, right = (compared[side].to_numpy() for side in ("left", "right"))
    is_parody = profiles["is_parody"].to_numpy()
    chosen = np.isin(compared["kind"].to_numpy(), KIND.index("fan", "branch")) | is_parody[left] | is_parody[right]
    keys = profiles["account_id"]
    return pa.table({"left": keys.take(pa.array(left[chosen])), "right": keys.take(pa.array(right[chosen]))})


def _with_words(pairs: pa.Table, accounts: pa.Table, engine: Engine) -> pa.Table:
    """The pairs with the words of both accounts."""
    return engine.sql(
        f"""
        SELECT p."left" AS source, p."right" AS target, {_columns("l", "source")}, {_columns("r", "target")}
        FROM pairs p JOIN accounts l ON l.account_id = p."left" JOIN accounts r ON r.account_id = p."right"
        ORDER BY p."left", p."right"
        """,
        pairs=pairs,
        accounts=_only(accounts, pairs, "left", "right"),
    )


def read_kinds(compared: pa.Table) -> pa.Table:
    """The kernel: pairs with both accounts' words → per pair its relations, whichever side is the source."""
    return _read([_of_kind(row) + _of_kind(_turned(row)) for row in compared.to_pylist()])


def _turned(row: _Row) -> dict[str, Any]:
    other = {"source": "target", "target": "source"}
    return {other[name.split("_")[0]] + name[6:]: value for name, value in row.items()}


def _of_kind(row: _Row) -> list[dict[str, str]]:
    kind, other = _kind(row, "source"), _kind(row, "target")
    if kind == other:
        return []
    if kind == "fan" and other not in {"parody", "fan"} and _looks_like(row):
        sentence = f"presents itself as a fan page, and has the name of {_shown(row, 'target')}"
        return [_relation(row["source"], "fan_of", row["target"], "likeness", sentence)]
    if kind == "parody" and _has_look_of(row) and _is_much_smaller(row):
        sentence = f"says it is a parody, and has name and handle of {_shown(row, 'target')}"
        return [_relation(row["source"], "impersonates", row["target"], "likeness", sentence)]
    return _of_branch(row) if kind == "regional" else []


def _kind(row: _Row, side: str) -> str | None:
    return _kind_of(*(row[f"{side}_{name}"] or "" for name in ("bio", "display_name", "handle")))


@lru_cache(maxsize=1 << 16)  # an account stands in several pairs
def _kind_of(*texts: str) -> str | None:
    bio, name, handle = map(visible, texts)
    kind = account_kind(bio, name, handle)
    return "parody" if kind is None and re.search(PARODY, bio.lower()) else kind


def _looks_like(row: _Row) -> bool:
    """A fan page has its idol's name, or its idol's handle and something around it."""
    return has_name_of(row["source_display_name"], row["target_display_name"]) or has_handle_like(
        row["source_handle"], row["target_handle"]
    )


def _has_look_of(row: _Row) -> bool:
    """An imitation has both."""
    return has_name_of(row["source_display_name"], row["target_display_name"]) and has_handle_like(
        row["source_handle"], row["target_handle"]
    )


def _is_much_smaller(row: _Row) -> bool:
    mine, theirs = row["source_followers"], row["target_followers"]
    return mine is not None and theirs is not None and theirs >= MUCH_LARGER * max(mine, 1)


def _of_branch(row: _Row) -> list[dict[str, str]]:
    """ "Acme France": the name of another account and a country; on the same site it may be several accounts'."""
    whole, brand = words_of(row["source_display_name"]), words_of(row["target_display_name"])
    if not brand or len(whole) <= len(brand) or whole[: len(brand)] != brand:
        return []
    house = _domains(row, "source") & _domains(row, "target")
    if house:
        sentence = f"presents itself as a regional page, on the site {min(house)} of {_shown(row, 'target')}"
        return [_relation(row["source"], "regional_of", row["target"], "site", sentence)]
    sentence = f"presents itself as a regional page, with the name of {_shown(row, 'target')}"
    return [_relation(row["source"], "regional_of", row["target"], "likeness", sentence)]


def _domains(row: _Row, side: str) -> set[str]:
    """The registrable domains of an account's own sites."""
    return site_domains(row[f"{side}_website"], row[f"{side}_external_urls"])


# --- managed by ---------------------------------------------------------------------------------------------------


def _stated_managers(claims: pa.Table, accounts: pa.Table, engine: Engine) -> pa.Table:
    """ "Mgmt @house", "represented by @house"; or a contact or an employer that is an agency by its own words."""
    return _with_targets(claims, ("contact", "employer"), accounts, engine)


def read_managers(said: pa.Table) -> pa.Table:
    """The kernel: claims of contacts and employers → those who act for the source."""
    return _read(
        [
            [_relation(row["source"], "managed_by", row["target"], "claim", _quoted(row))]
            if (row["kind"] == "contact" and _names_agency(row["span"])) or _kind(row, "target") == "agency"
            else []
            for row in said.to_pylist()
        ]
    )


def _names_agency(span: str) -> bool:
    """Whether the target, which ends a span, stands right behind a word for those who act for others."""
    for item in reversed(items(folded(visible(span)))[:-1]):
        if item.meaning and item.meaning.before and item.meaning.before.is_agency:
            return True
        if item.type == "word":
            return False
    return False


def _managed_by_address(profiles: pa.Table, accounts: pa.Table, engine: Engine) -> pa.Table:
    """Those who show the e-mail address of an agency, or one of its own domain; the agency's own pages apart."""
    keys = _listed(profiles, "agency_keys", "key")
    seen = _listed(profiles, "addresses", "address")
    agencies = _only(accounts, keys, "account_id").select(["account_id", "platform", "handle", "display_name"])
    names = pa.array([_shown(_as_source(row), "source") for row in agencies.to_pylist()], pa.string())
    return engine.sql(
        _CLIENTS, accounts=accounts, addresses=seen, keys=keys, names=agencies.append_column("name", names)
    ).cast(RELATIONS)


def _as_source(row: _Row) -> dict[str, Any]:
    return {f"source_{name}": value for name, value in row.items()} | {"source": row["account_id"]}


def _listed(profiles: pa.Table, column: str, name: str) -> pa.Table:
    """account_id and every value of a column of lists."""
    lists = profiles[column].combine_chunks()
    owners = profiles["account_id"].combine_chunks().take(pc.list_parent_indices(lists))
    return pa.table({"account_id": owners, name: pc.list_flatten(lists)})


_CLIENTS = r"""
    WITH keyed AS (
        SELECT *, address AS key FROM addresses
        UNION ALL SELECT *, split_part(address, '@', 2) FROM addresses
        UNION ALL SELECT *, regexp_extract(split_part(address, '@', 2), '^[^.]+\.(.+)$', 1) FROM addresses
    )
    SELECT DISTINCT c.account_id AS source, 'managed_by' AS kind, g.account_id AS target, 'address' AS basis,
           'shows the address ' || c.address || ' of ' || n.name AS detail
    FROM keyed c JOIN keys g ON g.key = c.key JOIN names n ON n.account_id = g.account_id
    JOIN accounts a ON a.account_id = c.account_id
    WHERE c.account_id NOT IN (SELECT account_id FROM keys)
      AND NOT contains(coalesce(lower(a.website), ''), g.key)
"""


# --- impersonates -------------------------------------------------------------------------------------------------


def _imitations(claims: pa.Table, accounts: pa.Table, engine: Engine) -> pa.Table:
    """Accounts that claim a star and are contradicted, or whose "backup of" the star never answers."""
    is_own = pc.is_in(claims["kind"], value_set=pa.array(["self", "self_secondary"]))
    own = claims.filter(pc.and_(is_own, pc.is_valid(claims["target"])))
    found = engine.sql(
        f"""
        WITH own AS (SELECT DISTINCT source, target FROM claims),
        contradicted AS (
            SELECT c.source, o.target, c.target AS witness, c.field, c.span
            FROM claims c JOIN own o ON o.source = c.target
            WHERE c.kind = 'self' AND o.target <> c.source
        ),
        unanswered AS (
            SELECT source, target, NULL AS witness, field, span FROM claims
            WHERE kind = 'self_secondary'
        )
        SELECT f.* FROM (SELECT * FROM contradicted UNION ALL SELECT * FROM unanswered) f
        JOIN accounts s ON s.account_id = f.source JOIN accounts t ON t.account_id = f.target
        LEFT JOIN own back ON back.source = coalesce(f.witness, f.target) AND back.target = f.source
        WHERE s.platform = t.platform AND back.source IS NULL
          AND t.followers >= {MUCH_LARGER} * greatest(s.followers, 1)
        """,
        claims=own,
        accounts=accounts.select(["account_id", "platform", "followers"]),
    )
    suspects = engine.sql(
        f"""
        SELECT f.*, {_columns("s", "source")}, {_columns("t", "target")}, {_columns("w", "witness")}
        FROM found f JOIN accounts s ON s.account_id = f.source JOIN accounts t ON t.account_id = f.target
        LEFT JOIN accounts w ON w.account_id = f.witness
        """,
        found=found,
        accounts=_only(accounts, found, "source", "target", "witness"),
    )
    return engine.map_arrow(suspects, read_imitations, RELATIONS)


def read_imitations(suspects: pa.Table) -> pa.Table:
    """The kernel: suspects that have name and handle of the account they live off."""
    return _table(
        [
            _relation(row["source"], "impersonates", row["target"], "contradiction", _contradiction(row))
            for row in suspects.to_pylist()
            if _has_look_of(row)
        ]
    )


def _contradiction(row: _Row) -> str:
    said = _quoted(row)
    if row["witness"] is None:
        return f"{said}, which {_shown(row, 'target')} does not answer"
    return f"{said}, but {_shown(row, 'witness')} names {_shown(row, 'target')} as its own"


#: a warning right before the handle: "fake account: @ann_official_"; "only @ann is real" warns of nobody
_WARNING = re.compile(
    r"\b(?:fake|scammer|impersonat\w+|not me)\b(?:\s+(?:me|us|acc|account|page|profile)s?)?"
    r"[\s:=➡→👉-]*(?:is|are|by)?\s*@?\S+$"
)


def _warned_of(claims: pa.Table, engine: Engine) -> pa.Table:
    """Whom an account warns of by name: the one case in which the star speaks."""
    said = engine.sql(
        """
        SELECT c.target AS source, c.source AS target, c.field, c.span FROM claims c
        WHERE c.kind = 'mention' AND c.target IS NOT NULL AND c.field <> 'content'
          AND regexp_matches(lower(c.span), 'fake|scammer|impersonat|not me')
        """,
        claims=claims,
    )
    return engine.map_arrow(said, read_warnings, RELATIONS)


def read_warnings(said: pa.Table) -> pa.Table:
    """The kernel: mentions that stand right behind a warning."""
    return _table(
        [
            _relation(
                row["source"], "impersonates", row["target"], "warning",
                f'is warned of by {row["target"]} in its {row["field"]}: "{row["span"]}"',
            )
            for row in said.to_pylist()
            if _WARNING.search(folded(visible(row["span"])))
        ]
    )  # fmt: skip
