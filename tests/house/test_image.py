"""The Dockerfile, as far as it can be read without building it: what goes in, by hash, and who runs it."""

import re
from fnmatch import fnmatch
from typing import NamedTuple

import pytest

from tests.house.tree import ROOMS, ROOT


class Instruction(NamedTuple):
    word: str
    rest: str


def instructions(text: str) -> list[Instruction]:
    """Continued lines joined, comments gone.

    >>> instructions("# why\\nRUN a \\\\\\n  && b\\nUSER 10")
    [Instruction(word='RUN', rest='a && b'), Instruction(word='USER', rest='10')]
    """
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    joined = re.sub(r"\s*\\\n\s*", " ", "\n".join(lines)).splitlines()
    return [Instruction(word.upper(), rest.strip()) for word, _, rest in (line.partition(" ") for line in joined)]


LINES = instructions((ROOT / "Dockerfile").read_text())
IGNORED = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
LAST_STAGE = LINES[max(row for row, line in enumerate(LINES) if line.word == "FROM") :]
KNOWN = {"FROM", "ENV", "RUN", "WORKDIR", "COPY", "VOLUME", "USER", "HEALTHCHECK", "ENTRYPOINT", "CMD"}


def of(word: str, lines: list[Instruction] = LINES) -> list[str]:
    return [line.rest for line in lines if line.word == word]


def is_sent(path: str) -> bool:
    """Whether a file of the project reaches the builder; the last pattern that fits decides."""
    parents = ["/".join(path.split("/")[:length]) for length in range(1, path.count("/") + 2)]
    sent = True
    for line in IGNORED:
        pattern = line.removeprefix("!").rstrip("/").removeprefix("**/")
        if any(fnmatch(parent, pattern) or fnmatch(parent.split("/")[-1], pattern) for parent in parents):
            sent = line.startswith("!")
    return sent


def test_every_instruction_is_one_that_this_test_reads():
    assert {line.word for line in LINES} <= KNOWN, "ADD would fetch, ARG could carry a secret into the layers"


def test_both_stages_start_from_the_same_exact_version():
    images = {rest.split(" AS ")[0] for rest in of("FROM")}
    assert len(images) == 1
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-\w+", images.pop()), "a tag with a patch version, and no registry"


@pytest.mark.parametrize("copied", [rest for rest in of("COPY") if not rest.startswith("--from=")])
def test_what_is_copied_exists_and_reaches_the_builder(copied: str):
    for source in copied.split()[:-1]:
        assert (ROOT / source).exists(), source
        assert source == "." or is_sent(source), source


def test_what_one_stage_takes_from_another_was_made_there():
    (taken,) = [rest for rest in of("COPY") if rest.startswith("--from=")]
    stage, source, _target = taken.removeprefix("--from=").split()
    assert any(rest.endswith(f" AS {stage}") for rest in of("FROM"))
    assert any(f"venv {source}" in command for command in of("RUN"))


def test_the_builder_gets_the_rooms_and_what_the_wheel_is_built_from():
    wanted = [path.relative_to(ROOT).as_posix() for room in ROOMS for path in (ROOT / room).rglob("*.*")]
    wanted = [path for path in wanted if "__pycache__" not in path]
    assert [path for path in wanted if not is_sent(path)] == []
    assert all(is_sent(path) for path in ("pyproject.toml", "README.md", "LICENSE", "runtime.lock"))


@pytest.mark.parametrize(
    "path", [".env", ".git/config", "creatordex.toml", "creatordex-data/store.db", "demo-data/x", ".venv/x", "tests/x",
             "store/__pycache__/tables.pyc", "anything.key"],
)  # fmt: skip
def test_nothing_else_reaches_the_builder(path: str):
    assert not is_sent(path)


def test_packages_come_by_hash_and_ours_without_looking_any_up():
    installs = [step for command in of("RUN") for step in command.split(" && ") if "pip install" in step]
    by_hash = [step for step in installs if "--require-hashes" in step]
    ours = [step for step in installs if step not in by_hash]
    assert [step.split(" -r ")[1] for step in by_hash] == ["runtime.lock", "providers/weights.lock"]
    assert ours == ["pip install --no-deps --no-build-isolation ."]


def test_the_container_does_not_run_as_root():
    (user,) = of("USER", LAST_STAGE)
    assert int(user) >= 1000, "a number, so that an orchestrator can see that it is not root"
    assert any(f"--uid {user}" in command for command in of("RUN", LAST_STAGE))
    after = [line.word for line in LAST_STAGE[LAST_STAGE.index(Instruction("USER", user)) :]]
    assert "RUN" not in after


def test_data_lies_in_the_volume_that_the_settings_name():
    (volume,) = of("VOLUME", LAST_STAGE)
    assert f"CREATORDEX_HOME={volume}" in of("ENV", LAST_STAGE)[0].split()
    assert volume in of("WORKDIR", LAST_STAGE), "creatordex.toml is looked for there"


def test_no_layer_holds_a_secret():
    values = " ".join(of("ENV") + of("RUN"))
    assert not re.search(r"(?i)key|token|secret|passw|://", values)


def test_it_starts_the_command_itself_and_not_a_shell():
    """Signals reach it, and a killed night resumes."""
    assert of("ENTRYPOINT", LAST_STAGE) == ['["creatordex"]']
    assert of("HEALTHCHECK", LAST_STAGE) == ["NONE"]
