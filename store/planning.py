"""A word to the databases' planners, where what they do not know would cost minutes."""

from typing import Any

from sqlalchemy import ColumnElement


def unindexed(column: Any) -> ColumnElement[str]:
    """The same text, for a condition that no index may be used for.

    Nearly every vector is of the recipe in force. SQLite, which has no statistics, would look that recipe up first and
    go through all vectors there are for each stretch of creators; so it starts from the creators.
    """
    values: ColumnElement[str] = column.concat("")
    return values
