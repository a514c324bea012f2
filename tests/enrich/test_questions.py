"""What is the same for every creator, and what it costs."""

from itertools import pairwise

import pytest

from enrich.dossier import build_dossier
from enrich.golden import load_golden
from enrich.questions import Questions
from enrich.taxonomy import load_taxonomy
from prompts.catalog import load_prompt
from providers.tokens import EstimatedTokens

VERSIONS = ("1", "2")
MOST_GROWTH = 1.10


def questions(version):
    return Questions("scripted/1", load_prompt("creator_enrichment", version), load_taxonomy())


@pytest.mark.parametrize("version", VERSIONS)
def test_all_before_the_data_is_the_same_byte_for_byte(version):
    """Else no provider's cache would ever be hit."""
    asked = [questions(version).ask(build_dossier(creator.subject)) for creator in load_golden()[:40]]
    assert len({request.system for request in asked}) == 1
    assert len({str(request.schema) for request in asked}) == 1
    assert len({request.request_hash for request in asked}) == 40


@pytest.mark.parametrize("version", VERSIONS)
def test_every_label_is_told(version):
    taxonomy, system = load_taxonomy(), questions(version).system
    for niche in taxonomy.niches:
        assert f"{niche.id}: {niche.definition}" in system
        assert all(sub.id.split(".")[1] in system for sub in niche.sub)
    assert all(f"{style.id}: " in system for style in taxonomy.content_styles)
    assert all(f"{kind.id}: " in system for kind in taxonomy.account_kinds)
    assert questions(version).canary in system


@pytest.mark.parametrize(("before", "after"), list(pairwise(VERSIONS)))
def test_a_new_version_costs_at_most_a_tenth_more(before, after):
    """CST-08: the static part, by the estimate that is the same on every machine."""
    count = EstimatedTokens().count
    assert count(questions(after).system) <= MOST_GROWTH * count(questions(before).system)


def test_another_version_is_another_recipe_and_another_question():
    dossier = build_dossier(load_golden()[0].subject)
    assert len({questions(version).recipe.fingerprint for version in VERSIONS}) == len(VERSIONS)
    assert len({questions(version).ask(dossier).request_hash for version in VERSIONS}) == len(VERSIONS)
