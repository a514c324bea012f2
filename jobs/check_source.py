"""Describing and checking a source before it is delivered: nothing is written."""

from datetime import datetime
from pathlib import Path
from typing import Literal

from base.clock import to_micros
from ingest.contracts import read_contract, template_contract, template_rows, vendor_rows
from ingest.validation import Validation, validate_file


def check_source(file: Path, contract: Path | None, now: datetime) -> Validation:
    """What `ingest` would make of a file. Raises SourceError when the file or its contract cannot be read."""
    return validate_file(file, read_contract(contract) if contract else None, to_micros(now))


def source_templates(kind: Literal["accounts", "content"]) -> dict[str, str]:
    """Valid examples: `csv` in our own columns, `toml` a contract, `vendor` the file which that contract reads."""
    return {"csv": template_rows(kind), "toml": template_contract(kind), "vendor": vendor_rows(kind)}


__all__ = ["Validation", "check_source", "source_templates"]
