"""Every requirement this version answers has a test that names it; what is left is listed with its reason."""

import re

from tests.house.tree import ROOT

PROMISED = (
    *(f"ING-{number:02}" for number in (1, 2, 3, 4, 5, 11, 12, 13, 14)),
    *(f"NRM-{number:02}" for number in (1, 2, 3, 4, 5, 6, 7, 8, 10)),
    *(f"STO-{number:02}" for number in (1, 2, 3, 4, 8)),
    *(f"EMB-{number:02}" for number in (1, 2, 3, 4, 6)),
    "GOV-01", "GOV-11", "SYS-04",
)  # fmt: skip

#: requirement → why no test names it yet
NOT_YET: dict[str, str] = {}

_ID = re.compile(r"\b(?:SYS|ING|NRM|STO|EMB|GOV|IDN|LLM|SRC|POL|MON)-\d{2}\b")
_RANGE = re.compile(r"\b([A-Z]{3})-(\d{2})\s*(?:\.\.|–|to)\s*(?:[A-Z]{3}-)?(\d{2})\b")


def test_every_promised_requirement_is_named_by_a_test():
    unnamed = set(PROMISED) - requirements_named_by_tests()
    assert unnamed == set(NOT_YET)


def requirements_named_by_tests() -> set[str]:
    texts = [path.read_text() for path in (ROOT / "tests").rglob("test_*.py") if path.name != "test_requirements.py"]
    return {name for text in texts for name in named(text)}


def named(text: str) -> set[str]:
    """Requirement ids in a text, ranges written out.

    >>> sorted(named("NRM-02..04 and STO-08"))
    ['NRM-02', 'NRM-03', 'NRM-04', 'STO-08']
    """
    spread = {
        f"{group}-{number:02}" for group, low, high in _RANGE.findall(text) for number in range(int(low), int(high) + 1)
    }
    return spread | set(_ID.findall(text))
