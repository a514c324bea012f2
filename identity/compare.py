"""Which level of each comparison a pair reaches.

Comes in: candidate pairs, profiles and claims, all by row. Goes out: one int8 column per comparison, in the order of
COMPARISONS. Pairs are taken in batches and both sides laid next to each other, so that memory does not grow with the
number of pairs; a batch sees columns, never objects.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from rapidfuzz.distance import JaroWinkler, Prefix
from rapidfuzz.process import cpdist

from engines.engine import Engine
from identity.claim_levels import claim_levels
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

Mask = npt.NDArray[np.bool_]
Levels = npt.NDArray[np.int8]
Bits = npt.NDArray[np.float64]

BATCH_PAIRS = 250_000
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
class Words:
    names: SharedWords
    bios: SharedWords


class Sides:
    """One batch: any profile column of both accounts of every pair."""

    def __init__(self, profiles: pa.Table, left: npt.NDArray[np.int64], right: npt.NDArray[np.int64]) -> None:
        self._profiles = profiles
        self.left, self.right = left, right
        self._rows = pa.array(left), pa.array(right)
        self._both: dict[str, tuple[pa.Array, pa.Array]] = {}

    def __len__(self) -> int:
        return len(self.left)

    def both(self, column: str) -> tuple[pa.Array, pa.Array]:
        """The column on the left, and on the right."""
        if column not in self._both:
            whole = self._profiles[column].combine_chunks()
            self._both[column] = whole.take(self._rows[0]), whole.take(self._rows[1])
        return self._both[column]

    def equal(self, column: str, other: str | None = None) -> Mask:
        """Where both hold one value (left `column` against right `other`); never where one is missing."""
        return _mask(pc.equal(self.both(column)[0], self.both(other or column)[1]))

    def missing(self, column: str) -> Mask:
        left, right = self.both(column)
        return _mask(pc.or_(pc.is_null(left), pc.is_null(right)))

    def bands(self, column: str) -> npt.NDArray[np.int8]:
        """The band of a value both share."""
        return np.asarray(self.both(f"{column}_band")[0].to_numpy(zero_copy_only=False), dtype=np.int8)


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
    words = Words(name_words(profiles, rarity), bio_words(profiles, rarity))
    said = claim_levels(pairs, profiles, claims, engine)
    cosines = _cosines(pairs, neighbours, engine)
    parts = []
    for start in range(0, max(pairs.num_rows, 1), BATCH_PAIRS):
        batch = pairs.slice(start, BATCH_PAIRS)
        sides = Sides(profiles, _rows(batch["left"]), _rows(batch["right"]))
        levels, handle_bits = _levels(sides, words, rarity)
        levels["claim"] = said[start : start + BATCH_PAIRS]
        levels["rivals"] = np.zeros(len(sides), dtype=np.int8)
        levels["bio_vector"] = _bio_vector(cosines[start : start + BATCH_PAIRS])
        columns = {name: batch[name] for name in ("left", "right", "rules")} | {"handle_bits": pa.array(handle_bits)}
        parts.append(pa.table(columns | {c.name: pa.array(levels[c.name], pa.int8()) for c in COMPARISONS}))
    return pa.concat_tables(parts)


def _levels(sides: Sides, words: Words, rarity: Rarity) -> tuple[dict[str, Levels], Bits]:
    handle, shared = _handle_relation(sides)
    name, shared_name_bits = _name_relation(sides, words.names, rarity)
    handle_bits = _handle_bits(sides, handle, shared, rarity)
    levels = {
        "handle_name": (handle * len(NAME_RELATIONS) + name).astype(np.int8),
        "handle_rarity": _rarity_level(handle_bits, shared_mask(handle), HANDLE_RARITY, HANDLE_RARITY_EDGES),
        "name_rarity": _rarity_level(shared_name_bits, name < 3, NAME_RARITY, NAME_RARITY_EDGES),
        "email": _value_level(sides, "email", EMAIL),
        "site": _value_level(sides, "site", SITE),
        "address": _address(sides),
        "bio": _bio(sides, words.bios),
        "kind": _kind(sides),
        "scale": _scale(sides),
        "script": _script(sides),
        "platform": _choose(PLATFORM, len(sides), {"same": sides.equal("platform")}, "different"),
    }
    return levels, handle_bits


# --- handle and name ----------------------------------------------------------------------------------------------

_HANDLES = {name: place for place, name in enumerate(HANDLE_RELATIONS)}
_NAMES = {name: place for place, name in enumerate(NAME_RELATIONS)}


def shared_mask(handle: Levels) -> Mask:
    """Relations in which something of a handle is shared."""
    return np.asarray(handle <= _HANDLES["start"])


def _handle_relation(sides: Sides) -> tuple[Levels, pa.Array]:
    """The relation of each pair's handles, and the text they share ("" when none)."""
    cores = sides.both("handle_core")
    spells = [
        sides.equal("name_spelled", "handle_core") | sides.equal("name_spelled_back", "handle_core"),
        sides.equal("handle_core", "name_spelled") | sides.equal("handle_core", "name_spelled_back"),
    ]
    start = _shared_start(*cores)
    masks = {
        "unknown": sides.missing("handle"),
        "exact": sides.equal("handle"),
        "near": sides.equal("handle_core"),
        "letters": sides.equal("handle_letters"),
        "spelled": spells[0] | spells[1],
        "start": _mask(pc.greater(pc.utf8_length(start), 0)),
        "similar": _alike(*cores, SIMILAR_HANDLES),
    }
    relation = _first(masks, _HANDLES, len(sides), "different")
    shared = pc.if_else(pa.array(relation == _HANDLES["start"]), start, cores[0])
    shared = pc.if_else(pa.array(relation == _HANDLES["letters"]), sides.both("handle_letters")[0], shared)
    shared = pc.if_else(pa.array((relation == _HANDLES["spelled"]) & spells[0]), cores[1], shared)
    return relation, pc.fill_null(pc.coalesce(shared, sides.both("handle")[0]), "")


def _shared_start(left: pa.Array, right: pa.Array) -> pa.Array:
    """What two handle cores begin with alike, or the one that stands inside the other; "" when it is too short."""
    a, b = _texts(left), _texts(right)
    lengths = cpdist(a, b, scorer=Prefix.similarity, dtype=np.int32)
    return pa.array([_common(x, y, int(length)) for x, y, length in zip(a, b, lengths, strict=True)], pa.string())


def _common(one: str, other: str, start: int) -> str:
    shorter, longer = (one, other) if len(one) <= len(other) else (other, one)
    if len(shorter) >= SHORTEST_CONTAINED and shorter in longer:
        return shorter
    return one[:start] if start >= SHORTEST_START else ""


def _handle_bits(sides: Sides, relation: Levels, shared: pa.Array, rarity: Rarity) -> Bits:
    """The surprise of what is shared; of a whole handle never more than the share of people seen with it."""
    texts = pc.if_else(pa.array(shared_mask(relation)), shared, "").dictionary_encode()
    bits = rarity.handle_bits(texts.dictionary.to_pylist())[texts.indices.to_numpy()]
    is_whole = relation <= _HANDLES["near"]
    seen = np.minimum(bits, rarity.of_bands(sides.bands("handle_core")))
    return np.asarray(np.where(is_whole, seen, bits), dtype=np.float64)


def _name_relation(sides: Sides, words: SharedWords, rarity: Rarity) -> tuple[Levels, Bits]:
    """The relation of each pair's names, and the bits of what they share."""
    shared, shared_bits = words.of(sides.left, sides.right)
    smaller = np.minimum(words.total_bits[sides.left], words.total_bits[sides.right])
    latin = _alike(*sides.both("name_latin"), SIMILAR_LATIN_NAMES) & _scripts_differ(sides)
    close = _alike(*sides.both("name_glued"), SIMILAR_NAMES) | latin
    fewest = np.minimum(words.sizes[sides.left], words.sizes[sides.right])
    masks = {
        "missing": sides.missing("name_key"),
        "equal": sides.equal("name_key"),
        "similar": close | ((shared > 0) & (shared >= fewest)),
        "word": shared > 0,
    }
    relation = _first(masks, _NAMES, len(sides), "different")
    relation[(relation == _NAMES["different"]) & _scripts_differ(sides)] = _NAMES["incomparable"]
    seen = np.minimum(words.total_bits[sides.left], rarity.of_bands(sides.bands("name_key")))
    by_relation = {"equal": seen, "similar": np.where(close, np.maximum(smaller, shared_bits), shared_bits)}
    bits = np.select([relation == _NAMES[name] for name in by_relation], list(by_relation.values()), shared_bits)
    return relation, bits


def _scripts_differ(sides: Sides) -> Mask:
    """One name is written in Latin letters, the other is not: only sound can be compared."""
    left, right = (_mask(pc.string_is_ascii(side)) for side in sides.both("name_key"))
    return np.asarray(left != right)


def _rarity_level(bits: Bits, is_shared: Mask, comparison: Comparison, edges: tuple[int, ...]) -> Levels:
    rarest_first = len(edges) - np.searchsorted(edges, bits, side="right")
    return np.where(is_shared, rarest_first, len(comparison.levels) - 1).astype(np.int8)


# --- e-mail, site, addresses --------------------------------------------------------------------------------------


def _value_level(sides: Sides, column: str, comparison: Comparison) -> Levels:
    """The level of an exact value, by how many carry it."""
    equal, bands = sides.equal(column), sides.bands(column)
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
    left, right = sides.both("account_kind_hint")
    imitates, branch = (
        [_mask(pc.is_in(side, value_set=pa.array(kinds))) for side in (left, right)]
        for kinds in (["fan", "parody"], ["regional"])
    )
    masks = {
        "fan": imitates[0] != imitates[1],
        "branch": (branch[0] | branch[1]) & ~sides.equal("name_key"),
        "incomparable": sides.missing("account_kind_hint"),
        "same": sides.equal("account_kind_hint"),
    }
    return _choose(KIND, len(sides), masks, "different")


def _scale(sides: Sides) -> Levels:
    left, right = (np.log2(_floats(side) + 1.0) for side in sides.both("followers"))
    doublings = np.abs(left - right)
    masks = {
        "incomparable": sides.missing("followers"),
        "close": doublings < CLOSE,
        "near": doublings < NEAR,
        "apart": doublings < APART,
    }
    return _choose(SCALE, len(sides), masks, "far")


def _script(sides: Sides) -> Levels:
    same = sides.equal("script")
    latin = _mask(pc.equal(sides.both("script")[0], "Latin"))
    masks = {"incomparable": sides.missing("script"), "latin": same & latin, "same": same}
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


def _alike(left: pa.Array, right: pa.Array, threshold: float) -> Mask:
    """Close by Jaro-Winkler; never where a text is missing."""
    close = cpdist(
        _texts(left), _texts(right), scorer=JaroWinkler.normalized_similarity, score_cutoff=threshold, dtype=np.float32
    )
    return np.asarray(close >= threshold) & ~_mask(pc.or_(pc.is_null(left), pc.is_null(right)))


def _texts(column: pa.Array) -> list[str]:
    texts: list[str] = pc.fill_null(column, "").to_pylist()
    return texts


def _mask(column: pa.Array) -> Mask:
    return np.asarray(pc.fill_null(column, False).to_numpy(zero_copy_only=False), dtype=bool)


def _floats(column: pa.Array) -> Bits:
    return np.asarray(pc.fill_null(column, 0).to_numpy(zero_copy_only=False), dtype=np.float64)


def _rows(column: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    return np.asarray(column.to_numpy(), dtype=np.int64)
