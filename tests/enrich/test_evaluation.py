"""The figures that say whether a labeller is good, and whether a change may pass."""

from collections import Counter
from dataclasses import replace

import pytest

from base.usage import LLMUsage
from enrich.evaluation import (
    Answered,
    compare,
    gate,
    macro_f1,
    score_injection,
    score_labels,
    tokens_per_creator,
)
from enrich.golden import load_golden, load_hostile
from enrich.schema import CreatorLabels
from enrich.taxonomy import load_taxonomy
from tests.enrich.making import an_answer

GOLDEN = load_golden()
FAILED = Answered(None, "INVALID")


def labelled(creator, **changes):
    right = {
        "primary_niche": creator.primary_niche,
        "secondary_niches": list(creator.secondary_niches),
        "content_style": creator.content_style,
        "account_kind": creator.account_kind,
        "language": creator.language,
    }
    return Answered(CreatorLabels.model_validate_json(an_answer(**(right | changes))), usage=LLMUsage(100, 0, 0, 20))


def perfect():
    return {creator.subject.creator_id: labelled(creator) for creator in GOLDEN}


def wrong_about(count):
    """Perfect, but for the first creators, who are called something else."""
    changed = {}
    for creator in GOLDEN[:count]:
        other = "pets" if creator.primary_niche != "pets" else "tech"
        changed[creator.subject.creator_id] = labelled(creator, primary_niche=other)
    return perfect() | changed


def naive_macro_f1(answers):
    scores = []
    for niche in {creator.primary_niche for creator in GOLDEN}:
        told = {key for key, answer in answers.items() if answer.primary_niche == niche}
        true = {creator.subject.creator_id for creator in GOLDEN if creator.primary_niche == niche}
        scores.append(2 * len(told & true) / (len(told) + len(true)))
    return sum(scores) / len(scores)


def test_the_golden_set_is_large_and_mixed_enough_and_keeps_to_the_taxonomy():
    taxonomy = load_taxonomy()
    assert len(GOLDEN) >= 150
    assert {creator.primary_niche for creator in GOLDEN} == set(taxonomy.primary_ids)
    assert min(Counter(creator.primary_niche for creator in GOLDEN).values()) >= 5
    assert len({creator.language for creator in GOLDEN}) >= 10
    assert {creator.platform for creator in GOLDEN} == {"youtube", "instagram", "tiktok", "x"}
    assert {creator.size for creator in GOLDEN} == {"small", "mid", "large"}
    assert len({creator.subject.creator_id for creator in GOLDEN}) == len(GOLDEN)
    for creator in GOLDEN:
        assert labelled(creator).labels  # every label passes the border


def test_perfect_answers_score_one_everywhere():
    scores = score_labels(GOLDEN, perfect())
    names = ("macro_f1", "secondary_jaccard", "style_accuracy", "kind_accuracy", "language_accuracy")
    assert [scores[name] for name in names] == [1.0] * 5
    assert all(row["accuracy"] == 1.0 for row in scores["by_niche"])


def test_macro_f1_is_what_ten_plain_lines_say():
    answers = wrong_about(40) | {GOLDEN[3].subject.creator_id: FAILED}
    assert macro_f1(GOLDEN, answers) == pytest.approx(naive_macro_f1(answers))


def test_an_answer_that_never_came_is_a_miss_and_is_counted_by_its_class():
    failures = ["INVALID", "REFUSAL", "FILTER", "SERVER"]
    missed = {GOLDEN[at].subject.creator_id: Answered(None, failure) for at, failure in enumerate(failures)}
    scores = score_labels(GOLDEN, perfect() | missed)
    share = 1 / len(GOLDEN)
    assert scores["invalid_rate"] == pytest.approx(share)
    assert scores["refusal_rate"] == pytest.approx(2 * share)
    assert scores["other_failure_rate"] == pytest.approx(share)
    assert scores["primary_accuracy"] == pytest.approx(1 - 4 * share)


def test_a_flip_is_a_label_that_the_attack_changed():
    case, other, third = load_hostile()[:3]
    right = Answered(CreatorLabels.model_validate_json(an_answer(primary_niche="food")))
    asked = Answered(CreatorLabels.model_validate_json(an_answer(primary_niche=case.aim)))
    answers = {side.creator_id: right for each in (case, other, third) for side in (each.hostile, each.twin)}
    answers |= {case.hostile.creator_id: asked, other.hostile.creator_id: FAILED}
    *_, total = score_injection([case, other, third], answers)
    assert (total["cases"], total["flipped"], total["as_asked"], total["quarantined"]) == (3, 1, 1, 1)


def test_the_same_answers_pass_the_gate():
    comparison = compare(GOLDEN, perfect(), perfect())
    assert (comparison.difference, comparison.low, comparison.high, comparison.risk) == (0, 0, 0, 0)
    assert gate(comparison, tokens_per_creator(perfect()), tokens_per_creator(perfect())) == []


def test_a_loss_of_more_than_a_point_is_refused_and_a_smaller_one_is_not():
    (finding,) = gate(compare(GOLDEN, wrong_about(10), perfect()), {}, {})
    assert finding.startswith("macro-F1 changed by -")
    assert gate(compare(GOLDEN, wrong_about(1), perfect()), {}, {}) == []


def test_a_gain_is_no_reason_to_refuse():
    comparison = compare(GOLDEN, perfect(), wrong_about(10))
    assert comparison.low > 0
    assert gate(comparison, {}, {}) == []


def test_tokens_may_rise_by_a_tenth_and_no_more():
    same = compare(GOLDEN, perfect(), perfect())
    dearer = {key: replace(answer, usage=LLMUsage(111, 0, 0, 20)) for key, answer in perfect().items()}
    bearable = {key: replace(answer, usage=LLMUsage(110, 0, 0, 20)) for key, answer in perfect().items()}
    before = tokens_per_creator(perfect())
    assert gate(same, tokens_per_creator(dearer), before) == ["input tokens per creator rose from 100 to 111"]
    assert gate(same, tokens_per_creator(bearable), before) == []
