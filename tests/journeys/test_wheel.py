"""The wheel alone: built, installed into an environment of its own, and run from another folder."""

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.house.tree import ROOMS, ROOT
from tests.journeys.nights import AS_OF

pytestmark = pytest.mark.slow

FAST = {"CREATORDEX_EMBEDDINGS__PROVIDER": "fast"}


class Installation:
    """An environment with the wheel in it, and a folder to work in."""

    def __init__(self, prefix: Path, folder: Path) -> None:
        self.prefix, self.folder = prefix, folder
        self.packages = prefix / sysconfig.get_path("purelib", vars={"base": ""}).lstrip("/")

    def run(self, *command: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """A command line there; nothing of this checkout is on its path, and pip finds no index."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("CREATORDEX_", "PYTHON"))}
        environment = kept | {
            "PATH": f"{self.prefix / 'bin'}{os.pathsep}{kept['PATH']}",
            "VIRTUAL_ENV": str(self.prefix),
            "PIP_NO_INDEX": "1",
            "NO_COLOR": "1",
        }
        return subprocess.run(
            command, cwd=self.folder, env=environment | settings, capture_output=True, text=True, timeout=300
        )

    def creatordex(self, *arguments: str, settings: Mapping[str, str] = FAST) -> subprocess.CompletedProcess[str]:
        return self.run("creatordex", *arguments, **settings)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (built,) = folder.glob("creatordex-*.whl")
    return built


@pytest.fixture(scope="module")
def installation(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """The wheel in a fresh environment; the locked packages are lent by the one that runs the tests."""
    prefix, folder = tmp_path_factory.mktemp("installed") / "env", tmp_path_factory.mktemp("elsewhere")
    venv.create(prefix, with_pip=True)
    installed = Installation(prefix, folder)
    done = installed.run("pip", "install", "--no-deps", str(wheel))
    assert done.returncode == 0, done.stderr
    # A line in a .pth file is a place to look, but no .pth file in that place is read: the checkout stays out.
    lent = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (installed.packages / "lent.pth").write_text("\n".join(sorted(lent)) + "\n")
    return installed


@pytest.fixture(scope="module")
def night(installation: Installation, corpus_files: list[Path]) -> Installation:
    """The same after `init` and a night."""
    assert installation.creatordex("init").returncode == 0
    result = installation.creatordex("nightly", *map(str, corpus_files), "--as-of", AS_OF)
    assert result.returncode == 0, result.stderr
    return installation


def test_the_wheel_holds_the_rooms_and_nothing_else(wheel: Path):
    files = {path for room in ROOMS for path in (ROOT / room).rglob("*") if path.is_file()}
    wanted = {path.relative_to(ROOT).as_posix() for path in files if path.suffix != ".pyc"}
    held = set(zipfile.ZipFile(wheel).namelist())
    assert {name for name in held if ".dist-info/" not in name} == wanted
    assert {"identity/model.json", "index/FORMAT.md", "jobs/report_page.css", "providers/weights.lock"} <= held


def test_its_licence_travels_with_it(wheel: Path):
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in zipfile.ZipFile(wheel).namelist())


def test_every_room_is_imported_from_the_wheel(installation: Installation):
    program = f"import json, importlib; print(json.dumps([importlib.import_module(r).__file__ for r in {ROOMS!r}]))"
    run = installation.run("python", "-c", program)
    assert run.returncode == 0, run.stderr
    assert {Path(file).parents[1].resolve() for file in json.loads(run.stdout)} == {installation.packages.resolve()}


def test_init_writes_its_settings_where_it_stands(night: Installation):
    assert (night.folder / "creatordex.toml").is_file()


def test_a_night_leaves_a_page_with_its_own_style(night: Installation):
    (page,) = (night.folder / "creatordex-data" / "runs").glob("*/report.html")
    assert (ROOT / "jobs" / "report_page.css").read_text().splitlines()[0] in page.read_text()


def test_a_search_finds_creators(night: Installation):
    result = night.creatordex("search", "home workouts", "--limit", "3", "--json")
    assert result.returncode == 0, result.stderr
    assert len(result.stdout.splitlines()) == 3


def test_the_second_night_publishes_nothing_new(night: Installation, corpus_files: list[Path]):
    result = night.creatordex("nightly", *map(str, corpus_files), "--as-of", AS_OF, "--json")
    assert result.returncode == 0, result.stderr
    (publish,) = [row for row in map(json.loads, result.stdout.splitlines()) if row.get("stage") == "publish_index"]
    assert publish["published"] == 0


def test_what_the_doctor_advises_makes_the_default_model_work(installation: Installation):
    """The hint is run as it stands; what it would fetch is lent here, so that it needs no network."""
    default = {"CREATORDEX_EMBEDDINGS__PROVIDER": "minilm"}
    ill = installation.creatordex("doctor", settings=default)
    assert ill.returncode == 1
    advice = ill.stdout.split("FAIL  embedder: ")[1].split("(hint: ")[1].splitlines()[0].removesuffix(")")
    assert str(installation.packages / "providers" / "weights.lock") in advice
    followed = installation.run("sh", "-c", advice)
    assert followed.returncode == 0, followed.stdout + followed.stderr
    well = installation.creatordex("doctor", settings=default)
    assert well.returncode == 0, well.stdout
