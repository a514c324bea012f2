"""Each table has exactly one writer: the map in `store/tables.py` is held against every write in the code."""

import ast
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import store.tables
from store.tables import METADATA, WRITERS
from tests.house.tree import Module, modules

#: model class → table
TABLES: dict[str, str] = {
    name: model.__tablename__
    for name, model in vars(store.tables).items()
    if isinstance(model, type) and hasattr(model, "__table__")
}
FRAME_WRITES = {"upsert", "insert", "load", "delete", "amend"}
SESSION_WRITES = {"add", "add_all", "merge"}
STATEMENT_WRITES = {"insert", "update", "delete"}
#: the rooms that can hold an open store at all, by the layer law
ROOMS_WITH_A_STORE = ("store", "jobs", "review", "cli")
UNKNOWN = "a table the test cannot name"


@dataclass
class Writes:
    """What one function writes by itself, and the functions it names."""

    models: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)


def writes_by_module(program: Sequence[Module]) -> dict[str, set[str]]:
    """Module outside the store → tables it writes, by itself or through a store function it names."""
    in_store = [module for module in program if module.room == "store" and module.name != "store.bulk"]
    writers = _store_writers(in_store)
    found: dict[str, set[str]] = {}
    for module in program:
        if module.room == "store":
            continue
        models = _direct_writes(module.tree, module.tree).models
        for dotted in _names_used(module.tree):
            models |= writers.get(dotted, set())
        if models:
            tables = {TABLES.get(model, model) for model in models}
            found[_job(module)] = found.get(_job(module), set()) | tables
    return found


def _job(module: Module) -> str:
    """A job may be a package: its files are one writer, named like the package."""
    return ".".join(module.name.split(".")[:2])


def test_every_table_of_the_schema_has_one_named_writer():
    """SYS-09: the ownership map covers the schema."""
    assert set(WRITERS) == set(METADATA.tables)


def test_no_table_is_written_by_anyone_but_its_writer():
    """SYS-09, EMB-01: an account-level stage writes no creator-level row, and the other way round."""
    strangers = {
        f"{module} writes {table}"
        for module, tables in writes_by_module(modules(*ROOMS_WITH_A_STORE)).items()
        for table in tables
        if WRITERS.get(table) != module
    }
    assert strangers == set()


def test_every_writer_of_the_map_really_writes_its_table():
    """A map that names a module which writes nothing would hold no one to anything."""
    found = writes_by_module(modules(*ROOMS_WITH_A_STORE))
    idle = {
        f"{module} never writes {table}" for table, module in WRITERS.items() if table not in found.get(module, set())
    }
    assert idle == set()


def test_only_ingest_renames_a_key_and_wherever_it_stands():
    """NRM-02: a provisional key gives way to the real one in other jobs' tables too; no row is made."""
    renaming = {
        module.name
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "frames.rename"
    }
    asking = {
        _job(module) for module in modules() if "store.accounts.rename_accounts" in _aliases(module.tree).values()
    }
    assert renaming == {"store.accounts"}
    assert asking == {"jobs.ingest_accounts"}


def test_only_a_takedown_deletes_people_wherever_they_stand():
    """POL-05: it takes rows out of other jobs' tables; no row is made or changed."""
    asking = {
        _job(module)
        for module in modules()
        if {"store.takedowns.delete_accounts", "store.takedowns.delete_creators"} & set(_aliases(module.tree).values())
    }
    assert asking == {"jobs.forget_taken_down"}


def test_a_write_is_seen_in_each_of_its_forms():
    job = """
        from store.accounts import save_accounts
        from store import runs
        def job(frames, session):
            frames.upsert(Creator, frame)
            session.add(Enrichment(creator_id="cr_1"))
            session.exec(update(CreatorMember).values(creator_id="cr_2"))
            runs.finish(session)
    """
    accounts = """
        def save_accounts(frames, table): _keep(frames, table)
        def _keep(frames, table): frames.insert(CreatorAccount, table)
        def load_accounts(session): return select(ContentItem)
    """
    runs = """
        def finish(session):
            row = session.get(Run, "1")
            row.state = "done"
            session.add(row)
    """
    program = [a_module("jobs.night", job), a_module("store.accounts", accounts), a_module("store.runs", runs)]
    assert writes_by_module(program) == {"jobs.night": {"creators", "enrichments", "members", "accounts", "runs"}}


def test_a_table_in_a_variable_is_every_table_it_can_be():
    job = """
        import store.vectors as rows
        def job(frames): keep(frames, ContentVector); keep(frames, AccountVector); rows.strays("r")
        def keep(frames, table): frames.upsert(table, frame)
    """
    vectors = """
        def strays(recipe): return [delete(table) for table in (CreatorVector, ContentVector)]
    """
    program = [a_module("jobs.embed", job), a_module("store.vectors", vectors)]
    assert writes_by_module(program) == {"jobs.embed": {"content_vectors", "account_vectors", "creator_vectors"}}


def test_reading_a_table_is_no_write():
    program = [
        a_module(
            "jobs.look",
            "def look(frames):\n    frames.read(select(Creator))\n    names.insert(0, 'x')\n    seen.add(key)",
        )
    ]
    assert writes_by_module(program) == {}


def test_a_write_to_a_table_that_is_only_known_at_run_time_is_reported():
    program = [
        a_module("jobs.loop", "def loop(frames):\n    for model in everything:\n        frames.upsert(model, frame)")
    ]
    assert writes_by_module(program) == {"jobs.loop": {UNKNOWN}}


def a_module(name: str, source: str) -> Module:
    return Module(name, ast.parse(textwrap.dedent(source)))


def _store_writers(files: Sequence[Module]) -> dict[str, set[str]]:
    """Dotted name of a store function → models it writes, followed through the store functions it calls."""
    functions = {
        f"{module.name}.{node.name}": (module, _direct_writes(node, module.tree))
        for module in files
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef)
    }
    models = {name: set(writes.models) for name, (_, writes) in functions.items()}
    changed = True
    while changed:
        changed = False
        for name, (module, writes) in functions.items():
            opened = _aliases(module.tree)
            for called in writes.names:
                first, _, rest = called.partition(".")
                targets = (f"{module.name}.{called}", ".".join(filter(None, (opened.get(first, first), rest))))
                more = set().union(*(models.get(target, set()) for target in targets)) - models[name]
                models[name] |= more
                changed = changed or bool(more)
    return models


def _direct_writes(node: ast.AST, module: ast.AST) -> Writes:
    writes = Writes()
    for call in (each for each in ast.walk(node) if isinstance(each, ast.Call)):
        writes.names.add(ast.unparse(call.func))
        writes.models.update(_written(call, node, module))
    return writes


def _written(call: ast.Call, function: ast.AST, module: ast.AST) -> Iterator[str]:
    if not call.args or isinstance(call.args[0], ast.Constant):
        return
    target = call.args[0]
    method = call.func.attr if isinstance(call.func, ast.Attribute) else None
    plain = call.func.id if isinstance(call.func, ast.Name) else None
    if (method in FRAME_WRITES and len(call.args) == 2) or plain in STATEMENT_WRITES:
        # A table held in a variable is any table that the function, or else the module, hands to a call.
        yield from _models_named(target) or _models_handed_on(function) or _models_handed_on(module) or {UNKNOWN}
    elif method in SESSION_WRITES and ast.unparse(call.func).split(".")[-2:-1] == ["session"]:
        yield from _models_named(target) or _models_named(function) or {UNKNOWN}


def _models_named(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name) and each.id in TABLES}


def _models_handed_on(node: ast.AST) -> set[str]:
    calls = [each for each in ast.walk(node) if isinstance(each, ast.Call)]
    loops = [each.iter for each in ast.walk(node) if isinstance(each, ast.For | ast.comprehension)]
    constants = [each.value for each in getattr(node, "body", []) if isinstance(each, ast.Assign)]
    return {
        model
        for each in [*(argument for call in calls for argument in call.args), *loops, *constants]
        for model in _models_named(each)
    }


def _names_used(tree: ast.AST) -> set[str]:
    """Dotted names a module uses, as they are called where they are defined."""
    opened = _aliases(tree)
    used = {*opened.values()}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            first, _, rest = ast.unparse(node).partition(".")
            used.add(f"{opened.get(first, first)}.{rest}")
    return used


def _aliases(tree: ast.AST) -> dict[str, str]:
    """Name in the module → what was imported under it."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {
                alias.asname or alias.name.split(".")[0]: alias.name if alias.asname else alias.name.split(".")[0]
                for alias in node.names
            }
        elif isinstance(node, ast.ImportFrom):
            found |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return found
