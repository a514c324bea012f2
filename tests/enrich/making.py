"""Subjects and answers, valid by default: a test names only what matters to it."""

import json
from typing import Any

from enrich.subjects import Subject
from prompts.catalog import load_prompt

PROMPT = load_prompt("creator_enrichment", "1")
SUMMARY = "Shows plain weeknight cooking with lentils and bread, step by step, for people who come home tired."


def a_subject(bio: str | None = None, items: list[str] | None = None, **values: Any) -> Subject:
    items = [] if items is None else items
    defaults: dict[str, Any] = {
        "creator_id": "cr_ann",
        "platforms": ["youtube"],
        "handles": ["ann"],
        "names": ["Ann"],
        "bios": [bio],
        "languages": [None],
        "item_platforms": ["youtube"] * len(items),
        "items": items,
        "item_views": [None] * len(items),
        "item_published_at": [None] * len(items),
    }
    return Subject(**(defaults | values))


def a_cook(**values: Any) -> Subject:
    bio = "Weeknight cooking for people who come home tired"
    return a_subject(bio, ["Lentil soup in one pot, step by step", "Bread without kneading"], **values)


def an_answer(**changes: Any) -> str:
    """What a well-behaved model says about `a_cook`."""
    answer = {
        "evidence": [1, 2],
        "primary_niche": "food",
        "secondary_niches": ["food.home_cooking"],
        "content_style": "tutorial",
        "llm_summary": SUMMARY,
        "account_kind": "person",
        "language": "en",
        "confidence": "high",
    }
    return json.dumps(answer | changes)
