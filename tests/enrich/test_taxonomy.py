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


def test_every_niche_has_cue_words_and_every_cue_axis_names_known_labels():
    taxonomy, cues = load_taxonomy(), load_cues()
    assert cues.niche_ids == tuple(niche.id for niche in taxonomy.niches)
    assert {label for labels in cues.styles.values() for label in labels} <= set(taxonomy.style_ids)
    assert {label for labels in cues.kinds.values() for label in labels} <= set(taxonomy.kind_ids)
