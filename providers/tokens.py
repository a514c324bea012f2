"""How many tokens a text is: exact when the tokenizer's table is on this machine, else an estimate that says so."""

import hashlib
import math
import os
import tempfile
from pathlib import Path
from typing import Protocol

TABLE_NAME = "fb374d419588a4632f3f557e76b4b70aebbca790"  # sha1 of the address tiktoken keeps o200k_base under
TABLE_SHA256 = "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"
BYTES_PER_TOKEN = 3  # English runs at 4 or more and other scripts lower: an estimate for a budget errs on the dear side


class TokenCounter(Protocol):
    #: where counts come from: the name of a tokenizer, or `estimate`
    token_source: str

    def count(self, text: str) -> int: ...


class EstimatedTokens:
    """Tokens guessed from the length in UTF-8.

    >>> EstimatedTokens().count("seven b")
    3
    """

    token_source = "estimate"  # noqa: S105

    def count(self, text: str) -> int:
        return math.ceil(len(text.encode()) / BYTES_PER_TOKEN)


class O200kTokens:
    """Tokens of OpenAI's o200k_base. Make one only when `has_o200k_table()`, or tiktoken reaches for the network."""

    token_source = "o200k_base"  # noqa: S105

    def __init__(self) -> None:
        import tiktoken

        self._encoding = tiktoken.get_encoding("o200k_base")

    def count(self, text: str) -> int:
        return len(self._encoding.encode_ordinary(text))


def load_token_counter() -> TokenCounter:
    """The exact counter if its table is cached here, else the estimate; nothing is downloaded."""
    return O200kTokens() if has_o200k_table() else EstimatedTokens()


def has_o200k_table() -> bool:
    """Whether tiktoken will find its table whole: with any other bytes it would delete them and download again."""
    folder = _cache_folder()
    table = Path(folder) / TABLE_NAME
    return bool(folder) and table.is_file() and hashlib.sha256(table.read_bytes()).hexdigest() == TABLE_SHA256


def _cache_folder() -> str:
    """Where tiktoken looks; empty when it was told not to cache at all."""
    for name in ("TIKTOKEN_CACHE_DIR", "DATA_GYM_CACHE_DIR"):
        if name in os.environ:
            return os.environ[name]
    return str(Path(tempfile.gettempdir()) / "data-gym-cache")
