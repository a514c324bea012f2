"""Looking at a file before it is delivered: what would go in, what would not, and which fields it fills."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from base.errors import SourceError
from ingest.contracts import SourceContract
from ingest.coverage import Coverage
from ingest.files import Payload
from ingest.records import RejectedRow

SHOWN_REJECTIONS = 1_000  # enough to see what is wrong; the counts cover all


@dataclass(slots=True)
class Validation:
    """What a file holds."""

    file: str
    media: str
    #: capture lines and rows, and what stands in them
    entities: int = 0
    #: rows and entities that would be rejected
    rejected: int = 0
    #: the first of them, a row may have several
    rejections: list[RejectedRow] = field(default_factory=list)
    reasons: dict[str, int] = field(default_factory=dict)
    #: source × field × share present × newest
    coverage: list[dict[str, Any]] = field(default_factory=list)
    #: columns that nothing reads
    ignored_columns: list[str] = field(default_factory=list)

    @property
    def rejected_share(self) -> float:
        return self.rejected / max(1, self.entities + self.rejected)


def validate_file(path: Path, contract: SourceContract | None, fetched_at: int) -> Validation:
    """Read a file as `ingest` would and write nothing. Raises SourceError when it cannot be read.

    `fetched_at`: microseconds since 1970 UTC, for rows that do not say when they were fetched.
    """
    coverage, bad = Coverage(), set()
    try:
        with path.open("rb") as stream:
            payload = Payload(stream, path.name, contract, fetched_at)
            validation = Validation(path.name, payload.media)
            for batch in payload.batches():
                validation.entities += batch.accounts.num_rows + batch.content.num_rows
                coverage.add(path.name, batch)
                for row in batch.rejected:
                    bad.add((row.line, row.pointer))
                    validation.reasons[row.reason] = validation.reasons.get(row.reason, 0) + 1
                validation.rejections += batch.rejected[: SHOWN_REJECTIONS - len(validation.rejections)]
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror or error}", hint="check the path and its permissions") from None
    validation.media, validation.rejected = payload.media, len(bad)
    validation.coverage, validation.ignored_columns = coverage.table(), payload.ignored
    return validation
