"""Embeddings: texts that share words point the same way; the limits are the vendor's."""

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from tests.fake_provider.books import BilledCall
from tests.fake_provider.chat import Reply, tokens
from tests.fake_provider.faults import Refused

NATIVE_DIMENSIONS = {"text-embedding-3-small": 1536, "text-embedding-3-large": 3072}
MOST_TEXTS, MOST_TOKENS, MOST_TOKENS_PER_TEXT = 2048, 300_000, 8192


def embed(request: Mapping[str, Any], request_key: str, fault: str) -> Reply | Refused:
    """The vectors of a request's texts, in an order of their own; a Refused when the request breaks a limit."""
    texts = request.get("input")
    texts = [texts] if isinstance(texts, str) else texts
    wrong = _mistake(texts)
    if wrong:
        return wrong
    dim = request.get("dimensions") or NATIVE_DIMENSIONS.get(request["model"], 64)
    as_text = request.get("encoding_format") == "base64"
    data = [
        {"object": "embedding", "index": row, "embedding": _vector(text, dim, as_text)}
        for row, text in enumerate(texts)
    ]
    data.sort(key=lambda one: hashlib.sha256(texts[one["index"]].encode()).digest())
    used = sum(map(tokens, texts))
    bill = BilledCall("embeddings", request_key, request["model"], used, fault=fault)
    usage = {"prompt_tokens": used, "total_tokens": used}
    return Reply({"object": "list", "model": request["model"], "data": data, "usage": usage}, bill)


def _mistake(texts: Any) -> Refused | None:
    kind = "invalid_request_error"
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) and text for text in texts):
        return Refused(400, "invalid_value", kind, "'$.input' is invalid: an empty string or no list of strings.")
    if len(texts) > MOST_TEXTS:
        return Refused(400, "invalid_value", kind, f"'$.input' is too long: at most {MOST_TEXTS}.")
    counts = [tokens(text) for text in texts]
    if max(counts) > MOST_TOKENS_PER_TEXT:
        return Refused(400, "context_length_exceeded", kind, "This model's maximum context length is 8192 tokens.")
    if sum(counts) > MOST_TOKENS:
        return Refused(400, "max_tokens_per_request", kind, f"Requested {sum(counts)} tokens, max 300000 tokens.")
    return None


def _vector(text: str, dim: int, as_text: bool) -> Any:
    """Not of unit length on purpose: the client has to see to that."""
    vector = np.full(dim, 1e-3, np.float32)
    for word in text.lower().split():
        digest = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "little")
        vector[digest % dim] += 2 if digest >> 63 else -2
    return base64.b64encode(vector.tobytes()).decode() if as_text else vector.tolist()
