"""Sound values are taken without pydantic, and nobody can tell: the model itself is the judge."""

import random
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from ingest.records import AccountRecord, ContentRecord, Kind, build_record, rejections

MODELS: dict[Kind, type[AccountRecord | ContentRecord]] = {"account": AccountRecord, "content": ContentRecord}
VALUES: list[Any] = [
    None, "", " ", "UCann", "@Ann.Cooks", "@@ann", "ann cooks", "Ann/Cooks", "İstanbul", "a\0b", "\ud800", "e\u0301",
    "line\nbreak", "\u00e9 ", "1,234", "12", " 12 ", "-1", "-0", "+5", "007", "1" * 18, "9" * 19, "1" * 30, "٣", "²",
    0, 12, -1, 2**63 - 1, 2**63, 3.0, 3.5, float("inf"), True, False, "true", "No", "post", "short", "reel",
    "2026-03-01T02:00:00Z", "2026-03-01", "1969-12-31T23:59:59Z", "2100-01-01", "yesterday",
    datetime(2026, 3, 1, tzinfo=UTC), [], ["https://a.example", None, "b"], ["a", {}], {}, {"a": 1}, b"bytes",
    "youtube", "YT", "ig", " X ", "twitch", "no platform", "x" * 400, "é" * 21_000,
]  # fmt: skip


def test_a_sound_record_is_the_one_pydantic_makes():
    for kind, model in MODELS.items():
        sound = {"platform": "youtube", "platform_user_id": "UCann", "platform_content_id": "v1"}
        for name in [*model.model_fields, "unheard_of"]:
            for value in VALUES:
                values = {key: given for key, given in sound.items() if key in model.model_fields} | {name: value}
                assert outcome(kind, values) == judged(model, values), (kind, name, value)


def test_any_mixture_of_values_ends_as_pydantic_ends_it():
    dice = random.Random(7)
    for _ in range(3_000):
        kind: Kind = dice.choice(["account", "content"])
        names = dice.sample([*MODELS[kind].model_fields], dice.randint(0, 8))
        values = dict.fromkeys(names[:2], "UCann") | {"platform": "yt"} | {n: dice.choice(VALUES) for n in names[2:]}
        assert outcome(kind, values) == judged(MODELS[kind], values), values


def outcome(kind: Kind, values: dict[str, Any]) -> Any:
    """What a payload's values become: the record as stored, its carried fields and its dump, or the refusals."""
    return told(lambda: build_record(kind, values))


def judged(model: type[AccountRecord | ContentRecord], values: dict[str, Any]) -> Any:
    return told(lambda: model(**values))


def told(build: Any) -> Any:
    try:
        record = build()
    except ValidationError as error:
        return rejections(error, 1, "")
    except Exception as error:  # what neither way takes must break both alike
        return type(error)
    shape = [(name, type(value)) for name, value in record.__dict__.items()]
    return record, shape, record.model_fields_set, record.model_dump(), record.account_key
