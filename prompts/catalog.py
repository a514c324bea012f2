"""Prompts by name and version. A released file is never edited (`prompts.lock` holds it to that): a change is new.

A file is front matter (YAML: name, version, variables), then `# system` and `# user` parts with `{{variable}}` places.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from base.errors import ConfigError
from base.fingerprint import sha256_hex
from base.yaml_files import parse_yaml

PROMPTS = Path(__file__).parent
LOCK = PROMPTS / "prompts.lock"
_FILE = re.compile(r"\A---\n(?P<front>.*?)\n---\n+# system\n(?P<system>.*?)\n+# user\n(?P<user>.*)\Z", re.DOTALL)
_PLACE = re.compile(r"\{\{(\w+)\}\}")


@dataclass(frozen=True, slots=True)
class Prompt:
    name: str
    version: str
    #: of the whole file, as locked
    sha256: str
    #: templates with `{{variable}}` places
    system: str
    user: str

    @property
    def system_variables(self) -> frozenset[str]:
        """The places of the static part."""
        return frozenset(_PLACE.findall(self.system))

    def render_system(self, **values: str) -> str:
        """The part that is the same for every creator. Raises ConfigError on a missing or surplus variable."""
        return self._render(self.system, values)

    def render_user(self, **values: str) -> str:
        """The part with the creator's data. Raises ConfigError on a missing or surplus variable."""
        return self._render(self.user, values)

    def _render(self, template: str, values: Mapping[str, str]) -> str:
        wanted = set(_PLACE.findall(template))
        if wanted != set(values):
            raise ConfigError(
                f"prompt {self.name} v{self.version}: missing {sorted(wanted - set(values))}, "
                f"surplus {sorted(set(values) - wanted)}"
            )
        # One pass: a value that itself contains `{{…}}` is data and is not filled again.
        return _PLACE.sub(lambda place: values[place[1]], template)


def load_prompt(name: str, version: str, folder: Path = PROMPTS) -> Prompt:
    """The prompt `<name>/v<version>.md`. Raises ConfigError when it is absent, malformed, or not as locked."""
    path = folder / name / f"v{version}.md"
    if not path.is_file():
        raise ConfigError(f"no prompt {name} v{version}")
    text = path.read_text(encoding="utf-8")
    digest = sha256_hex(text)
    if read_lock(folder).get(f"{name}/v{version}.md") != digest:
        raise ConfigError(
            f"prompt {name} v{version} is not as released", hint="restore the file; a change is a new version number"
        )
    return _parsed(name, version, text, digest)


def read_lock(folder: Path = PROMPTS) -> dict[str, str]:
    """Path → sha256 of every released prompt."""
    lines = (folder / LOCK.name).read_text(encoding="utf-8").splitlines()
    return {path: digest for digest, path in (line.split("  ", 1) for line in lines if line)}


def _parsed(name: str, version: str, text: str, digest: str) -> Prompt:
    parts = _FILE.match(text)
    if parts is None:
        raise ConfigError(f"prompt {name} v{version} needs front matter, a `# system` and a `# user` part")
    front: Any = parse_yaml(parts["front"])
    prompt = Prompt(name, version, digest, parts["system"].strip(), parts["user"].strip())
    named = {"system": sorted(_PLACE.findall(prompt.system)), "user": sorted(_PLACE.findall(prompt.user))}
    said = {
        "name": name,
        "version": int(version),
        "variables": {part: sorted(set(places)) for part, places in named.items()},
    }
    if front != said:
        raise ConfigError(f"prompt {name} v{version}: front matter says {front}, the file is {said}")
    return prompt
