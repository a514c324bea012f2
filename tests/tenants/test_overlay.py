"""SEC-02, SEC-04: whatever two tenants do, neither sees the other's."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from base.errors import ConfigError, StoreError
from tenants.database import TenantDatabase
from tenants.overlay import Overlay

NOW = datetime(2026, 3, 1, tzinfo=UTC)
CREATORS = st.sampled_from(["cr_a", "cr_b", "cr_c"])
ACTIONS = st.tuples(
    st.sampled_from(["a", "b", "a' OR '1'='1"]),
    st.sampled_from(["note", "unnote", "list", "unlist", "hide", "show"]),
    CREATORS,
    st.sampled_from(["gym launch", "% _", "summer"]),
)


class Model:
    """One tenant's rows as plain values."""

    def __init__(self) -> None:
        self.notes: dict[str, str] = {}
        self.listed: dict[str, set[str]] = {}
        self.hidden: set[str] = set()

    def act(self, verb: str, creator: str, text: str) -> None:
        match verb:
            case "note":
                self.notes[creator] = text
            case "unnote":
                self.notes.pop(creator, None)
            case "list":
                self.listed.setdefault(text, set()).add(creator)
            case "unlist":
                self.listed.get(text, set()).discard(creator)
            case "hide":
                self.hidden.add(creator)
            case "show":
                self.hidden.discard(creator)

    def seen(self) -> tuple[Any, ...]:
        return self.notes, {name: members for name, members in self.listed.items() if members}, self.hidden


def act(overlay: Overlay, verb: str, creator: str, text: str) -> None:
    match verb:
        case "note":
            overlay.write_note(creator, text, now=NOW)
        case "unnote":
            overlay.remove_note(creator)
        case "list":
            overlay.add_to_list(text, creator, now=NOW)
        case "unlist":
            overlay.remove_from_list(text, creator)
        case "hide":
            overlay.hide(creator, now=NOW)
        case "show":
            overlay.show(creator)


@settings(max_examples=30)
@given(actions=st.lists(ACTIONS, max_size=12))
def test_a_tenant_sees_exactly_what_it_wrote(tmp_path_factory: pytest.TempPathFactory, actions):
    database = TenantDatabase(tmp_path_factory.mktemp("tenants") / "tenants.db")
    models: dict[str, Model] = {}
    for tenant, verb, creator, text in actions:
        models.setdefault(tenant, Model()).act(verb, creator, text)
        act(Overlay(database, tenant), verb, creator, text)
    for tenant in ("a", "b", "a' OR '1'='1", "nobody"):
        written = Overlay(database, tenant).written()
        lists = {name: set(members) for name, members in written.lists.items()}
        assert (written.notes, lists, written.hidden) == models.get(tenant, Model()).seen()


def test_a_list_keeps_the_order_in_which_it_was_made(tmp_path: Path):
    overlay = Overlay(TenantDatabase(tmp_path / "tenants.db"), "a")
    for days, creator in enumerate(["cr_c", "cr_a", "cr_b"]):
        overlay.add_to_list("summer", creator, now=NOW + timedelta(days=days))
    assert overlay.written().lists == {"summer": ["cr_c", "cr_a", "cr_b"]}


@pytest.mark.parametrize("text", ["", "  ", "x" * 5_000])
def test_an_empty_or_endless_note_is_refused(tmp_path: Path, text: str):
    overlay = Overlay(TenantDatabase(tmp_path / "tenants.db"), "a")
    with pytest.raises(ConfigError, match="1 to 4,000 characters"):
        overlay.write_note("cr_a", text, now=NOW)


def test_every_table_is_keyed_by_tenant(tmp_path: Path):
    database = TenantDatabase(tmp_path / "tenants.db")
    tables = [name for (name,) in database.read("SELECT name FROM sqlite_master WHERE type = 'table'", ())]
    assert len(tables) == 4
    for table in tables:
        assert "tenant_id" in {row[1] for row in database.read(f"PRAGMA table_info({table})", ())}


def test_a_file_of_a_later_version_is_refused(tmp_path: Path):
    database = TenantDatabase(tmp_path / "tenants.db")
    database.write("PRAGMA user_version = 99", ())
    with pytest.raises(StoreError, match="schema 99"):
        TenantDatabase(database.path)
