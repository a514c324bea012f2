"""What one tenant has written over the shared index: notes, lists, hidden creators.

An overlay is made for one tenant and asks every table for that tenant's rows alone: there is no call without one.
"""

from dataclasses import dataclass, field
from datetime import datetime

from base.clock import to_micros
from base.errors import ConfigError
from tenants.database import TenantDatabase

MAX_NOTE_CHARACTERS = 4_000
MAX_NAME_CHARACTERS = 80

# Lists come by name and, within one, in the order in which creators were put on them.
_EVERYTHING = """
SELECT 'note' AS kind, creator_id, text AS value, 0 AS place FROM notes WHERE tenant_id = ?1
UNION ALL SELECT 'list', creator_id, list, added_at FROM list_entries WHERE tenant_id = ?1
UNION ALL SELECT 'hidden', creator_id, '', 0 FROM hidden_creators WHERE tenant_id = ?1
ORDER BY kind, value, place, creator_id
"""


@dataclass(frozen=True, slots=True)
class Written:
    """All that a tenant has written, as it was at one instant."""

    #: creator id → note
    notes: dict[str, str] = field(default_factory=dict)
    #: name → creator ids, in the order they were added
    lists: dict[str, list[str]] = field(default_factory=dict)
    #: creators that the tenant does not want to see
    hidden: set[str] = field(default_factory=set)


class Overlay:
    """The rows of one tenant."""

    def __init__(self, database: TenantDatabase, tenant_id: str) -> None:
        self.tenant_id = tenant_id
        self._database = database

    def written(self) -> Written:
        """Everything, in one statement: a request asks once, and sees no half of what another one changes."""
        written = Written()
        for kind, creator_id, value, _ in self._database.read(_EVERYTHING, (self.tenant_id,)):
            if kind == "note":
                written.notes[creator_id] = value
            elif kind == "list":
                written.lists.setdefault(value, []).append(creator_id)
            else:
                written.hidden.add(creator_id)
        return written

    def write_note(self, creator_id: str, text: str, *, now: datetime) -> None:
        """Replace the note on a creator. Raises ConfigError for an empty or too long one."""
        _check_text("note", text, MAX_NOTE_CHARACTERS)
        self._database.write(
            "INSERT INTO notes (tenant_id, creator_id, text, updated_at) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET text = excluded.text, updated_at = excluded.updated_at",
            (self.tenant_id, creator_id, text, to_micros(now)),
        )

    def remove_note(self, creator_id: str) -> bool:
        return self._remove("DELETE FROM notes WHERE tenant_id = ? AND creator_id = ?", creator_id)

    def add_to_list(self, name: str, creator_id: str, *, now: datetime) -> None:
        """Put a creator on a list, which is made by its first entry; a second time changes nothing."""
        _check_text("list name", name, MAX_NAME_CHARACTERS)
        self._database.write(
            "INSERT INTO list_entries (tenant_id, list, creator_id, added_at) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO NOTHING",
            (self.tenant_id, name, creator_id, to_micros(now)),
        )

    def remove_from_list(self, name: str, creator_id: str) -> bool:
        statement = "DELETE FROM list_entries WHERE tenant_id = ? AND list = ? AND creator_id = ?"
        return self._remove(statement, name, creator_id)

    def hide(self, creator_id: str, *, now: datetime) -> None:
        self._database.write(
            "INSERT INTO hidden_creators (tenant_id, creator_id, hidden_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            (self.tenant_id, creator_id, to_micros(now)),
        )

    def show(self, creator_id: str) -> bool:
        """No longer hide a creator."""
        return self._remove("DELETE FROM hidden_creators WHERE tenant_id = ? AND creator_id = ?", creator_id)

    def _remove(self, statement: str, *which: str) -> bool:
        """Whether there was anything to remove."""
        return self._database.write(statement, (self.tenant_id, *which)) > 0


def _check_text(what: str, text: str, most: int) -> None:
    if not text.strip() or len(text) > most:
        raise ConfigError(f"a {what} has 1 to {most:,} characters", hint=f"this one has {len(text):,}")
