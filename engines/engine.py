"""The seam to a cluster: three methods, so that another engine is an addition and not a rewrite."""

from collections.abc import Callable
from typing import Protocol

import pyarrow as pa

Kernel = Callable[[pa.Table], pa.Table]


class Engine(Protocol):
    def sql(self, text: str, **datasets: pa.Table) -> pa.Table:
        """Run portable SQL over named datasets. Row order is only what an ORDER BY says."""
        ...

    def map_arrow(self, dataset: pa.Table, kernel: Kernel, schema: pa.Schema) -> pa.Table:
        """Apply a pure, importable Arrow→Arrow function batch by batch, keeping row order."""
        ...

    def write(self, dataset: pa.Table, path: str) -> None:
        """Write a dataset as Parquet."""
        ...
