"""Builds the int8 model of `minilm.py` from the published fp32 weights, once: `python -m providers.export_minilm`.

Every linear layer multiplies 8-bit integers exactly: weights have one scale per output channel, fixed here;
activations one scale per token, computed in the graph. The usual dynamic quantisation has one scale per tensor
instead, so that a text's vector moves with its batch mates; it is also less accurate and no faster.
"""

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt

from base.extras import needs_extra
from providers.minilm import HINT, MODEL, TOKENIZER, WEIGHTS, MiniLM
from providers.weights import find_weights, models_dir

with needs_extra("setup"):
    import onnx
    from onnx import TensorProto, helper, numpy_helper
with needs_extra("local"):
    from safetensors.numpy import load_file

LAYERS, HEADS, DIM = 6, 12, MiniLM.dim
LAYER_NORM_EPSILON = 1e-12
CONTRIB = "com.microsoft"  # onnxruntime's own operators, fused forms of common chains

# Weights use ±64 and not ±127: a CPU without VNNI adds two products in 16 bits, and 2 · 255 · 64 still fits.
WEIGHT_STEPS = 64
ACTIVATION_STEPS = 127

Array = npt.NDArray[np.float32]


def export_minilm(folder: Path, source: Path | None = None) -> bool:
    """Write the model into `folder`, whole or not at all; False when it is there already.

    source: folder with `model.safetensors` and `tokenizer.json`, when they are not in the carrier package.
    Raises ConfigError when they are absent or not the pinned bytes.
    """
    if folder.exists():
        return False
    weights, tokenizer = (find_weights(file, source, hint=HINT) for file in (WEIGHTS, TOKENIZER))
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent) as scratch:
        built = Path(scratch) / "built"
        built.mkdir()
        onnx.save(build_model(load_file(weights)), built / "model.onnx")
        shutil.copyfile(tokenizer, built / tokenizer.name)
        os.replace(built, folder)  # noqa: PTH105
    return True


def build_model(weights: dict[str, Array]) -> onnx.ModelProto:
    """The graph: `input_ids` int64 (texts, tokens) → `states` float32 (texts, tokens, DIM), all texts of one length."""
    graph = _Graph()
    states = _embed_tokens(graph, weights)
    for layer in range(LAYERS):
        states = _encoder_layer(graph, weights, f"encoder.layer.{layer}", states)
    return graph.finish(states)


@dataclass
class _Graph:
    """Nodes and constants in the order they were made; every name is made up here."""

    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[onnx.TensorProto] = field(default_factory=list)

    def constant(self, values: npt.ArrayLike, kind: npt.DTypeLike = np.float32) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants.append(
            numpy_helper.from_array(np.ascontiguousarray(values, kind).reshape(np.shape(values)), name)
        )
        return name

    def apply(self, operator: str, *inputs: str, domain: str = "", **options: Any) -> str:
        return self.apply_split(operator, *inputs, outputs=1, domain=domain, **options)[0]

    def apply_split(self, operator: str, *inputs: str, outputs: int, domain: str = "", **options: Any) -> list[str]:
        names = [f"{operator}_{len(self.nodes)}_{output}" for output in range(outputs)]
        self.nodes.append(helper.make_node(operator, inputs, names, domain=domain, **options))
        return names

    def finish(self, states: str) -> onnx.ModelProto:
        self.nodes.append(helper.make_node("Identity", [states], ["states"]))
        tokens = helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["texts", "tokens"])
        output = helper.make_tensor_value_info("states", TensorProto.FLOAT, ["texts", "tokens", DIM])
        body = helper.make_graph(self.nodes, "minilm", [tokens], [output], self.constants)
        versions = [helper.make_opsetid("", 18), helper.make_opsetid(CONTRIB, 1)]
        model = helper.make_model(body, opset_imports=versions, ir_version=9, producer_name="creatordex")
        helper.set_model_props(model, {"model": MODEL, "weights_sha256": WEIGHTS.sha256})
        return model


def _embed_tokens(graph: _Graph, weights: dict[str, Array]) -> str:
    words = graph.constant(weights["embeddings.word_embeddings.weight"])
    segment = weights["embeddings.token_type_embeddings.weight"][0]  # a text alone is all first segment
    positions = graph.constant(weights["embeddings.position_embeddings.weight"] + segment)
    length = graph.apply("Shape", "input_ids", start=1, end=2)
    places = graph.apply("Slice", positions, graph.constant([0], np.int64), length)
    summed = graph.apply("Add", graph.apply("Gather", words, "input_ids"), places)
    return _layer_norm(graph, weights, "embeddings.LayerNorm", summed)


def _encoder_layer(graph: _Graph, weights: dict[str, Array], layer: str, states: str) -> str:
    attended = _attention(graph, weights, f"{layer}.attention", states)
    states = _layer_norm(graph, weights, f"{layer}.attention.output.LayerNorm", graph.apply("Add", attended, states))
    hidden = _linear(graph, weights[f"{layer}.intermediate.dense.weight"], _quantise_tokens(graph, states))
    bias = graph.constant(weights[f"{layer}.intermediate.dense.bias"])
    hidden = graph.apply("BiasGelu", hidden, bias, domain=CONTRIB)
    forward = _biased_linear(graph, weights, f"{layer}.output.dense", hidden)
    return _layer_norm(graph, weights, f"{layer}.output.LayerNorm", graph.apply("Add", forward, states))


def _attention(graph: _Graph, weights: dict[str, Array], name: str, states: str) -> str:
    parts = [f"{name}.self.{part}" for part in ("query", "key", "value")]
    matrix = np.concatenate([weights[f"{part}.weight"] for part in parts])
    bias = np.concatenate([weights[f"{part}.bias"] for part in parts])
    projected = _linear(graph, matrix, _quantise_tokens(graph, states))
    split = graph.apply_split("Split", projected, graph.constant([DIM] * 3, np.int64), outputs=3, axis=-1)
    mixed = graph.apply("MultiHeadAttention", *split, graph.constant(bias), domain=CONTRIB, num_heads=HEADS)
    return _biased_linear(graph, weights, f"{name}.output.dense", mixed)


def _biased_linear(graph: _Graph, weights: dict[str, Array], name: str, states: str) -> str:
    product = _linear(graph, weights[f"{name}.weight"], _quantise_tokens(graph, states))
    return graph.apply("Add", product, graph.constant(weights[f"{name}.bias"]))


def _layer_norm(graph: _Graph, weights: dict[str, Array], name: str, states: str) -> str:
    scale, bias = graph.constant(weights[f"{name}.weight"]), graph.constant(weights[f"{name}.bias"])
    return graph.apply("LayerNormalization", states, scale, bias, epsilon=LAYER_NORM_EPSILON, axis=-1)


@dataclass(frozen=True, slots=True)
class _Quantised:
    """Names of a tensor's uint8 values (128 = 0) and of its scale per token."""

    values: str
    scale: str


def _quantise_tokens(graph: _Graph, states: str) -> _Quantised:
    magnitude = graph.apply("ReduceMax", graph.apply("Abs", states), graph.constant([-1], np.int64), keepdims=1)
    never_zero = graph.apply("Max", magnitude, graph.constant(1e-12))
    scale = graph.apply("Mul", never_zero, graph.constant(1 / ACTIVATION_STEPS))
    steps = graph.apply("Div", states, scale)
    return _Quantised(graph.apply("QuantizeLinear", steps, graph.constant(1.0), graph.constant(128, np.uint8)), scale)


def _linear(graph: _Graph, matrix: Array, states: _Quantised) -> str:
    """`states` times the transpose of `matrix` (outputs, inputs); sums of integers, so the order cannot matter."""
    scale = np.abs(matrix).max(axis=1) / WEIGHT_STEPS
    steps = graph.constant(np.rint(matrix / scale[:, None]).T, np.int8)
    operands = states.values, steps, graph.constant(1.0), graph.constant(scale), graph.constant(128, np.uint8)
    return graph.apply("Mul", graph.apply("MatMulIntegerToFloat", *operands, domain=CONTRIB), states.scale)


def main() -> None:
    folder = models_dir() / MODEL
    done = "built" if export_minilm(folder) else "already there"
    print(f"{MODEL}: {done} ({folder})")  # noqa: T201


if __name__ == "__main__":
    main()
