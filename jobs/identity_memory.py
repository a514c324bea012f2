"""What identity remembers of earlier nights, as files under `memory/` of the home.

It may vanish at any time and costs a full resolve then, so nothing here is repaired: files that are missing, cut short,
from different nights, or from another version of the code count as no memory at all.
"""

import sys
import unicodedata
import uuid
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path

import pyarrow as pa

from base.fingerprint import fingerprint, sha256_hex
from identity.memory import Memory, forget
from store.folders import LocalFolder

#: third-party code that identity's answers come from
LIBRARIES = ("anyascii", "duckdb", "faiss-cpu", "numpy", "publicsuffixlist", "pyarrow", "rapidfuzz", "scipy")
PARTS = ("profiles", "marks", "claims", "tallies", "counts", "pairs", "held", "decided", "relations")
#: beside the frames, in the metadata of each of them
WORDS = ("basis", "ruling", "night")


def load_memory(home: Path) -> Memory:
    """The memory under `home`; an empty one when it is not complete, or not of this very code."""
    try:
        parts = {name: _read(home / "memory" / f"{name}.arrow") for name in PARTS}
        (stamp,) = {tuple(sorted((part.schema.metadata or {}).items())) for part in parts.values()}
        told = {name.decode(): value.decode() for name, value in stamp}
        if told.pop("code") != code_fingerprint():
            return Memory.empty()
        words = {name: told[name] for name in WORDS}
    except (OSError, ValueError, KeyError):  # ArrowInvalid is a ValueError
        return Memory.empty()
    tables = {name: part.replace_schema_metadata(None) for name, part in parts.items()}
    return Memory(**words, **tables, is_whole=told["is_whole"] == str(True))


def save_memory(home: Path, memory: Memory) -> None:
    """Keep `memory` in place of what was kept before; a kill half-way leaves no memory, never a mixed one."""
    words = {name: getattr(memory, name) for name in WORDS}
    stamp = words | {"is_whole": str(memory.is_whole), "code": code_fingerprint(), "written": uuid.uuid4().hex}
    folder = LocalFolder(home / "memory")
    for name in PARTS:
        table = getattr(memory, name).replace_schema_metadata(stamp)
        with folder.writing(f"{name}.arrow") as file, pa.ipc.new_file(file, table.schema) as writer:
            writer.write_table(table)


def forget_accounts(home: Path, keys: Iterable[str]) -> int:
    """Take everything about these accounts out of the memory under `home`. Returns how many it knew."""
    memory = load_memory(home)
    rest = forget(memory, keys)
    if rest is memory:
        return 0
    save_memory(home, rest)
    return int(memory.marks.num_rows - rest.marks.num_rows)


def same_memory(one: Memory, other: Memory) -> bool:
    """Whether they hold the same, so that nothing need be written."""
    fields = (*WORDS, "is_whole", *PARTS)
    return all(getattr(one, name) == getattr(other, name) for name in fields)


def code_fingerprint() -> str:
    """Of everything that identity's answers come from but its input: its code, its tables, the libraries under it."""
    return code_of("base", "identity")


@cache
def code_of(*rooms: str) -> str:
    """The same of some rooms."""
    house = Path(__file__).parents[1]
    files = sorted(path for room in rooms for suffix in ("py", "toml") for path in (house / room).rglob(f"*.{suffix}"))
    sources = {path.relative_to(house).as_posix(): sha256_hex(path.read_bytes()) for path in files}
    libraries = {name: version(name) for name in LIBRARIES}
    return fingerprint([sources, libraries, sys.version, unicodedata.unidata_version])


def _read(path: Path) -> pa.Table:
    """Mapped, not read: only what is asked for comes into memory."""
    return pa.ipc.open_file(pa.memory_map(str(path))).read_all()
