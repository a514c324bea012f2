"""Whether real answers of the platforms can be read: per file its endpoint, what came out, what was refused and why.

    python benchmarks/api_samples.py FOLDER

FOLDER holds JSON files, one answer each, in folders named for their platform (`x_api_v2`, `youtube_…`). A file whose
endpoint nobody reads is listed as such. What it prints is about real people only in numbers.
"""

import argparse
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from base.clock import to_micros
from ingest import platforms
from ingest.captures import read_response
from ingest.decoding import decode_json
from ingest.errors import is_error, platform_of
from ingest.fields import FieldError
from ingest.records import AccountRecord, Entity

FETCHED_AT = to_micros(datetime(2026, 1, 1, tzinfo=UTC))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    files = sorted(folder.rglob("*.json")) if folder.is_dir() else []
    if not files:
        print(f"nothing to read: {folder} holds no JSON files")
        return 0
    totals: Counter[str] = Counter()
    for path in files:
        totals += report(path.relative_to(folder), answer_in(path))
    print(f"\n{len(files)} files: " + ", ".join(f"{count} {name}" for name, count in totals.items()))
    return 0


def answer_in(path: Path) -> Any:
    try:
        return decode_json(path.read_bytes())
    except FieldError as error:
        return str(error)


def report(name: Path, body: Any) -> Counter[str]:
    """Print a file's line; returns what it adds to the totals."""
    endpoint = endpoint_of(body)
    if endpoint is None:
        print(f"{name!s:72} –  no endpoint that is read")
        return Counter({"of other endpoints": 1})
    accounts, items, refused = Counter[str](), 0, Counter[str]()
    for found in read_response(body, 1, FETCHED_AT):
        if not isinstance(found, Entity):
            refused[f"{found.field} {found.reason}".strip()] += 1
        elif isinstance(found.record, AccountRecord):
            accounts[found.record.platform] += 1
        else:
            items += 1
    told = "; ".join(f"{count} × {reason}" for reason, count in refused.items())
    print(
        f"{name!s:72} {endpoint:28} accounts {accounts.total():4}  items {items:4}  refused {refused.total():4}  {told}"
    )
    read = Counter({"read": 1, "accounts": accounts.total(), "items": items, "refused": refused.total()})
    return +read


def endpoint_of(body: Any) -> str | None:
    """Platform and endpoint of an answer, `error` for an answer that is one."""
    if not isinstance(body, dict):
        return None
    found = platforms.recognise(body)
    if found:
        return f"{found[0].platform} {found[1]}"
    platform = platform_of(body)
    return f"{platform} error" if is_error(platform, body) else None


if __name__ == "__main__":
    sys.exit(main())
