"""The surprise of many handles at once: `handle_surprisal_bits` over a column, to the last bit the same.

Comes in: texts, bits of known words, bits of single characters. Goes out: bits per text. Known words become a tree of
letters that all texts walk in step, so that a start which begins no word is dropped after two or three letters.
"""

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from identity.weights import LONGEST_WORD, HandleCharacters, handle_surprisal_bits

Bits = npt.NDArray[np.float64]
Codes = npt.NDArray[np.uint8]
Rows = npt.NDArray[np.int64]

#: longer texts, and those with characters outside the alphabet, are spelled one by one: they are few
LONGEST_IN_STEP = 64
#: texts that walk together; small enough to stay in a processor's cache
STEP_TEXTS = 16_384


class Speller:
    """Knows words and characters; tells how surprising a text is."""

    def __init__(self, word_bits: Mapping[str, float], characters: HandleCharacters) -> None:
        self._word_bits, self._characters = word_bits, characters
        self._code_of_byte = np.zeros(256, np.uint8)
        for code, character in enumerate(characters.alphabet, start=1):
            if character.isascii():
                self._code_of_byte[ord(character)] = code
        self._steps = np.array(characters.bits)
        self._next, self._known_bits = _tree(word_bits, characters.alphabet)

    def bits(self, texts: pa.StringArray) -> Bits:
        """The surprisal of each text, in bits; the empty text is no surprise."""
        result = np.zeros(len(texts))
        lengths = pc.binary_length(texts).to_numpy()
        is_hard = lengths > LONGEST_IN_STEP
        order = np.argsort(-lengths, kind="stable")[np.count_nonzero(is_hard) :]
        for rows in _chunks(order):
            codes = self._codes(texts.take(pa.array(rows)), lengths[rows])
            is_hard[rows] = np.count_nonzero(codes, axis=1) < lengths[rows]
            result[rows] = self._walk(codes, lengths[rows])
        hard = np.flatnonzero(is_hard)
        result[hard] = [
            handle_surprisal_bits(text, self._word_bits, self._characters)
            for text in texts.take(pa.array(hard)).to_pylist()
        ]
        return result

    def _codes(self, texts: pa.StringArray, lengths: Rows) -> Codes:
        """One row of codes per text, filled up with zeros; zero is also what no alphabet has."""
        _, offsets, data = texts.buffers()
        codes = np.zeros((len(texts), int(lengths.max(initial=0))), np.uint8)
        inside = np.arange(codes.shape[1]) < lengths[:, None]
        bounds = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
        codes[inside] = self._code_of_byte[np.frombuffer(data or b"", np.uint8)[bounds[0] : bounds[-1]]]
        return codes

    def _walk(self, codes: Codes, lengths: Rows) -> Bits:
        """The cheapest spelling of each text; `codes` and `lengths` longest first."""
        count, longest = codes.shape
        best = np.full((longest + 1, count), np.inf)
        best[0] = 0.0
        columns = np.ascontiguousarray(codes.T).astype(np.intp)
        before = np.zeros(count, np.intp)
        for start in range(longest):
            going = int(np.searchsorted(-lengths, -start, side="left"))  # texts longer than `start`
            letters = columns[start, :going]
            step = best[start, :going] + self._steps[before[:going], letters]
            np.minimum(best[start + 1, :going], step, out=best[start + 1, :going])
            self._take_words(columns, best, start, going)
            before = letters
        return best[lengths, np.arange(count)]

    def _take_words(self, columns: npt.NDArray[np.intp], best: Bits, start: int, going: int) -> None:
        """Offer every known word that begins at `start`."""
        rows, nodes = np.arange(going), self._next[0, columns[start, :going]]
        for end in range(start + 1, min(start + LONGEST_WORD, len(columns))):
            alive = np.flatnonzero(nodes)
            if not len(alive):
                return
            rows = rows[alive]
            nodes = self._next[nodes[alive], columns[end, rows]]
            best[end + 1, rows] = np.minimum(best[end + 1, rows], best[start, rows] + self._known_bits[nodes])


def _chunks(order: Rows) -> Iterator[Rows]:
    for start in range(0, len(order), STEP_TEXTS):
        yield order[start : start + STEP_TEXTS]


def _tree(word_bits: Mapping[str, float], alphabet: str) -> tuple[npt.NDArray[np.int32], Bits]:
    """Per node and letter the next node (0: none), and per node the bits of the word that ends there (inf: none)."""
    known = set(alphabet)
    words = sorted(word for word in word_bits if 1 < len(word) <= LONGEST_WORD and known.issuperset(word))
    letters = np.array(words, f"U{LONGEST_WORD}").view(np.uint32).reshape(len(words), LONGEST_WORD)
    code_of = np.zeros(1 + max(map(ord, alphabet)), np.intp)
    code_of[list(map(ord, alphabet))] = np.arange(1, len(alphabet) + 1)
    codes = code_of[letters]
    differs = np.ones(codes.shape, bool)
    differs[1:] = np.logical_or.accumulate(codes[1:] != codes[:-1], axis=1)
    is_new = differs & (codes > 0)  # the first word of the sorted ones that starts so
    nodes = np.cumsum(is_new, axis=0) + np.cumsum([0, *is_new.sum(axis=0)[:-1]])  # the root is 0; then letter by letter
    parents = np.column_stack([np.zeros(len(words), np.intp), nodes[:, :-1]])
    table = np.zeros((1 + int(is_new.sum()), len(alphabet) + 1), np.int32)
    table[parents[is_new], codes[is_new]] = nodes[is_new]
    bits = np.full(len(table), np.inf)
    bits[nodes[np.arange(len(words)), np.count_nonzero(codes, axis=1) - 1]] = [word_bits[word] for word in words]
    return table, bits
