"""Source contracts: how a file that is not in our own columns is to be read, as a small TOML file.

    kind = "accounts"                 # or "content"
    platform = "instagram"            # constant, when the file has no such column
    encoding = "cp1252"
    [columns]                         # ours = "theirs"
    handle = "Influencer insta name"
    followers = "Followers"
    [constants]
    country = "France"

Unknown keys are refused: a misspelt one would be silently without effect.
"""

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from base.clock import from_micros
from base.errors import SourceError
from ingest.fields import platform_name
from ingest.records import AccountRecord, ContentRecord

ROW_COLUMNS = ("fetched_at",)  # of the row, not of the account or item
ACCOUNT_COLUMNS = (*AccountRecord.model_fields, *ROW_COLUMNS)
CONTENT_COLUMNS = (*ContentRecord.model_fields, *ROW_COLUMNS)
COUNT_COLUMNS = frozenset(
    {"followers", "following", "content_count", "total_views", "views", "likes", "comments", "duration_seconds"}
)
INSTANT_COLUMNS = frozenset({"created_at", "first_seen", "published_at", "fetched_at"})
_SUFFIXES = {"k": 10**3, "m": 10**6, "b": 10**9}


class SourceContract(BaseModel):
    """How the rows of one source become ours. Columns that are not named are not read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["accounts", "content"]
    #: the platform of every row, when no column says it
    platform: str | None = None
    #: our column → the file's column. A content file may also name columns of its accounts (display_name, …)
    columns: dict[str, str] = Field(min_length=1)
    #: our column → the same value for every row
    constants: dict[str, str | int | bool] = {}
    encoding: str = "utf-8-sig"
    #: found by looking at the header line unless given
    delimiter: str | None = Field(default=None, min_length=1, max_length=1)
    #: lines before the header
    skip_rows: int = Field(default=0, ge=0)
    #: cells that mean "nothing here", besides the empty one
    null_tokens: list[str] = []
    #: "," in "1,234"
    thousands_separator: str = ""
    decimal_separator: str = "."
    #: read 1.2M, 500K and 3B
    number_suffixes: bool = False
    #: strptime formats, or epoch_seconds, epoch_milliseconds; ISO 8601 is always read
    date_formats: list[str] = []

    @model_validator(mode="after")
    def _names_our_columns(self) -> Self:
        known = set(ACCOUNT_COLUMNS) | (set(CONTENT_COLUMNS) if self.kind == "content" else set())
        unknown = sorted((set(self.columns) | set(self.constants)) - known)
        if unknown:
            raise ValueError(f"no such column of ours: {', '.join(unknown)}; there are {', '.join(sorted(known))}")
        given = set(self.columns) | set(self.constants) | ({"platform"} if self.platform else set())
        missing = sorted({"platform"} - given | ({"platform_content_id"} - given if self.kind == "content" else set()))
        if missing or not given & {"platform_user_id", "handle"}:
            raise ValueError(f"map {', '.join([*missing, 'platform_user_id or handle'])}")
        if self.platform is not None:
            platform_name(self.platform)
        "".encode(self.encoding)
        return self

    def translate(self, row: dict[str, Any]) -> dict[str, Any]:
        """One row of the file in our columns; a mapped column that the row lacks is left out."""
        values: dict[str, Any] = {"platform": self.platform} if self.platform else {}
        values |= self.constants
        for ours, theirs in self.columns.items():
            if theirs in row:
                values[ours] = self._value(ours, row[theirs])
        return values

    def _value(self, ours: str, value: Any) -> Any:
        if not isinstance(value, str):
            return _from_epoch(value, self.date_formats) if ours in INSTANT_COLUMNS else value
        value = value.strip()
        if value in self.null_tokens:
            return None
        if ours in COUNT_COLUMNS and value:
            return self._number(value)
        return self._date(value) if ours in INSTANT_COLUMNS and value else value

    def _number(self, value: str) -> Any:
        plain = value.replace(self.thousands_separator, "") if self.thousands_separator else value
        plain = plain.replace(self.decimal_separator, ".")
        factor = _SUFFIXES.get(plain[-1:].lower(), 1) if self.number_suffixes else 1
        digits = plain[:-1].strip() if factor > 1 else plain
        try:
            return round(float(digits) * factor) if factor > 1 else (float(digits) if "." in digits else digits)
        except (ValueError, OverflowError):
            return value  # refused by the record, with its reason

    def _date(self, value: str) -> Any:
        for form in self.date_formats:
            if form.startswith("epoch_") and value.lstrip("-").isdigit():
                return _from_epoch(int(value), [form])
            try:
                moment = datetime.strptime(value, form)  # noqa: DTZ007 (a zone in the text is kept below)
                return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            except ValueError:
                continue
        return value


def _from_epoch(value: Any, forms: list[str]) -> Any:
    scale = 1_000 if "epoch_milliseconds" in forms else 1_000_000
    if (
        isinstance(value, bool)
        or not isinstance(value, int)
        or not {"epoch_seconds", "epoch_milliseconds"} & set(forms)
    ):
        return value
    try:
        return from_micros(value * scale)
    except OverflowError:
        return value


def read_contract(path: Path) -> SourceContract:
    """The contract in a TOML file. Raises SourceError naming every mistake at once."""
    try:
        return SourceContract(**tomllib.loads(path.read_text("utf-8")))
    except OSError as error:
        raise SourceError(
            f"no source contract {path}: {error.strerror}", hint="creatordex contract template writes one"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, LookupError) as error:
        raise SourceError(f"{path.name}: {error}", hint="creatordex contract template shows a valid contract") from None
    except ValidationError as error:
        mistakes = [
            f"{'.'.join(map(str, mistake['loc'])) or 'contract'}: {mistake['msg']}" for mistake in error.errors()
        ]
        raise SourceError(
            f"{path.name}: {'; '.join(mistakes)}", hint="creatordex contract template shows a valid contract"
        ) from None


def template_rows(kind: Literal["accounts", "content"]) -> str:
    """A valid example file (CSV) in our own columns."""
    return _ACCOUNT_ROWS if kind == "accounts" else _CONTENT_ROWS


def template_contract(kind: Literal["accounts", "content"]) -> str:
    """A valid example contract (TOML) for a file that calls the same things by other names."""
    return _ACCOUNT_CONTRACT if kind == "accounts" else _CONTENT_CONTRACT


def vendor_rows(kind: Literal["accounts", "content"]) -> str:
    """The file that `template_contract` reads."""
    return _VENDOR_ACCOUNT_ROWS if kind == "accounts" else _VENDOR_CONTENT_ROWS


_ACCOUNT_ROWS = """\
platform,platform_user_id,handle,display_name,bio,website,email,external_urls,profile_image_url,followers,following,content_count,total_views,country,language,verified,created_at,first_seen,fetched_at
youtube,UCexample0000000000000001,@oven.and.salt,Oven & Salt,"Bread, slowly.
Instagram: @oven.and.salt",https://ovenandsalt.example,hello@ovenandsalt.example,https://instagram.com/oven.and.salt,,120000,,340,9800000,DE,de,true,2017-04-01T09:00:00Z,,2026-03-01T02:00:00Z
instagram,,oven.and.salt,Oven & Salt,Bread and patience,,,,,45300,210,512,,,,false,,,2026-03-01T02:00:00Z
"""
_CONTENT_ROWS = """\
platform,platform_content_id,platform_user_id,handle,content_type,subtype,title_or_caption,description,url,language,duration_seconds,published_at,views,likes,comments,fetched_at
youtube,vid-0001,UCexample0000000000000001,,video,,Rye in three days,"Flour, water, time",https://youtube.com/watch?v=vid-0001,en,754,2026-02-27T17:00:00Z,18200,940,61,2026-03-01T02:00:00Z
instagram,m-0001,,oven.and.salt,post,carousel,Crumb shots,,,en,,2026-02-28T08:30:00Z,,1210,34,2026-03-01T02:00:00Z
"""
_ACCOUNT_CONTRACT = """\
kind = "accounts"
platform = "instagram"            # every row's platform; leave out when a column says it
encoding = "utf-8-sig"            # or cp1252, latin-1, utf-16 …
delimiter = ";"                   # leave out to have it found
skip_rows = 1                     # lines before the header
null_tokens = ["-", "N/A"]        # cells that mean: nothing here
thousands_separator = ","
decimal_separator = "."
number_suffixes = true            # 1.2M, 500K
date_formats = ["%d/%m/%Y"]       # ISO 8601 is always read; also epoch_seconds, epoch_milliseconds

[columns]                         # ours = "theirs"; columns that are not named are not read
handle = "Account"
display_name = "Name"
bio = "About"
followers = "Followers"
created_at = "Joined"

[constants]
country = "DE"
"""
_VENDOR_ACCOUNT_ROWS = """\
Export of 1 March 2026
Account;Name;About;Followers;Joined
@oven.and.salt;Oven & Salt;Bread and patience;45.3K;01/04/2017
stone.path;N/A;-;1,204;-
"""
_CONTENT_CONTRACT = """\
kind = "content"
platform = "youtube"
date_formats = ["epoch_seconds"]

[columns]                         # ours = "theirs"; a content file may also name columns of its accounts
platform_content_id = "Video"
platform_user_id = "Channel"
display_name = "Channel name"
title_or_caption = "Title"
published_at = "Published"
views = "Views"
"""
_VENDOR_CONTENT_ROWS = """\
Video,Channel,Channel name,Title,Published,Views
vid-0001,UCexample0000000000000001,Oven & Salt,Rye in three days,1772211600,18200
"""
