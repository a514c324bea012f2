"""Counters and latencies of the service, in the text form that Prometheus reads."""

import threading
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

#: upper bounds in seconds; a request above the last is counted in +Inf
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.04, 0.06, 0.1, 0.25, 0.5, 1.0, 2.5)
PREFIX = "creatordex"

Labels = tuple[tuple[str, str], ...]


class Metrics:
    """Safe to use from any number of threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, Labels], int] = defaultdict(int)
        self._spread: dict[tuple[str, Labels], list[int]] = defaultdict(lambda: [0] * (len(BUCKETS) + 1))
        self._seconds: dict[tuple[str, Labels], float] = defaultdict(float)
        self._help: dict[str, str] = {}

    def count(self, name: str, help_text: str, /, **labels: str) -> None:
        """One more."""
        with self._lock:
            self._help[name] = help_text
            self._counts[name, _labels(labels)] += 1

    def observe(self, name: str, seconds: float, help_text: str, /, **labels: str) -> None:
        """One more duration."""
        key = (name, _labels(labels))
        with self._lock:
            self._help[name] = help_text
            self._spread[key][bisect_left(BUCKETS, seconds)] += 1
            self._seconds[key] += seconds

    @contextmanager
    def stage(self, stage: str) -> Iterator[None]:
        """Time one stage of a search; a failure inside is counted and goes on."""
        began = time.perf_counter()
        try:
            yield
        except Exception:
            self.count("search_stage_failures_total", "Stages of searches that raised.", stage=stage)
            raise
        finally:
            taken = time.perf_counter() - began
            self.observe("search_stage_seconds", taken, "Time per stage of a search.", stage=stage)

    def text(self, gauges: Mapping[str, tuple[str, float]]) -> str:
        """Everything counted so far; `gauges`: name → (help, value now)."""
        with self._lock:
            lines = [*self._counters(), *self._histograms()]
        for name, (help_text, value) in gauges.items():
            lines += [*_head(name, help_text, "gauge"), f"{PREFIX}_{name} {value:.15g}"]
        return "\n".join(lines) + "\n"

    def _counters(self) -> Iterator[str]:
        for name in sorted({name for name, _ in self._counts}):
            yield from _head(name, self._help[name], "counter")
            for (of, labels), count in sorted(self._counts.items()):
                if of == name:
                    yield f"{PREFIX}_{name}{_shown(labels)} {count}"

    def _histograms(self) -> Iterator[str]:
        for name in sorted({name for name, _ in self._spread}):
            yield from _head(name, self._help[name], "histogram")
            for (of, labels), spread in sorted(self._spread.items()):
                if of == name:
                    yield from _histogram(name, labels, spread, self._seconds[of, labels])


def _histogram(name: str, labels: Labels, spread: list[int], seconds: float) -> Iterator[str]:
    below = 0
    for bound, count in zip([*map(str, BUCKETS), "+Inf"], spread, strict=True):
        below += count
        yield f"{PREFIX}_{name}_bucket{_shown((*labels, ('le', bound)))} {below}"
    yield f"{PREFIX}_{name}_sum{_shown(labels)} {seconds:.9g}"
    yield f"{PREFIX}_{name}_count{_shown(labels)} {below}"


def _head(name: str, help_text: str, kind: str) -> list[str]:
    return [f"# HELP {PREFIX}_{name} {help_text}", f"# TYPE {PREFIX}_{name} {kind}"]


def _labels(labels: Mapping[str, str]) -> Labels:
    return tuple(sorted(labels.items()))


def _shown(labels: Labels) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels) + "}"


def _escaped(value: str) -> str:
    r"""
    >>> _escaped('a "b"\n')
    'a \\"b\\"\\n'
    """
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
