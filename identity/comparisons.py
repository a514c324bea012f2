"""What two accounts have in common, aspect by aspect: each comparison says which of its levels a pair reached.

Comes in: candidate pairs, profiles and claims, all by row. Goes out: one int8 column per comparison, in the order of
COMPARISONS. Levels go from the strongest to "anything else" and know nothing of weights: `weights.py` turns them into
bits. Handle and name are one comparison, because people who share a name choose similar handles.
"""

from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from rapidfuzz import fuzz
from rapidfuzz.distance import JaroWinkler
from rapidfuzz.process import cpdist

from engines.engine import Engine


@dataclass(frozen=True, slots=True)
class ComparisonLevel:
    name: str
    #: a sentence for the reviewer
    label: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """One aspect of two accounts."""

    name: str
    #: strongest first, "anything else" last
    levels: tuple[ComparisonLevel, ...]

    def index(self, *names: str) -> list[int]:
        """The positions of named levels."""
        order = [level.name for level in self.levels]
        return [order.index(name) for name in names]


HANDLE_RELATIONS = {
    "exact": "same handle",
    "near": "handles equal but for separators and affixes",
    "similar": "similar handles",
    "different": "different handles",
    "unknown": "a handle is unknown",
}
NAME_RELATIONS = {
    "equal": "same name",
    "similar": "similar names",
    "different": "different names",
    "incomparable": "names cannot be compared",
}
#: lower edges of rarity, in bits: how surprising it is that a stranger chose this handle, or name, too
HANDLE_RARITY_EDGES = (12, 16, 20, 24, 28, 34)
NAME_RARITY_EDGES = (8, 12, 16, 20, 24)


def _levels(**labels: str) -> tuple[ComparisonLevel, ...]:
    return tuple(ComparisonLevel(name, label) for name, label in labels.items())


def _rarities(what: str, edges: tuple[int, ...]) -> tuple[ComparisonLevel, ...]:
    """Rarest first."""
    bounds = [
        f"at least {edges[-1]}",
        *(f"{low} to {high}" for low, high in reversed(list(pairwise(edges)))),
        f"under {edges[0]}",
    ]
    return tuple(
        ComparisonLevel(f"{what}_{len(edges) - place}", f"the shared {what} is worth {bound} bits of surprise")
        for place, bound in enumerate(bounds)
    )


HANDLE_NAME = Comparison(
    "handle_name",
    tuple(
        ComparisonLevel(f"{handle}_{name}", f"{HANDLE_RELATIONS[handle]}, {NAME_RELATIONS[name]}")
        for handle, name in product(HANDLE_RELATIONS, NAME_RELATIONS)
    ),
)
RARITY = Comparison(
    "rarity",
    (
        *_rarities("handle", HANDLE_RARITY_EDGES),
        *_rarities("name", NAME_RARITY_EDGES),
        ComparisonLevel("none", "no handle or name is shared"),
    ),
)
CLAIM = Comparison(
    "claim",
    _levels(
        mutual="each names the other as its own account",
        self="one names the other as its own account",
        secondary="one names the other as its second, former or main account",
        contested="one names the other as its own, and the other names a third account instead",
        named="one names the other without saying why",
        none="neither names the other",
        elsewhere_unknown="one names an account as its own that is not the other, and that we do not know",
        related="one names the other as a friend, partner, employer or contact",
        elsewhere="one names a third account as its own where the other stands",
        elsewhere_both="both name third accounts as their own where the other stands",
        fan_of="one says it is a fan page, parody or archive of the other",
    ),
)
EMAIL = Comparison(
    "email",
    _levels(
        private="the same e-mail address, shown by nobody else",
        of_two="the same e-mail address, shown by two or three on a platform",
        of_few="the same e-mail address, shown by a few on a platform",
        same_domain="e-mail addresses of one domain",
        incomparable="an e-mail address is missing, or the shared one is an inbox of many",
        different="different e-mail addresses",
    ),
)
SITE = Comparison(
    "site",
    _levels(
        private="the same website, shown by nobody else",
        of_two="the same website, shown by two or three on a platform",
        of_few="the same website, shown by a few on a platform",
        incomparable="a website is missing, or the shared one is shown by many",
        different="different websites",
    ),
)
BIO = Comparison(
    "bio",
    _levels(
        same="the bios say nearly the same",
        alike="the bios are alike",
        related="the bios share some words",
        little="the bios share few words",
        incomparable="a bio is missing or too short",
        different="the bios share no word",
    ),
)
KIND = Comparison(
    "kind",
    _levels(
        same="both look like the same kind of account",
        incomparable="the kind of one is unknown",
        different="the accounts look like different kinds",
        branch="one is the page of a country or city, the other is not",
        fan="one looks like a fan page or parody, the other does not",
    ),
)
PLATFORM = Comparison(
    "platform",
    _levels(
        different="they stand on different platforms",
        same="they stand on one platform, where one account is usual",
    ),
)

#: the order of the `levels` string
COMPARISONS = (HANDLE_NAME, RARITY, CLAIM, EMAIL, SITE, BIO, KIND, PLATFORM)
LEVEL_COLUMNS = pa.schema([(comparison.name, pa.int8()) for comparison in COMPARISONS])

#: a value held by more than this power of two is shared: it is no evidence
LARGEST_PRIVATE_BAND = 3
SIMILAR_HANDLES = 0.92
SIMILAR_NAMES = 0.90
#: a shorter handle inside a longer one is chance
SHORTEST_CONTAINED = 6
#: Jaccard index of bio words, and cosine of bio vectors, of each level
BIO_SAME, BIO_ALIKE, BIO_RELATED = 0.6, 0.3, 0.12
COSINE_SAME, COSINE_ALIKE = 0.95, 0.85
FEWEST_BIO_WORDS = 3


def compare(
    pairs: pa.Table,
    profiles: pa.Table,
    claims: pa.Table,
    engine: Engine,
    neighbours: pa.Table | None = None,
) -> pa.Table:
    """`pairs` with one level column per comparison, in the order given.

    profiles: by `row`, with `handle_bits, name_bits` (rarity) and `email_band, site_band` (how many share them).
    """
    similarities = _similarities(pairs, profiles, engine)
    facts = engine.sql(
        f"""
        SELECT p."left", p."right", p.rules,
               {_HANDLE_RELATION} AS handle_relation, {_NAME_RELATION} AS name_relation,
               l.handle_bits AS left_handle_bits, r.handle_bits AS right_handle_bits, l.name_bits AS name_bits,
               {_value_level("email", "WHEN l.email_domain = r.email_domain THEN 'same_domain'")} AS email,
               {_value_level("site", "")} AS site, {_KIND_LEVEL} AS kind,
               CASE WHEN l.platform = r.platform THEN 'same' ELSE 'different' END AS platform
        FROM pairs p JOIN profiles l ON l."row" = p."left" JOIN profiles r ON r."row" = p."right"
        LEFT JOIN similarities s ON s."left" = p."left" AND s."right" = p."right"
        """,
        pairs=pairs,
        profiles=profiles,
        similarities=similarities,
    )
    compared = engine.sql(
        """
        SELECT f.*, c.claim, b.bio FROM facts f
        JOIN claimed c ON c."left" = f."left" AND c."right" = f."right"
        JOIN bios b ON b."left" = f."left" AND b."right" = f."right"
        ORDER BY f."left", f."right"
        """,
        facts=facts,
        claimed=_claim_levels(pairs, profiles, claims, engine),
        bios=_bio_levels(pairs, profiles, engine, neighbours),
    )
    return _with_level_columns(compared)


# --- handle and name ----------------------------------------------------------------------------------------------

_HANDLE_RELATION = """
    CASE WHEN l.handle IS NULL OR r.handle IS NULL THEN 'unknown'
         WHEN l.handle = r.handle THEN 'exact'
         WHEN l.handle_core = r.handle_core THEN 'near'
         WHEN s.handle > 0 THEN 'similar'
         WHEN replace(l.name_key, ' ', '') = r.handle_core THEN 'similar'
         WHEN replace(r.name_key, ' ', '') = l.handle_core THEN 'similar'
         ELSE 'different' END"""
_NAME_RELATION = """
    CASE WHEN l.name_key IS NULL OR r.name_key IS NULL THEN 'incomparable'
         WHEN l.name_key = r.name_key THEN 'equal'
         WHEN s.name < 0 THEN 'incomparable'
         WHEN s.name > 0 THEN 'similar'
         ELSE 'different' END"""
_SIMILARITY = pa.schema([("a", pa.string()), ("b", pa.string()), ("similar", pa.int8())])


def similar_handles(texts: pa.Table) -> pa.Table:
    """Kernel: is `a` like `b`, as handles? Close by Jaro-Winkler, or one inside the other."""
    a, b = texts["a"].to_pylist(), texts["b"].to_pylist()
    close = cpdist(a, b, scorer=JaroWinkler.normalized_similarity, dtype=np.float32) >= SIMILAR_HANDLES
    inside = np.fromiter(
        (min(len(x), len(y)) >= SHORTEST_CONTAINED and (x in y or y in x) for x, y in zip(a, b, strict=True)),
        bool,
        len(a),
    )
    return texts.append_column("similar", pa.array((close | inside).astype(np.int8)))


def similar_names(texts: pa.Table) -> pa.Table:
    """Kernel: is `a` like `b`, as names? Close by Jaro-Winkler, or the words of one among the words of the other.

    -1 where one is written in Latin letters and the other is not: nobody can tell.
    """
    a, b = texts["a"].to_pylist(), texts["b"].to_pylist()
    close = cpdist(a, b, scorer=JaroWinkler.normalized_similarity, dtype=np.float32) >= SIMILAR_NAMES
    among = cpdist(a, b, scorer=fuzz.token_set_ratio, dtype=np.float32) >= 100
    scripts_differ = np.fromiter((x.isascii() != y.isascii() for x, y in zip(a, b, strict=True)), bool, len(a))
    return texts.append_column("similar", pa.array(np.where(scripts_differ, -1, close | among).astype(np.int8)))


def _similarities(pairs: pa.Table, profiles: pa.Table, engine: Engine) -> pa.Table:
    """left, right, handle, name: for texts that differ, 1 where alike, 0 where not, -1 where nobody can tell.

    Each distinct pair of texts is scored once.
    """
    texts = engine.sql(
        """
        SELECT p."left", p."right", l.handle_core AS left_handle, r.handle_core AS right_handle,
               l.name_key AS left_name, r.name_key AS right_name
        FROM pairs p JOIN profiles l ON l."row" = p."left" JOIN profiles r ON r."row" = p."right"
        """,
        pairs=pairs,
        profiles=profiles,
    )
    scored = {}
    for aspect, kernel in (("handle", similar_handles), ("name", similar_names)):
        distinct = engine.sql(
            f"SELECT DISTINCT left_{aspect} AS a, right_{aspect} AS b FROM texts WHERE left_{aspect} <> right_{aspect}",
            texts=texts,
        )
        scored[aspect] = engine.map_arrow(distinct, kernel, _SIMILARITY)
    return engine.sql(
        """
        SELECT t."left", t."right", h.similar AS handle, n.similar AS name FROM texts t
        LEFT JOIN handles h ON h.a = t.left_handle AND h.b = t.right_handle
        LEFT JOIN names n ON n.a = t.left_name AND n.b = t.right_name
        """,
        texts=texts,
        handles=scored["handle"],
        names=scored["name"],
    )


# --- e-mail, site, kind -------------------------------------------------------------------------------------------


def _value_level(column: str, otherwise: str) -> str:
    """SQL: the level of an exact value, by how many carry it."""
    return f"""
    CASE WHEN l.{column} IS NULL OR r.{column} IS NULL THEN 'incomparable'
         WHEN l.{column} = r.{column} AND l.{column}_band = 0 THEN 'private'
         WHEN l.{column} = r.{column} AND l.{column}_band = 1 THEN 'of_two'
         WHEN l.{column} = r.{column} AND l.{column}_band <= {LARGEST_PRIVATE_BAND} THEN 'of_few'
         WHEN l.{column} = r.{column} THEN 'incomparable'
         {otherwise}
         ELSE 'different' END"""


_IMITATES = "coalesce({side}.account_kind_hint IN ('fan', 'parody'), FALSE)"
_IS_BRANCH = "coalesce({side}.account_kind_hint = 'regional', FALSE)"
_KIND_LEVEL = f"""
    CASE WHEN {_IMITATES.format(side="l")} <> {_IMITATES.format(side="r")} THEN 'fan'
         WHEN {_IS_BRANCH.format(side="l")} <> {_IS_BRANCH.format(side="r")} THEN 'branch'
         WHEN l.account_kind_hint IS NULL OR r.account_kind_hint IS NULL THEN 'incomparable'
         WHEN l.account_kind_hint = r.account_kind_hint THEN 'same'
         ELSE 'different' END"""


# --- claims -------------------------------------------------------------------------------------------------------


def _claim_levels(pairs: pa.Table, profiles: pa.Table, claims: pa.Table, engine: Engine) -> pa.Table:
    """left, right, claim: what the two say about each other, and about third accounts on each other's platform."""
    return engine.sql(
        """
        WITH said AS (
            SELECT source_row, target_row, max(CASE WHEN kind = 'self' THEN 1 ELSE 0 END) AS own,
                   max(CASE WHEN kind = 'self_secondary' THEN 1 ELSE 0 END) AS secondary,
                   max(CASE WHEN kind IN ('mention', 'employer', 'contact') THEN 1 ELSE 0 END) AS related,
                   max(CASE WHEN kind = 'fan_of' THEN 1 ELSE 0 END) AS fan
            FROM claims WHERE target_row IS NOT NULL GROUP BY source_row, target_row
        ),
        elsewhere AS (
            SELECT source_row, target_platform, 1 AS any_target,
                   max(CASE WHEN target_row IS NULL THEN 0 ELSE 1 END) AS known_target
            FROM claims WHERE kind = 'self' GROUP BY source_row, target_platform
        ),
        facts AS (
            SELECT p."left", p."right", lr.target_row IS NOT NULL OR rl.target_row IS NOT NULL AS named,
                   coalesce(lr.own, 0) AS left_own, coalesce(rl.own, 0) AS right_own,
                   greatest(coalesce(lr.secondary, 0), coalesce(rl.secondary, 0)) AS secondary,
                   greatest(coalesce(lr.related, 0), coalesce(rl.related, 0)) AS related,
                   greatest(coalesce(lr.fan, 0), coalesce(rl.fan, 0)) AS fan,
                   CASE WHEN coalesce(lr.own, 0) = 0 THEN coalesce(le.any_target, 0) ELSE 0 END AS left_elsewhere,
                   CASE WHEN coalesce(rl.own, 0) = 0 THEN coalesce(re.any_target, 0) ELSE 0 END AS right_elsewhere,
                   CASE WHEN coalesce(lr.own, 0) = 0 THEN coalesce(le.known_target, 0) ELSE 0 END AS left_known,
                   CASE WHEN coalesce(rl.own, 0) = 0 THEN coalesce(re.known_target, 0) ELSE 0 END AS right_known
            FROM pairs p JOIN profiles l ON l."row" = p."left" JOIN profiles r ON r."row" = p."right"
            LEFT JOIN said lr ON lr.source_row = p."left" AND lr.target_row = p."right"
            LEFT JOIN said rl ON rl.source_row = p."right" AND rl.target_row = p."left"
            LEFT JOIN elsewhere le ON le.source_row = p."left" AND le.target_platform = r.platform
            LEFT JOIN elsewhere re ON re.source_row = p."right" AND re.target_platform = l.platform
        )
        SELECT "left", "right",
               CASE WHEN fan = 1 THEN 'fan_of'
                    WHEN left_own = 1 AND right_own = 1 THEN 'mutual'
                    WHEN left_own + right_own = 1 AND left_known + right_known > 0 THEN 'contested'
                    WHEN left_own + right_own = 1 THEN 'self'
                    WHEN secondary = 1 THEN 'secondary'
                    WHEN left_known = 1 AND right_known = 1 THEN 'elsewhere_both'
                    WHEN left_known = 1 OR right_known = 1 THEN 'elsewhere'
                    WHEN related = 1 THEN 'related'
                    WHEN left_elsewhere = 1 OR right_elsewhere = 1 THEN 'elsewhere_unknown'
                    WHEN named THEN 'named'
                    ELSE 'none' END AS claim
        FROM facts
        """,
        pairs=pairs,
        profiles=profiles,
        claims=claims,
    )


# --- bios ---------------------------------------------------------------------------------------------------------


def _bio_levels(pairs: pa.Table, profiles: pa.Table, engine: Engine, neighbours: pa.Table | None) -> pa.Table:
    """left, right, bio: by the share of words in common, or by the cosine where the bios are neighbours."""
    tokens = profiles["bio_tokens"].combine_chunks()
    words = pa.table(
        {
            "row": profiles["row"].combine_chunks().take(pc.list_parent_indices(tokens)),
            "word": pc.list_flatten(tokens).dictionary_encode().indices,  # joined millions of times: numbers, not texts
        }
    )
    near = (
        neighbours
        if neighbours is not None
        else pa.schema([("left", pa.int32()), ("right", pa.int32()), ("cosine", pa.float32())]).empty_table()
    )
    return engine.sql(
        f"""
        WITH sizes AS (SELECT "row", count(*) AS n FROM words GROUP BY "row"),
        shared AS (
            SELECT p."left", p."right", count(*) AS n FROM pairs p
            JOIN words l ON l."row" = p."left" JOIN words r ON r."row" = p."right" AND r.word = l.word
            GROUP BY p."left", p."right"
        ),
        cosines AS (
            SELECT least("left", "right") AS "left", greatest("left", "right") AS "right", max(cosine) AS cosine
            FROM near GROUP BY 1, 2
        ),
        facts AS (
            SELECT p."left", p."right", least(coalesce(l.n, 0), coalesce(r.n, 0)) AS fewest,
                   coalesce(s.n, 0) AS n, coalesce(s.n, 0) / greatest(l.n + r.n - coalesce(s.n, 0), 1.0) AS jaccard,
                   coalesce(c.cosine, 0) AS cosine
            FROM pairs p LEFT JOIN sizes l ON l."row" = p."left" LEFT JOIN sizes r ON r."row" = p."right"
            LEFT JOIN shared s ON s."left" = p."left" AND s."right" = p."right"
            LEFT JOIN cosines c ON c."left" = p."left" AND c."right" = p."right"
        )
        SELECT "left", "right",
               CASE WHEN cosine >= {COSINE_SAME} THEN 'same'
                    WHEN fewest < {FEWEST_BIO_WORDS} AND cosine < {COSINE_ALIKE} THEN 'incomparable'
                    WHEN jaccard >= {BIO_SAME} THEN 'same'
                    WHEN jaccard >= {BIO_ALIKE} OR cosine >= {COSINE_ALIKE} THEN 'alike'
                    WHEN jaccard >= {BIO_RELATED} THEN 'related'
                    WHEN n > 0 THEN 'little'
                    ELSE 'different' END AS bio
        FROM facts
        """,
        pairs=pairs,
        words=words,
        near=near,
    )


# --- names to numbers ---------------------------------------------------------------------------------------------


def _with_level_columns(compared: pa.Table) -> pa.Table:
    columns = {
        "handle_name": _indices(
            pc.binary_join_element_wise(compared["handle_relation"], compared["name_relation"], "_"), HANDLE_NAME
        ),
        "rarity": _rarity_indices(compared),
    }
    for comparison in (CLAIM, EMAIL, SITE, BIO, KIND, PLATFORM):
        columns[comparison.name] = _indices(compared[comparison.name], comparison)
    kept = {name: compared[name] for name in ("left", "right", "rules")}
    kept["handle_bits"] = pc.min_element_wise(compared["left_handle_bits"], compared["right_handle_bits"])
    return pa.table(kept | {comparison.name: columns[comparison.name] for comparison in COMPARISONS})


def _indices(names: pa.ChunkedArray, comparison: Comparison) -> pa.ChunkedArray:
    return pc.index_in(names, value_set=pa.array([level.name for level in comparison.levels])).cast(pa.int8())


def _rarity_indices(compared: pa.Table) -> pa.Array:
    """A shared handle is judged by its own rarity, otherwise a shared name by its own."""
    handle_bits = pc.min_element_wise(compared["left_handle_bits"], compared["right_handle_bits"])
    shares_handle = pc.is_in(compared["handle_relation"], value_set=pa.array(["exact", "near"])).to_numpy()
    shares_name = pc.equal(compared["name_relation"], "equal").to_numpy()
    by_handle = len(HANDLE_RARITY_EDGES) - np.searchsorted(HANDLE_RARITY_EDGES, _floats(handle_bits), side="right")
    by_name = len(NAME_RARITY_EDGES) - np.searchsorted(NAME_RARITY_EDGES, _floats(compared["name_bits"]), side="right")
    none = len(RARITY.levels) - 1
    names_start = len(HANDLE_RARITY_EDGES) + 1
    return pa.array(
        np.where(shares_handle, by_handle, np.where(shares_name, names_start + by_name, none)).astype(np.int8)
    )


def _floats(column: pa.ChunkedArray) -> npt.NDArray[np.float64]:
    return np.asarray(pc.fill_null(column, 0.0).to_numpy(), dtype=np.float64)
