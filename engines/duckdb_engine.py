"""One machine: DuckDB for the relational steps, spilling to disk when memory is short."""

import tempfile
from types import TracebackType
from typing import Self

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from engines.engine import Kernel
from engines.memory import give_back
from engines.workers import available_cores, map_batches

KERNEL_BATCH_ROWS = 10_000  # large enough to amortise a call, small enough to share out and to bound scratch memory
#: what DuckDB has freed goes back to the system from here on; by default it keeps hundreds of megabytes at hand
_KEPT_AT_HAND = "1MB"


class DuckDBEngine:
    """An in-process engine; use it as a context so that its memory is given back.

    memory_limit: DuckDB's own syntax, e.g. "2GB". threads, workers (processes for kernels): 0 means one per core.
    Results are the same for any number of either.
    """

    def __init__(self, *, memory_limit: str = "2GB", threads: int = 0, workers: int = 0) -> None:
        self._workers = workers or available_cores()
        self._spill = tempfile.TemporaryDirectory(prefix="creatordex-")
        self._connection = duckdb.connect(
            config={
                "memory_limit": memory_limit,
                "preserve_insertion_order": "false",
                "temp_directory": self._spill.name,
                "allocator_flush_threshold": _KEPT_AT_HAND,
                "allocator_bulk_deallocation_flush_threshold": _KEPT_AT_HAND,
            }
        )
        if threads:
            self._connection.execute(f"SET threads = {int(threads)}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()
        self._spill.cleanup()

    def sql(self, text: str, **datasets: pa.Table) -> pa.Table:
        """See `Engine.sql`."""
        for name, dataset in datasets.items():
            self._connection.register(name, dataset)
        try:
            return self._connection.sql(text).to_arrow_table()
        finally:
            for name in datasets:
                self._connection.unregister(name)
            give_back()

    def map_arrow(self, dataset: pa.Table, kernel: Kernel, schema: pa.Schema) -> pa.Table:
        """See `Engine.map_arrow`."""
        starts = range(0, dataset.num_rows, KERNEL_BATCH_ROWS)
        batches = (dataset.slice(start, KERNEL_BATCH_ROWS) for start in starts)
        parts = [result.cast(schema) for result in map_batches(batches, kernel, self._workers)]
        if not parts:
            return schema.empty_table()
        # Each part holds all of its columns in one buffer: copied, a column that is dropped later can go.
        whole = pa.concat_tables(parts).combine_chunks()
        del parts
        give_back()
        return whole

    def write(self, dataset: pa.Table, path: str) -> None:
        """See `Engine.write`."""
        pq.write_table(dataset, path, compression="zstd")
