"""What a stage has to look at tonight: everything the first time and under another basis, afterwards what changed."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select

import store.news as news
from store.bulk import FrameReader, FrameWriter
from store.triggers import Reader, Word


@dataclass(frozen=True, slots=True)
class StageNews:
    """The news of one stage."""

    reader: Reader
    #: names everything that the stage's rows come from but what is noted: settings, recipes, code
    basis: str

    def holds(self, frames: FrameReader) -> bool:
        """Whether all but the news was looked at under this very basis."""
        return news.holds_basis(frames, self.reader, self.basis)

    def begin_anew(self, frames: FrameWriter, word: Word, everyone: Select[Any]) -> None:
        """Make all of these keys news, to be worked off under this basis."""
        news.begin_anew(frames, self.reader, self.basis, word, everyone)

    def listen(self, frames: FrameWriter) -> None:
        """Before a look at everything: what changes from now on is for the next one."""
        news.listen(frames, self.reader)

    def make_due(self, frames: FrameWriter) -> None:
        """Turn what was noted so far into creators that are due; what is noted from now on is for the next look."""
        news.make_due(frames, self.reader)

    def keys(self, frames: FrameReader, word: Word) -> list[str]:
        """What the words name, in order; it may be gone."""
        found: list[str] = frames.read(news.noted(self.reader, word))["entity_key"].to_pylist()
        return found

    def forget(self, frames: FrameWriter, word: Word, first: str, last: str) -> None:
        """What lies between two keys, both included, has been looked at."""
        frames.execute(news.forget_range(self.reader, word, first, last))

    def forget_all(self, frames: FrameWriter, word: Word) -> None:
        frames.execute(news.forget(self.reader, word))

    def settle(self, frames: FrameWriter) -> None:
        """Everything that is due was looked at, and all the rest as well, under this basis."""
        frames.execute(news.forget(self.reader, Word.DUE))
        news.set_basis(frames, self.reader, self.basis)
