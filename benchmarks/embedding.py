"""Texts per second of both local models, by length of text; prints a table. `python -m benchmarks.embedding`"""

import os
import random
import time
from collections.abc import Sequence

import onnxruntime

from providers.embedder import Embedder
from providers.local import load_embedder

WORDS = """
the of and to a in for with on my your how best easy every week new home made simple quick daily full small city
bread cake oven recipe workout yoga stretch run bike trail chess opening endgame puzzle guitar song cover piano
garden tomato soil seed camera lens photo street travel train mountain lake tent review phone laptop code game
""".split()  # noqa: SIM905
LENGTHS = (12, 40, 140)  # words: a caption, a bio, a description
TEXTS = {"minilm": 600, "fast": 20_000}


def main() -> None:
    print(f"{os.cpu_count()} cores, onnxruntime {onnxruntime.__version__}, load {os.getloadavg()[0]:.1f}")
    print("model    words  texts/s  texts/s per CPU second")
    for provider, count in TEXTS.items():
        model = load_embedder(provider)
        for words in LENGTHS:
            per_second, per_cpu_second = _measure(model, _texts(count * LENGTHS[0] // words + 1, words))
            print(f"{provider:8s} {words:5d} {per_second:8.0f} {per_cpu_second:8.0f}")


def _texts(count: int, words: int) -> list[str]:
    chance = random.Random(0)  # noqa: S311
    # One word in ten is new: names and hashtags are never all in a model's memory.
    return [
        " ".join(
            chance.choice(WORDS) + (str(chance.randrange(10**6)) if chance.random() < 0.1 else "") for _ in range(words)
        )
        for _ in range(count)
    ]


def _measure(model: Embedder, texts: Sequence[str]) -> tuple[float, float]:
    model.embed(texts[:20])
    wall, cpu = time.perf_counter(), time.process_time()
    model.embed(texts)
    return len(texts) / (time.perf_counter() - wall), len(texts) / (time.process_time() - cpu)


if __name__ == "__main__":
    main()
