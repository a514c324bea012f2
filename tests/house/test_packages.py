"""What the project is made of and stands on: its packages, its extras, its locks, its licences."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions

import pytest

from benchmarks.third_party import ELSEWHERE, PAGE, listed, locked
from tests.house.tree import ROOMS, ROOT, modules

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
EXTRAS = PROJECT["project"]["optional-dependencies"]
README = (ROOT / "README.md").read_text()

#: extra → modules of the libraries it brings
LIBRARIES = {
    "local": ("onnxruntime", "tokenizers", "safetensors"),
    "postgres": ("psycopg", "adbc_driver_postgresql"),
    "serve": ("fastapi", "uvicorn"),
    "spark": ("pyspark",),
    "setup": ("onnx", "hatchling"),
}
#: the modules that are nothing without the libraries of an extra
BEHIND_AN_EXTRA = {"providers.minilm": "local", "providers.static": "local", "providers.export_minilm": "local",
                   "search.api": "serve", "search.pages": "serve", "search.web": "serve"}  # fmt: skip
#: slow to load, and of use to few commands
LATE = {"openai", "instructor", "aiohttp", "fastapi", "tiktoken", "scipy.optimize"}
#: starts Python without the libraries of every extra
BARE = f"""
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {[name for names in LIBRARIES.values() for name in names]!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Absent())
"""


def test_the_wheel_takes_every_room_and_nothing_else():
    assert sorted(PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) == sorted(ROOMS)


def test_no_room_is_named_like_a_module_of_an_installed_package():
    """Flat packages share their names with the whole environment (decision 1)."""
    owners = packages_distributions()
    taken = {room: others for room in ROOMS if (others := set(owners.get(room, ())) - {"creatordex"})}
    assert taken == {}


@pytest.mark.parametrize("extra", sorted(set(EXTRAS) - {"dev"}))
def test_an_extra_has_its_sentence_in_the_readme(extra: str):
    assert f"`[{extra}]`" in README


def test_the_libraries_of_the_extras_are_known_here():
    assert set(LIBRARIES) == set(EXTRAS) - {"dev"}


def test_without_any_extra_every_other_module_is_imported():
    names = [
        module.name
        for module in modules()
        if module.name not in BEHIND_AN_EXTRA and not module.name.startswith("store.migrations")
    ]
    run = _python(BARE + f"import importlib\nfor name in {names!r}: importlib.import_module(name)")
    assert run.returncode == 0, run.stderr


def test_a_command_loads_no_library_that_few_commands_need():
    assert LATE & loaded("for each in typer.main.get_group(app).commands.values(): each.load()") == set()


def test_the_list_of_commands_loads_nothing_that_commands_work_with():
    """Seconds of imports would be felt at every `--help` and every completed word."""
    working = {*ROOMS, "numpy", "pyarrow", "scipy", "duckdb", "faiss", "pydantic", "sqlalchemy"} - {"cli", "base"}
    assert working & loaded("app(['--help'])") == set()


def test_a_look_at_the_store_loads_nothing_that_thinks():
    assert {"scipy", "duckdb", "faiss", "rapidfuzz", "publicsuffixlist"} & loaded("app(['status'])") == set()


def loaded(program: str) -> set[str]:
    """The modules that there are after a program over the command line's `app`."""
    run = _python(
        "import atexit, sys, typer\n"
        "from cli.main import app\n"
        "atexit.register(lambda: print(chr(10), *sys.modules))\n" + program
    )
    assert "Traceback" not in run.stderr, run.stderr
    return set(run.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("provider", ["minilm", "fast"])
def test_a_missing_extra_is_a_settings_error_that_names_the_command(provider: str):
    run = _python(
        BARE + f"from cli.main import app\nimport os\nos.environ['CREATORDEX_EMBEDDINGS__PROVIDER'] = {provider!r}\n"
        "app(['doctor'])"
    )
    assert run.returncode == 1, run.stderr
    assert re.search(r'FAIL  embedder: \w+ is not installed \(hint: pip install "creatordex\[local\]"\)', run.stdout)


def test_the_export_asks_for_its_extra():
    run = _python(BARE.replace("'onnxruntime', 'tokenizers', 'safetensors', ", "") + "import providers.export_minilm")
    assert run.stderr.strip().endswith('ConfigError: onnx is not installed (hint: pip install "creatordex[setup]")')


def test_both_locks_hold_the_same_versions():
    """What runs in the image is what the tests ran with."""
    tested, runs = locked(ROOT / "requirements.lock"), locked(ROOT / "runtime.lock")
    assert {name: version for name, version in runs.items() if tested.get(name, version) != version} == {}


def test_the_runtime_lock_holds_what_an_installation_needs():
    runs = locked(ROOT / "runtime.lock")
    wanted = [
        *PROJECT["project"]["dependencies"],
        *(each for extra in ("local", "postgres", "setup") for each in EXTRAS[extra]),
    ]
    assert {_name(requirement) for requirement in wanted} - runs.keys() == set()


def test_every_locked_package_stands_with_its_licence_in_the_list():
    """`make third-party` writes it."""
    assert listed(PAGE.read_text()) == locked(ROOT / "requirements.lock")


def test_packages_of_other_systems_have_no_licence_for_nothing():
    assert ELSEWHERE.keys() - locked(ROOT / "requirements.lock").keys() - locked(ROOT / "runtime.lock").keys() == set()


def test_the_list_says_what_the_models_are_made_of():
    page = PAGE.read_text()
    for words in ("all-MiniLM-L6-v2", "Apache-2.0", "l2_supercat", "Llama 2 70B", "Phi-3 medium", "Public Suffix List"):
        assert words in page
    for name, version in locked(ROOT / "providers" / "weights.lock").items():
        assert f"{name} {version}" in page


def test_what_holds_a_promise_of_security_is_there():
    named = re.findall(r"`([\w./-]+(?:\.py|\.lock|/))`", (ROOT / "SECURITY.md").read_text())
    assert len(named) > 8
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_every_target_of_the_makefile_explains_itself():
    text = (ROOT / "Makefile").read_text()
    (phony,) = re.findall(r"^\.PHONY: (.+)$", text, re.MULTILINE)
    assert set(phony.split()) == set(re.findall(r"^([a-z-]+):.*## \S", text, re.MULTILINE))


def _name(requirement: str) -> str:
    return re.match(r"[\w.-]+", requirement)[0]  # type: ignore[index]


def _python(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60)
