"""Bytes → JSON values and lines, within limits: what a hostile or broken file can do ends here, as a FieldError."""

import gzip
import io
import json
from collections.abc import Iterator
from typing import Any

import orjson

from ingest.fields import FieldError

LINE_BYTES = 64 * 1024 * 1024  # decoded; the largest real answer (50 videos) is below 1 MiB
UNPACKED_BYTES = 1 << 20  # at a time: each call goes through three layers of Python
_BOM = b"\xef\xbb\xbf"
_GZIP = b"\x1f\x8b"


def decode_json(data: bytes) -> Any:
    """The value of a JSON text. Bad characters are repaired (U+FFFD), bad structure is refused with its reason.

    Raises FieldError for malformed or truncated text, NaN and Infinity, numbers of thousands of digits, deep nesting.
    """
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        # The strict parser is also the fast one. The other takes lone surrogates and invalid UTF-8, both of which
        # the fields repair, and says better what is wrong.
        return _decode_leniently(data)


def _decode_leniently(data: bytes) -> Any:
    try:
        return json.loads(data.decode("utf-8", "replace"), parse_constant=_refuse_constant)
    except RecursionError:
        raise FieldError(
            "nested too deeply", "real answers nest fewer than 20 levels; look at where it came from"
        ) from None
    except json.JSONDecodeError as error:
        raise FieldError(
            f"malformed JSON: {error.msg} at character {error.pos}", "deliver the line again, whole"
        ) from None
    except FieldError:
        raise
    except ValueError:
        raise FieldError("a number of thousands of digits", "write counts with at most 19 digits") from None


def _refuse_constant(name: str) -> Any:
    raise FieldError(f"{name} is not JSON", "write null for an unknown number")


def lines(stream: io.BufferedReader, limit: int = LINE_BYTES) -> Iterator[tuple[int, bytes | None]]:
    """1-based number and bytes of each line that is not blank; None stands for a line longer than `limit` bytes."""
    number = 0
    while line := stream.readline(limit + 1):
        number += 1
        if len(line) > limit and not line.endswith(b"\n"):
            _skip_line(stream, limit)
            yield number, None
            continue
        line = line.removeprefix(_BOM) if number == 1 else line
        if line.strip():
            yield number, line


def _skip_line(stream: io.BufferedReader, limit: int) -> None:
    while part := stream.readline(limit):
        if part.endswith(b"\n"):
            return


def unpacked(stream: io.BufferedReader) -> io.BufferedReader:
    """The stream itself, or what is inside when it is gzip (by its first bytes, not by its name)."""
    start = stream.peek(2)[:2]
    return io.BufferedReader(_Unpacked(stream), UNPACKED_BYTES) if start == _GZIP else stream


class _Unpacked(io.RawIOBase):
    """What is inside a gzip file, in pieces as they come: what stands before a break is still read."""

    def __init__(self, stream: io.BufferedReader) -> None:
        self._file = gzip.GzipFile(fileobj=stream)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._file.read1(len(buffer))
        buffer[: len(data)] = data
        return len(data)
