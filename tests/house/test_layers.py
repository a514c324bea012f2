"""The layer law of the house: who may import whom, and which library may be named where."""

import ast
import sys
from collections.abc import Iterable

import pytest

from tests.house.tree import ROOMS, ROOT, Module, imports, is_inside, modules

EMBEDDERS = ("providers.embedder", "providers.local")

#: room → what it may import of ours besides itself
MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "base": (),
    "store": ("base",),
    "engines": ("base",),
    "providers": ("base",),
    "prompts": ("base",),
    "corpus": ("base",),
    "ingest": ("base",),
    "embeddings": ("base",),
    "identity": ("base", "embeddings", "engines"),
    "enrich": ("base", "providers.embedder", "providers.llm", "providers.llm_batches", "providers.prices", "prompts"),
    "index": ("base", "embeddings", "engines"),
    "jobs": ("base", "store", "engines", "providers", "prompts", "ingest", "embeddings", "identity", "enrich", "index"),
    "review": ("base", "store", "identity"),
    "tenants": ("base",),
    "search": ("base", "index", "embeddings", "tenants", *EMBEDDERS),
    "cli": ("base", "jobs", "review", "search", "tenants", "corpus"),
}

#: library → the only places that may import it; nowhere, when empty
FENCES: dict[str, tuple[str, ...]] = {
    "openai": ("providers",),
    "instructor": ("providers",),
    "tiktoken": ("providers",),
    "onnxruntime": ("providers",),
    "tokenizers": ("providers",),
    "onnx": ("providers",),
    "safetensors": ("providers",),
    "sqlmodel": ("store", "jobs", "review"),
    "sqlalchemy": ("store", "jobs", "review"),
    "alembic": ("store", "jobs", "review"),
    "adbc_driver_postgresql": ("store",),
    "adbc_driver_sqlite": ("store",),
    "psycopg": ("store",),
    "adbc_driver_manager": ("store",),
    "sqlite3": ("store", "tenants"),
    "faiss": ("embeddings.cells", "embeddings.codes", "embeddings.neighbours"),
    "fsspec": ("store.folders",),
    "rapidfuzz": ("identity.compare",),
    "publicsuffixlist": ("identity",),
    "anyascii": ("identity.names", "enrich.names"),
    "typer": ("cli",),
    "rich": ("cli",),
    "fastapi": ("review", "search"),
    "starlette": ("review", "search"),
    "uvicorn": ("cli.serve",),
    "httpx": (),
    "httpx2": ("providers",),
    "aiohttp": ("providers",),
    "requests": (),
    "urllib.request": (),
    "polars": (),
    "pandas": (),
}


def breaches(module: Module) -> list[str]:
    """What a module imports of ours without leave."""
    allowed = (module.room, *MAY_IMPORT[module.room])
    return [
        f"{module.name} imports {name}"
        for name in imports(module.tree)
        if name.startswith(".")
        or (name.split(".")[0] in {*ROOMS, "tests", "benchmarks"} and not _allowed(name, allowed))
    ]


def fence_breaches(module: Module) -> list[str]:
    """Which fenced libraries a module imports outside their fence."""
    return [
        f"{module.name} imports {name}"
        for name in imports(module.tree)
        for library, places in FENCES.items()
        if is_inside(name, library) and not _allowed(module.name, places)
    ]


def reach(start: Iterable[Module]) -> set[str]:
    """Every module of ours that is loaded when `start` is imported, packages included."""
    by_name = {module.name: module for module in modules()}
    found: set[str] = set()
    pending = [module.name for module in start]
    while pending:
        name = pending.pop()
        if name in found or name not in by_name:
            continue
        found.add(name)
        for imported in imports(by_name[name].tree):
            parts = imported.split(".")
            pending.extend(".".join(parts[:length]) for length in range(1, len(parts) + 1))
    return found


def test_every_room_has_a_law():
    assert set(MAY_IMPORT) == set(ROOMS)
    assert {path.parent.name for path in ROOT.glob("*/__init__.py")} == set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_what_the_law_allows(room):
    assert [breach for module in modules(room) for breach in breaches(module)] == []


@pytest.mark.parametrize("room", ROOMS)
def test_a_fenced_library_is_imported_only_inside_its_fence(room):
    assert [breach for module in modules(room) for breach in fence_breaches(module)] == []


def test_search_reaches_no_store_no_job_and_no_language_model():
    """LLM-06 and LLM-11: the query path opens a snapshot and an embedder, whatever route the imports take."""
    reached = reach(modules("search"))
    assert {module.room for module in modules() if module.name in reached} <= {
        "search",
        "base",
        "index",
        "embeddings",
        "engines",
        "providers",
        "tenants",
    }
    models = {module.name for module in modules("providers") if "providers.llm.LLM" in imports(module.tree)}
    assert reached & {"providers.llm", *models} == set()


def test_the_thinking_rooms_ask_no_clock():
    """EMB-02, ING-05: `now` arrives as a value, so a result depends on its input alone."""
    thinking = ("ingest", "embeddings", "identity", "enrich", "index")
    clocks = ("base.clock.SystemClock", "time.time")
    asked = [
        f"{module.name} imports {name}"
        for module in modules(*thinking) for name in imports(module.tree) if name in clocks
    ]  # fmt: skip
    calls = [
        f"{module.name}:{node.lineno} calls {ast.unparse(node)}"
        for module in modules(*thinking)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in {"datetime.now", "datetime.utcnow", "date.today", "time.time"}
    ]
    assert asked + calls == []


def test_no_module_is_loaded_by_a_name_made_at_run_time():
    """Otherwise the law could be broken where no walk sees it.

    A platform is found by looking into its own folder; a command is imported when it is called, and only from its own
    room.
    """
    hidden = [
        f"{module.name}:{node.lineno}"
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in {"__import__", "importlib.import_module", "import_module"}
    ]
    allowed = ("ingest.platforms:", "cli.late:")
    assert [place for place in hidden if not place.startswith(allowed)] == []


def test_no_module_is_named_like_a_room_or_a_standard_module():
    """`jobs/enrich.py` run as a script would hide the room `enrich`; commands have one door, `cli.main`."""
    files = {path.stem for room in set(ROOMS) - {"cli"} for path in (ROOT / room).glob("*.py")} - {"__init__"}
    assert files & set(ROOMS) == set()
    assert set(ROOMS) & sys.stdlib_module_names == set()


@pytest.mark.parametrize(
    ("name", "source", "breach"),
    [
        ("base.text", "import store.tables", "base.text imports store.tables"),
        ("search.query", "def late():\n    from store import session", "search.query imports store.session"),
        ("search.query", "from providers.llm import LLM", "search.query imports providers.llm.LLM"),
        ("index.gate", "if TYPE_CHECKING:\n    from jobs.report import Job", "index.gate imports jobs.report.Job"),
        ("store.accounts", "from . import tables", "store.accounts imports .tables"),
        ("jobs.nightly", "from tests.factories import a_context", "jobs.nightly imports tests.factories.a_context"),
    ],
)  # fmt: skip
def test_the_law_sees_an_import_wherever_it_stands(name, source, breach):
    assert breaches(Module(name, ast.parse(source))) == [breach]


def test_a_fence_stops_a_library_outside_it_and_only_there():
    tree = ast.parse("from rapidfuzz.distance import JaroWinkler")
    assert fence_breaches(Module("identity.compare", tree)) == []
    assert fence_breaches(Module("identity.blocking", tree)) == [
        "identity.blocking imports rapidfuzz.distance.JaroWinkler"
    ]


def _allowed(name: str, places: Iterable[str]) -> bool:
    return any(is_inside(name, place) for place in places)
