"""Which level of each comparison a pair reaches.

Comes in: candidate pairs, profiles and claims, all by row. Goes out: one int8 column per comparison, in the order of
COMPARISONS. Pairs are taken in batches, one per core at a time, so that memory does not grow with the number of pairs.
A batch compares numbers (`sides.py`); texts are read only where numbers leave a question open.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from rapidfuzz.distance import JaroWinkler, Prefix
from rapidfuzz.process import cpdist

from engines.engine import Engine
from engines.workers import available_cores
from identity.claim_levels import claim_levels, with_names
from identity.comparisons import (
    ADDRESS,
    BIO,
    BIO_RARITY_EDGES,
    BIO_VECTOR,
    COMPARISONS,
    EMAIL,
    HANDLE_RARITY,
    HANDLE_RARITY_EDGES,
    HANDLE_RELATIONS,
    KIND,
    NAME_RARITY,
    NAME_RARITY_EDGES,
    NAME_RELATIONS,
    PLATFORM,
    SCALE,
    SCRIPT,
    SITE,
    Comparison,
)
from identity.rarity import Rarity, SharedWords, bio_words, name_words
from identity.sides import Accounts, Mask, Rows, Sides
from identity.spelling import Speller

Levels = npt.NDArray[np.int8]
Bits = npt.NDArray[np.float64]

BATCH_PAIRS = 100_000  # bounds the scratch memory of each thread
#: a value held by more than this power of two is shared: it is no evidence
LARGEST_PRIVATE_BAND = 3
SIMILAR_HANDLES = 0.92
SIMILAR_NAMES, SIMILAR_LATIN_NAMES = 0.90, 0.85
#: shorter starts, and shorter handles inside longer ones, are chance
SHORTEST_START, SHORTEST_CONTAINED = 5, 6
COSINE_SAME, COSINE_ALIKE = 0.95, 0.85
FEWEST_BIO_WORDS = 3
#: doublings of one audience that make the other
CLOSE, NEAR, APART = 1.5, 3.4, 6.7


@dataclass(frozen=True, slots=True)
class _Known:
    """What all batches look things up in."""

    accounts: Accounts
    names: SharedWords
    bios: SharedWords
    rarity: Rarity
    speller: Speller


def compare(
    pairs: pa.Table,
    profiles: pa.Table,
    claims: pa.Table,
    rarity: Rarity,
    engine: Engine,
    neighbours: pa.Table | None = None,
) -> pa.Table:
    """left, right, rules of `pairs` with `handle_bits` and one level column per comparison, in the order given.

    RIVALS is left at its first level: only weights can tell (`rivals.py`).

    profiles: by `row`, with the bands of `with_bands` and the columns of `with_rows`; neighbours: left, right, cosine.
    """
    words = name_words(profiles, rarity), bio_words(profiles, rarity)
    known = _Known(Accounts(profiles), *words, rarity, rarity.speller())
    batches = (pairs.slice(start, BATCH_PAIRS) for start in range(0, max(pairs.num_rows, 1), BATCH_PAIRS))
    with ThreadPoolExecutor(available_cores()) as threads:
        found = threads.map(partial(_levels, known), batches)
        said = claim_levels(pairs, profiles, claims, engine)
        levels = pa.concat_tables(found)
    whole = {
        "claim": pa.array(with_names(said, _names_agree(levels["handle_name"]))),
        "rivals": pa.array(np.zeros(pairs.num_rows, dtype=np.int8)),
        "bio_vector": pa.array(_bio_vector(_cosines(pairs, neighbours, engine))),
    }
    columns = {name: pairs[name] for name in ("left", "right", "rules")} | {"handle_bits": levels["handle_bits"]}
    return pa.table(columns | {c.name: whole[c.name] if c.name in whole else levels[c.name] for c in COMPARISONS})


def _levels(known: _Known, batch: pa.Table) -> pa.Table:
    """The levels that a batch of pairs reaches, and its `handle_bits`."""
    sides = Sides(known.accounts, _rows(batch["left"]), _rows(batch["right"]))
    handle, handle_bits = _handle_relation(sides, known)
    name, name_bits = _name_relation(sides, known)
    return pa.table(
        {
            "handle_bits": handle_bits,
            "handle_name": (handle * len(NAME_RELATIONS) + name).astype(np.int8),
            "handle_rarity": _rarity_level(handle_bits, _shares(handle), HANDLE_RARITY, HANDLE_RARITY_EDGES),
            "name_rarity": _rarity_level(name_bits, name < 3, NAME_RARITY, NAME_RARITY_EDGES),
            "email": _value_level(sides, "email", EMAIL),
            "site": _value_level(sides, "site", SITE),
            "address": _address(sides),
            "bio": _bio(sides, known.bios),
            "kind": _kind(sides),
            "scale": _scale(sides),
            "script": _script(sides),
            "platform": _choose(PLATFORM, len(sides), {"same": sides.equal("platform")}, "different"),
        }
    )


# --- handle and name ----------------------------------------------------------------------------------------------

_HANDLES = {name: place for place, name in enumerate(HANDLE_RELATIONS)}
_NAMES = {name: place for place, name in enumerate(NAME_RELATIONS)}


def _names_agree(handle_name: pa.ChunkedArray) -> Mask:
    return np.asarray(handle_name.to_numpy() % len(NAME_RELATIONS) <= _NAMES["similar"])


def _shares(handle: Levels) -> Mask:
    """Relations in which something of a handle is shared."""
    return np.asarray(handle <= _HANDLES["start"])


def _handle_relation(sides: Sides, known: _Known) -> tuple[Levels, Bits]:
    """The relation of each pair's handles, and the bits of what they share."""
    spelled_on_the_left = sides.equal("name_spelled", "handle_core") | sides.equal("name_spelled_back", "handle_core")
    spelled = sides.equal("handle_core", "name_spelled") | sides.equal("handle_core", "name_spelled_back")
    masks = {
        "unknown": sides.missing("handle"),
        "exact": sides.equal("handle"),
        "near": sides.equal("handle_core"),
        "letters": sides.equal("handle_letters"),
        "spelled": spelled_on_the_left | spelled,
    }
    relation = _first(masks, _HANDLES, len(sides), "different")
    open_pairs = np.flatnonzero(relation == _HANDLES["different"])
    cores = sides.texts("handle_core", open_pairs)
    starts = _shared_starts(*cores)
    relation[open_pairs[_alike(*cores, SIMILAR_HANDLES)]] = _HANDLES["similar"]
    relation[open_pairs[[start != "" for start in starts]]] = _HANDLES["start"]
    holders = np.where((relation == _HANDLES["spelled"]) & spelled_on_the_left, sides.right, sides.left)
    shared = _shared_texts(sides.accounts, relation, holders, [start for start in starts if start])
    return relation, _handle_bits(sides, relation, shared, known)


def _shared_starts(left: list[str], right: list[str]) -> list[str]:
    """What two handle cores begin with alike, or the one that stands inside the other; "" when it is too short."""
    lengths = cpdist(left, right, scorer=Prefix.similarity, dtype=np.int32)
    return [_common(one, other, length) for one, other, length in zip(left, right, lengths.tolist(), strict=True)]


def _common(one: str, other: str, start: int) -> str:
    shorter, longer = (one, other) if len(one) <= len(other) else (other, one)
    if len(shorter) >= SHORTEST_CONTAINED and shorter in longer:
        return shorter
    return one[:start] if start >= SHORTEST_START else ""


def _shared_texts(accounts: Accounts, relation: Levels, holders: Rows, starts: list[str]) -> pa.StringArray:
    """The text of each pair that shares one: the holder's core or letters, or the start that was found."""
    is_shared = _shares(relation)
    relation, rows = relation[is_shared], pa.array(holders[is_shared])
    cores, handles, letters = (accounts.texts[name].take(rows) for name in ("handle_core", "handle", "handle_letters"))
    shared = pc.if_else(pa.array(relation == _HANDLES["letters"]), letters, pc.coalesce(cores, handles))
    return pc.replace_with_mask(shared, pa.array(relation == _HANDLES["start"]), pa.array(starts, pa.string()))


def _handle_bits(sides: Sides, relation: Levels, shared: pa.StringArray, known: _Known) -> Bits:
    """The surprise of what is shared; of a whole handle never more than the share of people seen with it."""
    texts = shared.dictionary_encode()
    bits = np.zeros(len(sides))
    bits[_shares(relation)] = known.speller.bits(texts.dictionary)[texts.indices.to_numpy()]
    seen = known.rarity.of_bands(sides.accounts.bands("handle_core")[sides.left])
    return np.where(relation <= _HANDLES["near"], np.minimum(bits, seen), bits)


def _name_relation(sides: Sides, known: _Known) -> tuple[Levels, Bits]:
    """The relation of each pair's names, and the bits of what they share."""
    words = known.names
    shared, shared_bits = words.of(sides.left, sides.right)
    smaller = np.minimum(words.total_bits[sides.left], words.total_bits[sides.right])
    fewest = np.minimum(words.sizes[sides.left], words.sizes[sides.right])
    missing, equal, scripts_differ = sides.missing("name_key"), sides.equal("name_key"), _scripts_differ(sides)
    close = _close_names(sides, ~(missing | equal), scripts_differ)
    masks = {
        "missing": missing,
        "equal": equal,
        "similar": close | ((shared > 0) & (shared >= fewest)),
        "word": shared > 0,
    }
    relation = _first(masks, _NAMES, len(sides), "different")
    relation[(relation == _NAMES["different"]) & scripts_differ] = _NAMES["incomparable"]
    seen = known.rarity.of_bands(sides.accounts.bands("name_key")[sides.left])
    by_relation = {
        "equal": np.minimum(words.total_bits[sides.left], seen),
        "similar": np.where(close, np.maximum(smaller, shared_bits), shared_bits),
    }
    bits = np.select([relation == _NAMES[name] for name in by_relation], list(by_relation.values()), shared_bits)
    return relation, bits


def _close_names(sides: Sides, asked: Mask, scripts_differ: Mask) -> Mask:
    """Where names of the asked pairs are spelled alike; across scripts, in Latin letters."""
    close = np.zeros(len(sides), bool)
    pairs = np.flatnonzero(asked)
    close[pairs] = _alike(*sides.texts("name_glued", pairs), SIMILAR_NAMES)
    pairs = np.flatnonzero(asked & scripts_differ)
    close[pairs] |= _alike(*sides.texts("name_latin", pairs), SIMILAR_LATIN_NAMES)
    return close


def _scripts_differ(sides: Sides) -> Mask:
    """One name is written in Latin letters, the other is not: only sound can be compared."""
    is_ascii = sides.accounts.is_ascii_name
    return np.asarray(is_ascii[sides.left] != is_ascii[sides.right])


def _rarity_level(bits: Bits, is_shared: Mask, comparison: Comparison, edges: tuple[int, ...]) -> Levels:
    rarest_first = len(edges) - np.searchsorted(edges, bits, side="right")
    return np.where(is_shared, rarest_first, len(comparison.levels) - 1).astype(np.int8)


# --- e-mail, site, addresses --------------------------------------------------------------------------------------


def _value_level(sides: Sides, column: str, comparison: Comparison) -> Levels:
    """The level of an exact value, by how many carry it."""
    equal, bands = sides.equal(column), sides.accounts.bands(column)[sides.left]
    masks = {
        "private": equal & (bands == 0),
        "of_two": equal & (bands == 1),
        "of_few": equal & (bands <= LARGEST_PRIVATE_BAND),
        "incomparable": equal | sides.missing(column),
    }
    if column == "email":
        masks["same_domain"] = sides.equal("email_domain")
    return _choose(comparison, len(sides), masks, "different")


def _address(sides: Sides) -> Levels:
    """Whether an address of one spells the other's handle, which its own handle does not."""
    spells = np.zeros(len(sides), bool)
    for stem in ("email_stem", "site_stem"):
        spells |= sides.equal(stem, "handle_core") | sides.equal("handle_core", stem)
    return _choose(ADDRESS, len(sides), {"spells": spells & ~sides.equal("handle_core")}, "none")


# --- bios ---------------------------------------------------------------------------------------------------------


def _bio(sides: Sides, words: SharedWords) -> Levels:
    """By the surprise of the words both bios use."""
    shared, bits = words.of(sides.left, sides.right)
    fewest = np.minimum(words.sizes[sides.left], words.sizes[sides.right])
    levels = _rarity_level(bits, shared > 0, BIO, BIO_RARITY_EDGES)
    unsaid = BIO.index("incomparable")[0]
    return np.where((shared == 0) & (fewest < FEWEST_BIO_WORDS), unsaid, levels).astype(np.int8)


def _bio_vector(cosines: Bits) -> Levels:
    masks = {"same": cosines >= COSINE_SAME, "alike": cosines >= COSINE_ALIKE}
    return _choose(BIO_VECTOR, len(cosines), masks, "unknown")


def _cosines(pairs: pa.Table, neighbours: pa.Table | None, engine: Engine) -> Bits:
    """The cosine of each pair's bios; 0 where they are no neighbours."""
    if neighbours is None:
        return np.zeros(pairs.num_rows)
    found = engine.sql(
        """
        SELECT coalesce(n.cosine, 0) AS cosine FROM pairs p LEFT JOIN (
            SELECT least("left", "right") AS l, greatest("left", "right") AS r, CAST(max(cosine) AS DOUBLE) AS cosine
            FROM neighbours GROUP BY 1, 2
        ) n ON n.l = p."left" AND n.r = p."right" ORDER BY p."left", p."right"
        """,
        pairs=pairs,
        neighbours=neighbours,
    )
    return np.asarray(found["cosine"].to_numpy(), dtype=np.float64)


# --- kind, reach, script ------------------------------------------------------------------------------------------


def _kind(sides: Sides) -> Levels:
    imitates, branch = sides.accounts.is_imitation, sides.accounts.is_branch
    masks = {
        "fan": imitates[sides.left] != imitates[sides.right],
        "branch": (branch[sides.left] | branch[sides.right]) & ~sides.equal("name_key"),
        "incomparable": sides.missing("account_kind_hint"),
        "same": sides.equal("account_kind_hint"),
    }
    return _choose(KIND, len(sides), masks, "different")


def _scale(sides: Sides) -> Levels:
    reach = sides.accounts.follower_doublings
    doublings = np.abs(reach[sides.left] - reach[sides.right])
    masks = {
        "incomparable": np.isnan(doublings),
        "close": doublings < CLOSE,
        "near": doublings < NEAR,
        "apart": doublings < APART,
    }
    return _choose(SCALE, len(sides), masks, "far")


def _script(sides: Sides) -> Levels:
    same = sides.equal("script")
    masks = {
        "incomparable": sides.missing("script"),
        "latin": same & sides.accounts.is_latin[sides.left],
        "same": same,
    }
    return _choose(SCRIPT, len(sides), masks, "different")


# --- columns ------------------------------------------------------------------------------------------------------


def _choose(comparison: Comparison, size: int, masks: Mapping[str, Mask], otherwise: str) -> Levels:
    """The first level whose mask holds."""
    return _first(masks, {level.name: place for place, level in enumerate(comparison.levels)}, size, otherwise)


def _first(masks: Mapping[str, Mask], places: Mapping[str, int], size: int, otherwise: str) -> Levels:
    levels = np.full(size, places[otherwise], dtype=np.int8)
    for name, mask in reversed(list(masks.items())):
        levels[mask] = places[name]
    return levels


def _alike(left: list[str], right: list[str], threshold: float) -> Mask:
    """Close by Jaro-Winkler; never where a text is missing."""
    close = cpdist(left, right, scorer=JaroWinkler.normalized_similarity, score_cutoff=threshold, dtype=np.float32)
    known = np.fromiter((bool(one and other) for one, other in zip(left, right, strict=True)), bool, len(left))
    return np.asarray((close >= threshold) & known)


def _rows(column: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    return np.asarray(column.to_numpy(), dtype=np.int64)
