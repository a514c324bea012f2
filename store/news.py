"""What changed since a stage last looked, as triggers note it (store/triggers.py); and under what it saw the rest.

Words are about accounts and creators, and about items that left. A stage that walks creators first turns its words
into creators that are due: what is noted while it works is left for its next look.
"""

from typing import Any

import pyarrow as pa
from sqlalchemy import Delete, Select, Text, delete, insert, literal, select
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col

from store.bulk import FrameReader, FrameWriter
from store.tables import CreatorMember, News, NewsBasis
from store.triggers import Reader, Word


def holds_basis(frames: FrameReader, reader: Reader, basis: str) -> bool:
    """Whether the reader has seen everything but the news, under just this basis."""
    same = select(col(NewsBasis.basis)).where(col(NewsBasis.reader) == reader, col(NewsBasis.basis) == basis)
    return bool(frames.read(same).num_rows)


def set_basis(frames: FrameWriter, reader: Reader, basis: str) -> None:
    """From now on, what changes is noted for this reader."""
    frames.upsert(NewsBasis, pa.table({"reader": [reader.value], "basis": [basis]}))


def listen(frames: FrameWriter, reader: Reader) -> None:
    """Have what changes from now on noted, under no basis yet, and nothing that changed before."""
    frames.execute(delete(News).where(col(News.reader) == reader))
    set_basis(frames, reader, "")


def begin_anew(frames: FrameWriter, reader: Reader, basis: str, word: Word, everyone: Select[Any]) -> None:
    """Make all of these keys news, to be worked off under this basis."""
    frames.execute(delete(News).where(col(News.reader) == reader))
    keys = everyone.subquery().c[0]
    frames.execute(insert(News).from_select(_COLUMNS, select(literal(reader, Text), literal(word, Text), keys)))
    set_basis(frames, reader, basis)


def make_due(frames: FrameWriter, reader: Reader) -> None:
    """Turn the words about creators and accounts into the creators that they are about now."""
    changed = _keys(reader, Word.CREATOR).subquery().c[0]
    member = col(CreatorMember.account_key).in_(_keys(reader, Word.ACCOUNT))
    about = select(changed.label("key")).union(select(col(CreatorMember.creator_id)).where(member)).subquery().c.key
    new = about.not_in(_keys(reader, Word.DUE))
    due = select(literal(reader, Text), literal(Word.DUE, Text), about).where(new)
    frames.execute(insert(News).from_select(_COLUMNS, due))
    frames.execute(_words(reader, Word.CREATOR))
    frames.execute(_words(reader, Word.ACCOUNT))


def noted(reader: Reader, word: Word) -> Select[Any]:
    """One `entity_key` per word, in order; what it names may be gone."""
    return _keys(reader, word).order_by(col(News.entity_key))


def has_news(reader: Reader, word: Word, key: Any) -> ColumnElement[bool]:
    """A condition on a key."""
    return key.in_(_keys(reader, word))  # type: ignore[no-any-return]


def forget(reader: Reader, word: Word) -> Delete:
    """All that was noted has been looked at."""
    return _words(reader, word)


def forget_range(reader: Reader, word: Word, first: str, last: str) -> Delete:
    """What lies between two keys, both included, has been looked at."""
    return _words(reader, word).where(col(News.entity_key).between(first, last))


_COLUMNS = ["reader", "entity_kind", "entity_key"]


def _keys(reader: Reader, word: Word) -> Select[Any]:
    keys: Select[Any] = select(col(News.entity_key))
    return keys.where(col(News.reader) == reader, col(News.entity_kind) == word)


def _words(reader: Reader, word: Word) -> Delete:
    return delete(News).where(col(News.reader) == reader, col(News.entity_kind) == word)
