"""What a payload says about one account or one content item, checked: the only shape that passes the border.

A field that a payload did not carry is *unset* (`model_fields_set`), which is different from carried and empty
(None): the first leaves what is known, the second clears it. Instants are microseconds since 1970 UTC.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Literal, NamedTuple, Self, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, model_validator

from ingest import cells, fields
from ingest.fields import FieldError

Kind = Literal["account", "content"]
ContentType = Literal["video", "short", "post"]

# Each type names its parser twice: for one cell, which pydantic asks, and for a column of them.
Platform = Annotated[str, BeforeValidator(fields.platform_name), cells.repeated(fields.platform_name)]
Identifier = Annotated[str | None, BeforeValidator(fields.identifier), cells.IDENTIFIERS]
Handle = Annotated[str | None, BeforeValidator(fields.handle), cells.HANDLES]
ShortText = Annotated[str | None, BeforeValidator(fields.text(300)), cells.texts(300)]
# Longer bios are attacks or dumps.
LongText = Annotated[str | None, BeforeValidator(fields.text(20_000)), cells.texts(20_000)]
Url = Annotated[str | None, BeforeValidator(fields.text(2_000)), cells.texts(2_000)]
Words = Annotated[tuple[str, ...], BeforeValidator(fields.words), cells.LISTS]
Count = Annotated[int | None, BeforeValidator(fields.count), cells.COUNTS]
Instant = Annotated[int | None, BeforeValidator(fields.instant), cells.INSTANTS]
Flag = Annotated[bool | None, BeforeValidator(fields.flag), cells.FLAGS]

#: other words for a kind of content → our type and the platform's finer word
CONTENT_FORMS: dict[str, tuple[ContentType, str | None]] = {
    "video": ("video", None), "short": ("short", None), "post": ("post", None), "live": ("video", "live"),
    "reel": ("short", "reel"), "reels": ("short", "reel"), "carousel": ("post", "carousel"), "image": ("post", "image"),
    "photo": ("post", "image"), "story": ("post", "story"),
}  # fmt: skip


def _content_type(value: Any) -> Any:
    if value not in get_args(ContentType):
        raise FieldError("not a content type")
    return value


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    platform: Platform
    platform_user_id: Identifier = None
    #: case-folded, without "@"
    handle: Handle = None

    @model_validator(mode="after")
    def _names_an_account(self) -> Self:
        if self.platform_user_id is None and self.handle is None:
            raise FieldError("neither platform_user_id nor handle", "fill one of the two columns")
        return self

    @property
    def account_key(self) -> str:
        """`platform:platform_user_id`, or provisionally `platform:@handle`."""
        return (
            f"{self.platform}:{self.platform_user_id}" if self.platform_user_id else f"{self.platform}:@{self.handle}"
        )


class AccountRecord(_Record):
    """One profile as a payload shows it."""

    display_name: ShortText = None
    bio: LongText = None
    website: Url = None
    email: ShortText = None
    external_urls: Words = ()
    profile_image_url: Url = None
    platform_topics: Words = ()
    country: ShortText = None
    language: ShortText = None
    followers: Count = None
    following: Count = None
    content_count: Count = None
    total_views: Count = None
    verified: Flag = None
    created_at: Instant = None
    first_seen: Instant = None


class ContentRecord(_Record):
    """One video, short or post as a payload shows it."""

    platform_content_id: Annotated[str, BeforeValidator(fields.identifier), cells.IDENTIFIERS]
    content_type: Annotated[ContentType, cells.repeated(_content_type)] = "post"
    subtype: ShortText = None
    title_or_caption: LongText = None
    description: LongText = None
    url: Url = None
    language: ShortText = None
    duration_seconds: Count = None
    published_at: Instant = None
    views: Count = None
    likes: Count = None
    comments: Count = None

    @property
    def content_key(self) -> str:
        return f"{self.platform}:{self.platform_content_id}"


class Entity(NamedTuple):
    """A checked record and where it stands in its payload."""

    record: AccountRecord | ContentRecord
    #: 1-based line or row
    line: int
    #: JSON pointer inside that line, "" for a row
    pointer: str
    #: microseconds since 1970 UTC
    fetched_at: int


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row or entity that could not be taken."""

    line: int
    pointer: str
    field: str
    reason: str
    hint: str


def build_record(kind: Kind, values: dict[str, Any]) -> AccountRecord | ContentRecord:
    """A checked record. Raises pydantic's ValidationError naming every field that cannot be taken."""
    return AccountRecord(**values) if kind == "account" else ContentRecord(**values)


def rejections(error: ValidationError, line: int, pointer: str) -> list[RejectedRow]:
    """One RejectedRow per field that was refused."""
    return [
        RejectedRow(line, pointer, ".".join(map(str, mistake["loc"])), _reason(mistake), _hint(mistake))
        for mistake in error.errors(include_url=False, include_input=False)
    ]


def _reason(mistake: Any) -> str:
    cause = mistake.get("ctx", {}).get("error")
    return str(cause) if isinstance(cause, FieldError) else str(mistake["msg"])


def _hint(mistake: Any) -> str:
    cause = mistake.get("ctx", {}).get("error")
    if isinstance(cause, FieldError):
        return cause.hint
    return (
        "fill this column"
        if mistake["type"] in {"missing", "string_type"}
        else "creatordex contract template shows a valid file"
    )
