"""What is kept between nights: all of it or nothing, and only under the code that made it."""

import sys
from pathlib import Path

import pytest

import jobs.identity_memory as kept
from corpus.generate import generate
from engines.duckdb_engine import DuckDBEngine
from identity.memory import Memory
from identity.resolution import resolve
from identity.weights import load_model
from jobs.identity_memory import LIBRARIES, PARTS, forget_accounts, load_memory, same_memory, save_memory
from tests.house.tree import imports, modules


@pytest.fixture(scope="module")
def memory() -> Memory:
    with DuckDBEngine(workers=1) as engine:
        found = resolve(generate(60).accounts, model=load_model(), engine=engine, memory=Memory.empty()).memory
    assert found is not None
    return found


def test_what_is_kept_comes_back(memory, tmp_path):
    assert same_memory(load_memory(tmp_path), Memory.empty())
    save_memory(tmp_path, memory)
    assert same_memory(load_memory(tmp_path), memory)
    assert not same_memory(load_memory(tmp_path), Memory.empty())


@pytest.mark.parametrize("part", PARTS)
def test_a_kill_between_two_files_leaves_no_memory(memory, tmp_path, part):
    save_memory(tmp_path, memory)
    former = (tmp_path / "memory" / f"{part}.arrow").read_bytes()
    save_memory(tmp_path, memory)
    (tmp_path / "memory" / f"{part}.arrow").write_bytes(former)
    assert same_memory(load_memory(tmp_path), Memory.empty())


@pytest.mark.parametrize("keep", [0, 7, 400])
def test_a_file_cut_short_is_no_memory(memory, tmp_path, keep):
    save_memory(tmp_path, memory)
    path = tmp_path / "memory" / "pairs.arrow"
    path.write_bytes(path.read_bytes()[:keep])
    assert same_memory(load_memory(tmp_path), Memory.empty())


def test_other_code_has_no_memory_of_this(memory, tmp_path, monkeypatch):
    save_memory(tmp_path, memory)
    monkeypatch.setattr(kept, "code_fingerprint", lambda: "other")
    assert same_memory(load_memory(tmp_path), Memory.empty())


def test_forgotten_accounts_are_in_no_file(memory, tmp_path):
    save_memory(tmp_path, memory)
    gone = memory.profiles.slice(0, 2)
    assert forget_accounts(tmp_path, ["x:nobody"]) == 0
    assert forget_accounts(tmp_path, gone["account_id"].to_pylist()) == 2
    assert forget_accounts(tmp_path, gone["account_id"].to_pylist()) == 0
    files = b"".join(path.read_bytes() for path in (tmp_path / "memory").iterdir())
    assert not any(key.encode() in files for key in gone["account_id"].to_pylist())
    assert load_memory(tmp_path).marks.num_rows == memory.marks.num_rows - 2


def test_every_library_that_identity_uses_is_part_of_the_code():
    named = {name.split(".")[0] for module in modules("identity", "base") for name in imports(module.tree)}
    rooms = {path.name for path in Path(kept.__file__).parents[1].iterdir() if path.is_dir()}
    foreign = named - set(sys.stdlib_module_names) - rooms
    assert foreign - {"pydantic", "faiss", "yaml"} <= set(LIBRARIES), "these check models and read tables, no profile"
