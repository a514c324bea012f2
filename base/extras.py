"""Libraries that only some installations need: a missing one becomes a settings error that names the command."""

from collections.abc import Iterator
from contextlib import contextmanager

from base.errors import ConfigError


@contextmanager
def needs_extra(extra: str) -> Iterator[None]:
    """For the imports of an optional library; `extra` is its group in pyproject.toml.

    >>> with needs_extra("local"):
    ...     import a_library_nobody_has
    Traceback (most recent call last):
    base.errors.ConfigError: a_library_nobody_has is not installed (hint: pip install "creatordex[local]")
    """
    try:
        yield
    except ModuleNotFoundError as missing:
        raise ConfigError(f"{missing.name} is not installed", hint=f'pip install "creatordex[{extra}]"') from missing
