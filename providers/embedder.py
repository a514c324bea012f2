"""The port every embedding model stands behind."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

Kind = Literal["document", "query"]


class Embedder(Protocol):
    #: names weights, revision and dimensions, e.g. "minilm-l6-v2-int8@53aa5117+1.ort1.31.1/384";
    #: vectors of different ids are never compared
    id: str
    #: length of a vector
    dim: int
    #: tokens beyond this are not seen
    max_tokens: int

    def embed(self, texts: Sequence[str], *, kind: Kind = "document") -> npt.NDArray[np.float32]:
        """float32, shape (len(texts), dim), unit norm, row i for text i. A text without a token gives a zero row."""
        ...


@runtime_checkable
class BatchEmbedder(Embedder, Protocol):
    """One that works on several batches at once, for it waits for another machine."""

    def embed_each(self, batches: Iterable[Sequence[str]]) -> Iterator[tuple[int, npt.NDArray[np.float32]]]:
        """The place and the vectors of each batch of documents, as they become known."""
        ...


def embed_each(embedder: Embedder, batches: Iterable[Sequence[str]]) -> Iterator[tuple[int, npt.NDArray[np.float32]]]:
    """The place and the vectors of each batch of documents, several at once where the embedder can."""
    if isinstance(embedder, BatchEmbedder):
        return embedder.embed_each(batches)
    return ((place, embedder.embed(texts)) for place, texts in enumerate(batches))
