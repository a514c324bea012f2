"""The closed vocabulary."""

import pytest
import yaml

from base.errors import ConfigError
from enrich.cues import load_cues
from enrich.taxonomy import TAXONOMY_PATH, load_taxonomy


@pytest.fixture
def edited(tmp_path):
    """Load the shipped taxonomy after `edit(content)`."""

    def load(edit):
        content = yaml.safe_load(TAXONOMY_PATH.read_text(encoding="utf-8"))
        edit(content)
        path = tmp_path / "taxonomy.yaml"
        path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
        return load_taxonomy(path)

    return load


def test_the_vocabulary_has_the_promised_size():
    """LLM-02, LLM-03, LLM-04: closed lists."""
    taxonomy = load_taxonomy()
    assert len(taxonomy.niches) == 25
    assert {len(niche.sub) for niche in taxonomy.niches} == {6}
    assert (len(taxonomy.secondary_ids), len(taxonomy.style_ids), len(taxonomy.kind_ids)) == (150, 12, 8)
    assert taxonomy.primary_ids[-1] == taxonomy.abstain_id == "other"


def test_a_repeated_id_is_refused(edited):
    with pytest.raises(ConfigError, match=r"food\.baking_desserts"):
        edited(lambda content: content["niches"][4]["sub"][0].update(id="food.baking_desserts"))


def test_a_sub_niche_under_another_parent_is_refused(edited):
    with pytest.raises(ConfigError, match="outside their niche"):
        edited(lambda content: content["niches"][0]["sub"][0].update(id="food.makeup"))


def test_a_field_nobody_knows_is_refused(edited):
    with pytest.raises(ConfigError, match="surprise"):
        edited(lambda content: content.update(surprise=1))


def test_a_reworded_definition_is_another_taxonomy(edited):
    """DRF-03: a changed taxonomy is a changed recipe."""
    reworded = edited(lambda content: content["niches"][0].update(definition="Something else."))
    assert reworded.fingerprint != load_taxonomy().fingerprint


def test_a_rewritten_file_with_the_same_words_is_the_same_taxonomy(edited):
    assert edited(dict.copy).fingerprint == load_taxonomy().fingerprint


def test_a_retired_niche_is_offered_to_nobody_and_its_labels_become_what_replaced_it(edited):
    """Its sub-niches go with it: to what replaced them or, without that, out of the labels."""

    def retire_travel(content):
        travel = next(niche for niche in content["niches"] if niche["id"] == "travel")
        travel["replaced_by"] = "outdoors"
        moved = next(sub for sub in travel["sub"] if sub["id"] == "travel.van_life_nomad")
        moved["replaced_by"] = "outdoors.overland_offroad"

    taxonomy = edited(retire_travel)
    labels = ["travel.van_life_nomad", "travel.luxury_hotels", "outdoors.overland_offroad", "food.baking_desserts"]
    assert "travel" not in taxonomy.primary_ids
    assert not set(labels[:2]) & set(taxonomy.secondary_ids)
    assert taxonomy.renewed(["travel"]) == ["outdoors"]
    assert taxonomy.renewed(labels) == labels[2:]
    assert taxonomy.fingerprint != load_taxonomy().fingerprint


def test_labels_hold_under_a_minor_version_and_not_under_a_major_one():
    taxonomy = load_taxonomy()
    assert (taxonomy.succeeds("1.7.3"), taxonomy.succeeds("2.0.0"), taxonomy.succeeds("10.0.0")) == (True, False, False)


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        pytest.param(
            lambda c: c["niches"][0].update(replaced_by="nowhere"), "replaced_by 'nowhere'", id="no such niche"
        ),
        pytest.param(
            lambda c: c["niches"][0].update(replaced_by="food.vegan"), "same level", id="a sub-niche for a niche"
        ),
        pytest.param(lambda c: c["niches"][0].update(replaced_by="beauty"), "in force", id="by itself"),
        pytest.param(lambda c: c["niches"][0].update(sub=[]), r"niches\.0\.sub", id="a niche of nothing"),
        pytest.param(lambda c: c.update(taxonomy_version="new"), "taxonomy_version", id="a version that is none"),
        pytest.param(lambda c: c.update(max_secondary=4), "max_secondary", id="more labels than there is room for"),
        pytest.param(lambda c: c["account_kinds"].pop(), "unknown", id="no word for what cannot be told"),
    ],
)
def test_a_mistake_of_a_taxonomy_is_named(edited, edit, said):
    with pytest.raises(ConfigError, match=said) as refused:
        edited(edit)
    assert "begin with a copy" in (refused.value.hint or "")


def test_a_taxonomy_that_is_not_there_is_an_error_with_a_hint(tmp_path):
    with pytest.raises(ConfigError, match=r"mine\.yaml"):
        load_taxonomy(tmp_path / "mine.yaml")


def test_every_niche_has_cue_words_and_every_cue_axis_names_known_labels():
    taxonomy, cues = load_taxonomy(), load_cues()
    assert cues.niche_ids == tuple(niche.id for niche in taxonomy.niches)
    assert {label for labels in cues.styles.values() for label in labels} <= set(taxonomy.style_ids)
    assert {label for labels in cues.kinds.values() for label in labels} <= set(taxonomy.kind_ids)
