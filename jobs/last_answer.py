"""What identity was last asked and what it told: whoever asks the same again is told the same, and nothing is done.

Comes in: everything a night's answer follows from. Goes out: one name for it, and the answer that was kept under it.
"""

import hashlib
import io
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from base.fingerprint import fingerprint
from base.judgement import Judgement
from identity.triage import IdentitySettings
from identity.weights import load_model
from jobs.identity_memory import code_of
from store.folders import LocalFolder

#: whose code stands between the store and the answer
ROOMS = ("base", "embeddings", "engines", "identity", "jobs", "store")


@dataclass(frozen=True, slots=True)
class LastAnswer:
    #: of everything that was asked
    question: str
    #: names what is stored since
    night: str
    #: what the report told; JSON-able
    details: dict[str, Any]


def question_of(settings: IdentitySettings, inputs: Mapping[str, pa.Table], judgements: Iterable[Judgement]) -> str:
    """One name for everything that the outcome follows from."""
    frames = {name: digest_of(frame) for name, frame in inputs.items()}
    rules = [settings.model_dump(mode="json"), load_model(settings.model).fingerprint, code_of(*ROOMS)]
    return fingerprint([frames, [repr(one) for one in judgements], rules])


def load_answer(home: Path, question: str, night: str) -> LastAnswer | None:
    """The answer to this very question, if what it came to is what is stored; `night` names that, "" is nothing."""
    try:
        kept = LastAnswer(**orjson.loads((home / "memory" / "answer.json").read_bytes()))
    except (OSError, ValueError, TypeError):
        return None
    return kept if night and (kept.question, kept.night) == (question, night) else None


def save_answer(home: Path, answer: LastAnswer) -> None:
    """Keep `answer` in place of the one before."""
    with LocalFolder(home / "memory").writing("answer.json") as file:
        file.write(orjson.dumps(asdict(answer)))


def digest_of(frame: pa.Table) -> str:
    """The same for the same rows in the same order."""
    sink = _Digest()
    with pa.ipc.new_stream(pa.PythonFile(sink, mode="w"), frame.schema) as stream:
        stream.write_table(frame.combine_chunks())
    return sink.hash.hexdigest()


class _Digest(io.RawIOBase):
    """A file that keeps nothing of what is written but its digest."""

    def __init__(self) -> None:
        super().__init__()
        self.hash = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.hash.update(data)
        return len(data)
