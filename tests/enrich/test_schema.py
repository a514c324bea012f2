"""What counts as an answer."""

import json

import pytest
from pydantic import ValidationError

from enrich.schema import CreatorLabels, answer_schema
from enrich.taxonomy import Taxonomy, load_taxonomy

GOOD = {
    "evidence": [1, 2],
    "primary_niche": "food",
    "secondary_niches": ["food.home_cooking", "travel.city_guides"],
    "content_style": "tutorial",
    "llm_summary": "Cooks plain weeknight dinners and shows every step to people who are tired after work.",
    "account_kind": "person",
    "language": "en",
    "confidence": "high",
}


def test_a_good_answer_is_taken_as_it_is():
    """LLM-09: structured, JSON-like, consistent."""
    assert json.loads(CreatorLabels.model_validate_json(json.dumps(GOOD)).model_dump_json()) == GOOD


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"primary_niche": "cooking"}, id="LLM-02: a niche outside the taxonomy"),
        pytest.param({"primary_niche": "food.home_cooking"}, id="LLM-02: a sub-niche as primary"),
        pytest.param({"secondary_niches": ["food"]}, id="LLM-03: a primary as secondary"),
        pytest.param({"secondary_niches": ["food.home_cooking"] * 2}, id="LLM-03: a duplicate"),
        pytest.param(
            {"secondary_niches": ["pets.dogs", "pets.cats", "music.covers", "comedy.sketches"]},
            id="LLM-03: four of them",
        ),
        pytest.param({"content_style": "funny"}, id="LLM-04: a style outside the taxonomy"),
        pytest.param({"account_kind": "robot"}, id="an account kind outside the taxonomy"),
        pytest.param({"confidence": 0.97}, id="a confidence in figures"),
        pytest.param({"language": "English"}, id="a language that is no code"),
        pytest.param({"evidence": ["1"]}, id="evidence as text"),
        pytest.param({"note": "hello"}, id="a surplus field"),
    ],
)
def test_a_bad_answer_is_refused(change):
    with pytest.raises(ValidationError):
        CreatorLabels.model_validate_json(json.dumps(GOOD | change))


def test_another_taxonomy_is_another_vocabulary():
    """The one that is asked by, not the shipped one; a retired id is taken as what replaced it."""
    shipped = load_taxonomy().model_dump(by_alias=True)
    for niche in shipped["niches"]:
        niche["replaced_by"] = "home" if niche["id"] == "food" else None
    own = Taxonomy.model_validate(shipped)
    labels = CreatorLabels.model_validate(GOOD, context=own)
    assert (labels.primary_niche, labels.secondary_niches) == ("home", ["travel.city_guides"])
    with pytest.raises(ValidationError, match="not in the taxonomy"):
        CreatorLabels.model_validate(GOOD, context=Taxonomy.model_validate(shipped | {"niches": shipped["niches"][:3]}))


@pytest.mark.parametrize("missing", GOOD)
def test_every_field_is_required(missing):
    with pytest.raises(ValidationError):
        CreatorLabels.model_validate({name: value for name, value in GOOD.items() if name != missing})


def test_the_schema_told_to_a_model_is_strict_and_asks_for_evidence_first():
    """LLM-09: all required, nothing else allowed."""
    schema = answer_schema(load_taxonomy())
    assert schema["additionalProperties"] is False
    assert schema["required"] == list(schema["properties"]) == list(CreatorLabels.model_fields)
    assert schema["required"][0] == "evidence"
    assert "other" in schema["properties"]["primary_niche"]["enum"]
