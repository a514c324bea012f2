"""Triggers by which the database itself notes, for the stages that look at news only, what changed, whoever changed it.

A change of what a stage reads leaves a word for it in `news`, in its own transaction, once the stage has a basis. Every
upgrade of the schema drops the triggers first and makes them anew last, like the views. A revision that changes such
columns of stored rows must therefore empty `news_basis`: the stages then look at everything.
"""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import Connection, text


class Reader(StrEnum):
    """A stage that looks at what changed only."""

    EMBED_ACCOUNTS = "embed_accounts"
    EMBED_CREATORS = "embed_creators"
    PUBLISH_INDEX = "publish_index"


class Word(StrEnum):
    """What a word is about."""

    ACCOUNT = "account"
    #: an item that left
    CONTENT = "content"
    CREATOR = "creator"
    #: a creator to be looked at now
    DUE = "due"


EVENTS = ("INSERT", "UPDATE", "DELETE")


class _Rule(NamedTuple):
    """What a change of a table's rows says to a reader; {new} is a row as it is, {old} as it was."""

    reader: Reader
    #: column with the key → what it is the key of
    about: dict[str, Word]
    #: which updates count; "" for all, and where the primary key has several columns
    changed: str = ""
    #: what counts only when it leaves
    left: dict[str, Word] = {}  # noqa: RUF012  never changed

    def words(self, event: str) -> list[tuple[str, str, Word]]:
        """(row, column, word): {new} or {old}, the column that has the key, and what it is the key of."""
        rows = {"INSERT": ["{new}"], "UPDATE": ["{new}", "{old}"], "DELETE": ["{old}"]}[event]
        said = self.about | (self.left if event == "DELETE" else {})
        return [(row, column, word) for row in rows for column, word in said.items()]


def _differs(*columns: str) -> str:
    return " OR ".join(f"{{new}}.{column} IS DISTINCT FROM {{old}}.{column}" for column in columns)


_OF_ACCOUNT = {"account_key": Word.ACCOUNT}
_OF_CREATOR = {"creator_id": Word.CREATOR}
# Likes and comments are left out for vectors: they move every night, and weigh under one setting only. When an item was
# fetched says when it is from where it claims to be from later (store/vectors.py: `_seen_at`).
_DATED = (
    "({new}.published_at > {new}.fetched_at OR {old}.published_at > {old}.fetched_at) AND "
    "{new}.fetched_at IS DISTINCT FROM {old}.fetched_at"
)
_RULES: dict[str, list[_Rule]] = {
    "accounts": [
        _Rule(Reader.EMBED_ACCOUNTS, _OF_ACCOUNT, _differs("platform", "display_name", "bio")),
        _Rule(
            Reader.PUBLISH_INDEX, _OF_ACCOUNT,
            _differs("platform", "handle", "display_name", "bio", "followers", "state"),
        ),
    ],
    "content_items": [
        _Rule(
            Reader.EMBED_ACCOUNTS, _OF_ACCOUNT,
            _differs("account_key", "platform", "title_or_caption", "description", "published_at") + f" OR {_DATED}",
            {"content_key": Word.CONTENT},
        ),
        _Rule(
            Reader.PUBLISH_INDEX, _OF_ACCOUNT,
            _differs("account_key", "title_or_caption", "views", "likes", "comments", "published_at"),
        ),
    ],
    "account_activity": [_Rule(Reader.PUBLISH_INDEX, _OF_ACCOUNT, _differs("bucket"))],
    "account_vectors": [_Rule(Reader.EMBED_CREATORS, _OF_ACCOUNT)],
    "members": [_Rule(Reader.EMBED_CREATORS, _OF_CREATOR), _Rule(Reader.PUBLISH_INDEX, _OF_CREATOR)],
    "creators": [
        _Rule(
            Reader.PUBLISH_INDEX, _OF_CREATOR,
            _differs("name", "handle", "platforms", "followers_total", "followers_by_platform", "country", "language"),
        )
    ],
    "enrichments": [_Rule(Reader.PUBLISH_INDEX, _OF_CREATOR)],
    "creator_vectors": [_Rule(Reader.PUBLISH_INDEX, _OF_CREATOR)],
}  # fmt: skip
_KEYS = {"accounts": "account_key", "content_items": "content_key", "account_activity": "account_key",
         "creators": "creator_id"}  # fmt: skip
_NOTE = "INSERT INTO news (reader, entity_kind, entity_key)"
_ANY_BASIS = "EXISTS (SELECT 1 FROM news_basis)"
_HAS_BASIS = "EXISTS (SELECT 1 FROM news_basis WHERE reader = '{}')"
#: where Postgres has the rows of a statement: a call for each of millions of rows would cost minutes
_TRANSITIONS = {
    "INSERT": "NEW TABLE AS n",
    "UPDATE": "NEW TABLE AS n OLD TABLE AS o",
    "DELETE": "OLD TABLE AS o",
}


def leaves_words(table: str) -> bool:
    """Whether a statement that changes this table may write into `news`."""
    return table in _RULES


def create_triggers(connection: Connection) -> None:
    """Have every change noted from now on, for each reader that has a basis."""
    statements = _for_sqlite if connection.dialect.name == "sqlite" else _for_postgres
    for table, rules in _RULES.items():
        for event in EVENTS:
            for statement in statements(table, rules, event):
                connection.execute(text(statement))


def drop_triggers(connection: Connection) -> None:
    kind, rest = ("TRIGGER", "") if connection.dialect.name == "sqlite" else ("FUNCTION", "CASCADE")
    for table in _RULES:
        for event in EVENTS:
            connection.execute(text(f"DROP {kind} IF EXISTS {_name(table, event)} {rest}"))


def _for_sqlite(table: str, rules: Sequence[_Rule], event: str) -> Iterator[str]:
    """One trigger for all readers: before any has a basis, a row costs one look."""
    when = f"AFTER {event} ON {table} WHEN {_ANY_BASIS}"
    body = "".join(_notes(rule, event) for rule in rules).format(new="NEW", old="OLD")
    yield f"CREATE TRIGGER {_name(table, event)} {when} BEGIN {body} END"


def _for_postgres(table: str, rules: Sequence[_Rule], event: str) -> Iterator[str]:
    name = _name(table, event)
    notes = "".join(_notes(rule, event, _changed_rows(table, rule, event)) for rule in rules).format(new="n", old="o")
    body = f"IF {_ANY_BASIS} THEN {notes} END IF; RETURN NULL;"
    yield f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$"
    yield (
        f"CREATE TRIGGER {name} AFTER {event} ON {table} REFERENCING {_TRANSITIONS[event]} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
    )


def _notes(rule: _Rule, event: str, rows: str = "") -> str:
    """The statements that leave a rule's words. rows: where they come from, "" for the row at hand."""
    changed = f"({rule.changed}) AND " if rule.changed and event == "UPDATE" else ""
    where = f"WHERE {changed}{_HAS_BASIS.format(rule.reader)} ON CONFLICT DO NOTHING;"
    return "".join(
        f"{_NOTE} SELECT '{rule.reader}', '{word}', {row}.{column} {rows.format(row=row)} {where} "
        for row, column, word in rule.words(event)
    )


def _changed_rows(table: str, rule: _Rule, event: str) -> str:
    """Before and after side by side, where it matters what differs."""
    if rule.changed and event == "UPDATE":
        return f"FROM {{{{new}}}} JOIN {{{{old}}}} ON {{{{new}}}}.{_KEYS[table]} = {{{{old}}}}.{_KEYS[table]}"
    return "FROM {row}"


def _name(table: str, event: str) -> str:
    return f"news_of_{table}_{event.lower()}"
