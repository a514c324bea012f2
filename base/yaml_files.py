"""Reading YAML that we ship or a user wrote: plain values only, by the parser in C, which takes a tenth of the time."""

from pathlib import Path
from typing import Any

import yaml


def read_yaml(path: Path) -> Any:
    """What a file holds. Raises yaml.YAMLError where it is not YAML."""
    return parse_yaml(path.read_text(encoding="utf-8"))


def parse_yaml(text: str) -> Any:
    return yaml.load(text, yaml.CSafeLoader)
