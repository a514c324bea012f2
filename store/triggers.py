"""Triggers by which the database itself notes what an embedding is made of has changed, whoever changed it.

A change of an account or of a content item leaves a word in `embedding_news`, in its own transaction. Every upgrade of
the schema drops them first and makes them anew last, like the views. A revision that changes such columns of stored
rows must therefore empty `embedding_basis`: the next embed stage then looks at everything.
"""

from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import Connection, text


def _differs(*columns: str) -> str:
    return " OR ".join(f"{{new}}.{column} IS DISTINCT FROM {{old}}.{column}" for column in columns)


class _Noted(NamedTuple):
    """A table whose changes are noted; {new} is a row as it is, {old} as it was."""

    key: str
    #: whether an update counts
    changed: str
    #: event → what it leaves: a kind, and the column that has the key
    words: dict[str, dict[str, str]]


# Likes and comments are left out: they move every night, and weigh under one setting only. When an item was fetched
# says when it is from where it claims to be from later (store/vectors.py: `_seen_at`).
_NOTED = {
    "accounts": _Noted(
        "account_key",
        _differs("platform", "display_name", "bio"),
        {
            "INSERT": {"{new}.account_key": "account"},
            "UPDATE": {"{new}.account_key": "account"},
            "DELETE": {"{old}.account_key": "account"},
        },
    ),
    "content_items": _Noted(
        "content_key",
        _differs("account_key", "platform", "title_or_caption", "description", "published_at")
        + " OR ({new}.published_at > {new}.fetched_at OR {old}.published_at > {old}.fetched_at) AND "
        + _differs("fetched_at"),
        {
            "INSERT": {"{new}.account_key": "account"},
            "UPDATE": {"{new}.account_key": "account", "{old}.account_key": "account"},
            "DELETE": {"{old}.account_key": "account", "{old}.content_key": "content"},
        },
    ),
}
_NOTE = "INSERT INTO embedding_news (entity_kind, entity_key)"
#: where Postgres has the rows of a statement: a call for each of millions of rows would cost minutes
_TRANSITIONS = {
    "INSERT": ("NEW TABLE AS n", "n"),
    "UPDATE": ("NEW TABLE AS n OLD TABLE AS o", "n JOIN o ON n.{key} = o.{key}"),
    "DELETE": ("OLD TABLE AS o", "o"),
}


def leaves_words(table: str) -> bool:
    """Whether a statement that changes this table may write into `embedding_news`."""
    return table in _NOTED


def create_triggers(connection: Connection) -> None:
    """Have every change noted from now on, as soon as there is a basis."""
    statements = _for_sqlite if connection.dialect.name == "sqlite" else _for_postgres
    for table, noted in _NOTED.items():
        for event in noted.words:
            for statement in statements(table, noted, event):
                connection.execute(text(statement))


def drop_triggers(connection: Connection) -> None:
    kind, rest = ("TRIGGER", "") if connection.dialect.name == "sqlite" else ("FUNCTION", "CASCADE")
    for table, noted in _NOTED.items():
        for event in noted.words:
            connection.execute(text(f"DROP {kind} IF EXISTS {_name(table, event)} {rest}"))


def _for_sqlite(table: str, noted: _Noted, event: str) -> Iterator[str]:
    words = "".join(
        f" {_NOTE} VALUES ('{kind}', {column}) ON CONFLICT DO NOTHING;" for column, kind in noted.words[event].items()
    )
    when = f"({noted.changed}) AND " if event == "UPDATE" else ""
    body = f"WHEN {when}EXISTS (SELECT 1 FROM embedding_basis) BEGIN{words} END"  # noqa: S608
    yield f"CREATE TRIGGER {_name(table, event)} AFTER {event} ON {table} {body.format(new='NEW', old='OLD')}"


def _for_postgres(table: str, noted: _Noted, event: str) -> Iterator[str]:
    name, (transitions, rows) = _name(table, event), _TRANSITIONS[event]
    where = f" WHERE {noted.changed}" if event == "UPDATE" else ""
    words = "".join(
        f" {_NOTE} SELECT '{kind}', {column} FROM {rows}{where} ON CONFLICT DO NOTHING;"  # noqa: S608
        for column, kind in noted.words[event].items()
    ).format(new="n", old="o", key=noted.key)
    body = f"IF EXISTS (SELECT 1 FROM embedding_basis) THEN{words} END IF; RETURN NULL;"  # noqa: S608
    yield f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$"
    yield (
        f"CREATE TRIGGER {name} AFTER {event} ON {table} REFERENCING {transitions} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
    )


def _name(table: str, event: str) -> str:
    return f"news_of_{table}_{event.lower()}"
