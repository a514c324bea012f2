"""A run's own log: one JSON object per line with the run id, in `runs/<run id>/log.jsonl`."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog
from structlog.typing import FilteringBoundLogger, Processor

_PROCESSORS: list[Processor] = [
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.JSONRenderer(sort_keys=True),
]


@contextmanager
def run_log(folder: Path, run_id: str) -> Iterator[FilteringBoundLogger]:
    """A logger bound to the run; a resumed run appends."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "log.jsonl").open("a", encoding="utf-8") as handle:
        yield structlog.wrap_logger(
            structlog.WriteLogger(handle),
            processors=_PROCESSORS,
            wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        ).bind(run_id=run_id)


def silent_log() -> FilteringBoundLogger:
    """For jobs that run outside a recorded run, such as in tests."""
    drop = structlog.make_filtering_bound_logger(logging.CRITICAL)
    logger: FilteringBoundLogger = structlog.wrap_logger(structlog.PrintLogger(), wrapper_class=drop)
    return logger
