"""`fast`: one fixed vector per token, summed. Tens of thousands of texts a second, for scale runs and slow machines.

Knows word meanings but no word order; for search quality the default model is clearly better.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file
from scipy.sparse import csr_array
from tokenizers import Tokenizer

from providers.embedder import Kind
from providers.weights import INSTALL_CARRIERS, PinnedFile, find_weights

WEIGHTS = PinnedFile(
    "wordllama",
    "weights/l2_supercat_256.safetensors",
    "64b47a2dc493cb8e85944076601189739852d7b64e0e1eedcb1937a251cd9fd5",
)
TOKENIZER = PinnedFile(
    "wordllama",
    "tokenizers/l2_supercat_tokenizer_config.json",
    "93248f2a9ec36c7b35f700a033d5f36228aae48db61aee31007fa49062cdeb68",
)
LICENCE_NOTE = (
    "The fast model is published under MIT, but its token vectors were trained from token embeddings of Llama 2 70B "
    "and Phi-3 medium; the Llama 2 Community License may reach them. Read it before you ship vectors made with it."
)
HINT = INSTALL_CARRIERS

TEXTS_AT_ONCE = 4096  # bounds the sparse matrix and the words met between two looks at the memo's size
MEMO_WORDS = 250_000  # about 100 MB; past it the memo starts afresh, which costs time and changes nothing else
MAX_CHARACTERS = 8192  # a word of the tokenizer costs more than linear time, so a text without spaces must end


class StaticEmbedder:
    """Sum of token vectors, scaled to unit norm; the vector of a text depends on nothing but the text.

    model_dir: folder with the two files, when they are not in the installed carrier package.
    """

    max_tokens = 512
    licence_note = LICENCE_NOTE

    def __init__(self, model_dir: Path | None = None) -> None:
        self._tokenizer = Tokenizer.from_file(str(find_weights(TOKENIZER, model_dir, hint=HINT)))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._token_vectors = _read_token_vectors(find_weights(WEIGHTS, model_dir, hint=HINT))
        self._memo: dict[str, list[int]] = {}
        self.dim = self._token_vectors.shape[1]
        self.id = f"wordllama-l2-supercat@{WEIGHTS.sha256[:8]}/{self.dim}"

    def embed(self, texts: Sequence[str], *, kind: Kind = "document") -> npt.NDArray[np.float32]:
        """See `Embedder.embed`. Documents and queries are treated alike."""
        vectors = np.zeros((len(texts), self.dim), np.float32)
        for start in range(0, len(texts), TEXTS_AT_ONCE):
            part = texts[start : start + TEXTS_AT_ONCE]
            vectors[start : start + len(part)] = self._sum_tokens(part)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        np.divide(vectors, norms, out=vectors, where=norms > 0)
        return vectors

    def _sum_tokens(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        words = [text[:MAX_CHARACTERS].split() for text in texts]
        self._learn({word for text in words for word in text})
        memo, limit = self._memo, self.max_tokens
        tokens = [[token for word in text for token in memo[word]][:limit] for text in words]
        ends = np.cumsum([0, *map(len, tokens)])
        columns = np.fromiter((token for text in tokens for token in text), np.int32, count=int(ends[-1]))
        counts = csr_array(
            (np.ones(len(columns), np.float32), columns, ends), shape=(len(texts), len(self._token_vectors))
        )
        return np.asarray(counts @ self._token_vectors)

    def _learn(self, words: set[str]) -> None:
        """Tokenise the words not met before: no token spans a space, so a text's tokens are its words' tokens."""
        if len(self._memo) > MEMO_WORDS:
            self._memo.clear()
        new = sorted(words - self._memo.keys())
        encoded = self._tokenizer.encode_batch_fast(new, add_special_tokens=False)
        self._memo.update(zip(new, (word.ids for word in encoded), strict=True))


def _read_token_vectors(path: Path) -> npt.NDArray[np.float32]:
    (tensor,) = load_file(path).values()
    return np.ascontiguousarray(tensor, dtype=np.float32)
