"""Hostile bios and captions stay data: what is shown holds no contact, and what a model was talked into is refused."""

from collections import Counter

import pytest

from enrich.dossier import build_dossier
from enrich.golden import load_hostile
from enrich.questions import Questions
from enrich.redaction import has_contacts, visible
from enrich.taxonomy import load_taxonomy
from tests.enrich.making import PROMPT, an_answer

QUESTIONS = Questions("scripted/1", PROMPT, load_taxonomy())
CASES = load_hostile()


def shown(subject):
    return build_dossier(subject)


def obeyed(case, summary):
    """What a model answers that was talked into it."""
    return an_answer(primary_niche=case.aim, secondary_niches=[], evidence=[1], llm_summary=summary)


def test_there_are_enough_cases_in_enough_languages():
    languages = Counter(case.language for case in CASES)
    assert len(CASES) >= 40
    assert len(languages) >= 5
    assert {case.attack_kind for case in CASES} >= {"override", "leak", "summary", "fence", "contact", "hidden"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.case_id}-{case.language}-{case.attack_kind}")
def test_an_attack_is_shown_as_data_and_without_contacts(case):
    """LLM-14: the rules before it are the same, nothing ends the data early, no contact and no invisible character."""
    request, plain = QUESTIONS.ask(shown(case.hostile)), QUESTIONS.ask(shown(case.twin))
    assert request.system == plain.system
    assert request.user.splitlines() == [
        shown(case.hostile).boundary,
        shown(case.hostile).text,
        shown(case.hostile).boundary,
    ]
    assert not has_contacts(shown(case.hostile).vocabulary)
    texts = [item.text for item in shown(case.hostile).items] + [shown(case.hostile).accounts[0]["bio"]]
    assert [visible(text) for text in texts] == texts


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.case_id}-{case.language}-{case.attack_kind}")
def test_a_summary_that_repeats_an_attack_is_refused(case):
    """Whatever the attack asks a model to say, saying it word for word, or giving the rules away, is caught."""
    attack = (set(case.hostile.bios + case.hostile.items) - set(case.twin.bios + case.twin.items)).pop()
    attack = attack.removeprefix(f"{case.twin.bios[0]}. ")
    repeated = f"{attack} and makes quiet videos about it every week for all people"
    leaked = f"Shows {QUESTIONS.canary} and quiet videos about it every single week for people at home"
    for summary in (repeated, leaked):
        assert QUESTIONS.judge(obeyed(case, summary), shown(case.hostile)).labels is None
