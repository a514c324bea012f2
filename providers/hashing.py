"""For tests only: an embedder that needs no model. Never offered to users: it knows shared words and nothing else."""

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from providers.embedder import Kind


class HashingEmbedder:
    """Each word adds ±1 to the dimension its hash points at; texts that share words point the same way."""

    max_tokens = 512

    def __init__(self, dim: int = 64) -> None:
        self.dim = dim
        self.id = f"hashing/{dim}"

    def embed(self, texts: Sequence[str], *, kind: Kind = "document") -> npt.NDArray[np.float32]:
        vectors = np.zeros((len(texts), self.dim), np.float32)
        for row, text in enumerate(texts):
            for word in text.lower().split()[: self.max_tokens]:
                digest = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "little")
                vectors[row, digest % self.dim] += 1 if digest >> 63 else -1
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        np.divide(vectors, norms, out=vectors, where=norms > 0)
        return vectors
