"""The port every embedding model stands behind."""

from collections.abc import Sequence
from typing import Literal, Protocol

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
