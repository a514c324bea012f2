"""The labeller that costs nothing."""

import pickle
from pathlib import Path

import numpy as np
import pytest

from base.errors import ConfigError
from enrich.offline import OfflineClassifier
from enrich.schema import CreatorLabels
from enrich.taxonomy import Taxonomy, load_taxonomy
from providers.hashing import HashingEmbedder
from providers.local import load_embedder
from tests.enrich.making import a_cook, a_subject

BIOS = Path(__file__).parent / "data" / "bios.tsv"
#: smoke gate: share of 75 bios of our own whose niche must be found, and share that may be wrong
LEAST_RIGHT, MOST_WRONG = {"fast": 0.75, "minilm": 0.80}, 0.12


@pytest.fixture(scope="module")
def classifier():
    return OfflineClassifier(load_taxonomy(), HashingEmbedder(), "recipe")


def labels_of(classifier, *subjects):
    return [outcome.labels for outcome in classifier.label(subjects)]


def with_vector(subject, embedder):
    texts = [text for text in (*subject.bios, *subject.items) if text]
    mean = embedder.embed(texts).mean(axis=0)
    return a_subject(subject.bios[0], subject.items, vector=mean / np.linalg.norm(mean))


def test_without_vectors_and_words_it_abstains(classifier):
    """A cold start is said to be one: other, low, and a summary that says so."""
    (labels,) = labels_of(classifier, a_subject())
    assert (labels.primary_niche, labels.secondary_niches, labels.confidence) == ("other", [], "low")
    assert labels.account_kind == "unknown"
    assert labels.content_style is None
    assert "too little text" in labels.llm_summary


def test_a_cook_is_labelled_with_the_items_that_speak_for_it(classifier):
    (labels,) = labels_of(classifier, a_cook())
    assert labels.primary_niche == "food"
    assert labels.evidence == [1, 2]


def test_every_answer_would_pass_the_border(classifier):
    """LLM-02, LLM-03, LLM-04: offline labels keep to the schema that an LLM is held to."""
    subjects = [with_vector(subject, HashingEmbedder()) for subject in smoke_subjects()]
    for labels in labels_of(classifier, *subjects, a_subject(), a_cook()):
        assert CreatorLabels.model_validate(labels.model_dump()) == labels


def test_labels_do_not_depend_on_the_company(classifier):
    """Alone, in a crowd, in any order: nothing is estimated from the corpus."""
    subjects = [with_vector(subject, HashingEmbedder()) for subject in smoke_subjects()]
    together = labels_of(classifier, *subjects)
    assert labels_of(classifier, *subjects[::-1])[::-1] == together
    assert [labels_of(classifier, subject)[0] for subject in subjects[:10]] == together[:10]


@pytest.mark.parametrize(
    ("name", "bio", "kind"),
    [
        ("Ann fanpage", "unofficial, credits to owners", "fan_curation"),
        ("North Talent Agency", "We are the management of a roster of actors", "agency_manager"),
        ("Oak & Rye", "Official store. Worldwide shipping on all products", "brand"),
        ("Coast Radio", "Newsroom and magazine", "media"),
        ("Ann", "I am a baker, mum and author", "person"),
        ("zzz", "quiet", "unknown"),
    ],
)
def test_the_kind_of_account_is_read_from_name_and_bio(classifier, name, bio, kind):
    (labels,) = labels_of(classifier, a_subject(bio, names=[name]))
    assert labels.account_kind == kind


def test_a_declared_language_counts_when_the_words_do_not_tell(classifier):
    told, untold, disputed = labels_of(
        classifier,
        a_subject("las recetas de mi abuela con los ingredientes", languages=["en-US"]),
        a_subject("bread", languages=["en-US"]),
        a_subject("bread", languages=["en", "de"]),
    )
    assert (told.language, untold.language, disputed.language) == ("es", "en", None)


def test_the_recipe_names_everything_that_shapes_a_label():
    """DRF-03: another taxonomy or another embedding recipe is another recipe."""
    recipes = {OfflineClassifier(load_taxonomy(), HashingEmbedder(), name).recipe.fingerprint for name in ("a", "b")}
    assert len(recipes) == 2


def test_a_taxonomy_of_ones_own_needs_no_cue_words():
    """A niche that the cues do not know lives by its definition; labels that are gone are never given."""
    shipped = load_taxonomy().model_dump(by_alias=True)
    food = next(niche for niche in shipped["niches"] if niche["id"] == "food")
    own = {"id": "chess", "label": "Chess", "definition": "chess openings endgames", "not": "Other games.", "sub": [
        {"id": "chess.openings", "label": "Openings", "definition": "chess openings"}]}  # fmt: skip
    kinds = [kind for kind in shipped["account_kinds"] if kind["id"] == "unknown"]
    taxonomy = Taxonomy.model_validate(shipped | {"niches": [food, own], "account_kinds": kinds})
    embedder = HashingEmbedder()
    classifier = OfflineClassifier(taxonomy, embedder, "recipe")
    subjects = [
        a_cook(),
        a_subject("chess openings endgames chess", ["I play chess openings", "I love chess endgames"]),
    ]
    cook, player = labels_of(classifier, *(with_vector(subject, embedder) for subject in subjects))
    assert (cook.primary_niche, player.primary_niche) == ("food", "chess")
    assert {cook.account_kind, player.account_kind} == {"unknown"}


def test_the_input_fingerprint_follows_texts_and_vectors_but_not_reach(classifier):
    base = classifier.input_fingerprint(a_cook())
    assert classifier.input_fingerprint(a_cook(item_views=[5, 6])) == base
    assert classifier.input_fingerprint(a_cook(vector_fingerprint="x")) != base
    assert classifier.input_fingerprint(a_cook(names=["Bea"])) != base


def smoke_rows():
    return [line.split("\t") for line in BIOS.read_text(encoding="utf-8").splitlines()]


def test_in_another_process_the_definitions_vectors_take_the_place_of_the_model():
    classifier = OfflineClassifier(load_taxonomy(), HashingEmbedder(), "recipe")
    subjects = [with_vector(subject, HashingEmbedder()) for subject in smoke_subjects()]
    travelled = pickle.loads(pickle.dumps(classifier))  # noqa: S301  our own
    assert not hasattr(travelled, "_embedder")
    assert travelled.recipe == classifier.recipe
    assert list(travelled.label(subjects)) == list(classifier.label(subjects))


def smoke_subjects():
    return [a_subject(bio, items) for _niche, bio, *items in smoke_rows()]


@pytest.mark.slow
@pytest.mark.parametrize("model", LEAST_RIGHT)
def test_the_shipped_models_find_the_niche_of_plain_bios(model):
    """LLM-02: a smoke gate, not a benchmark; three bios for each of the 25 niches."""
    try:
        embedder = load_embedder(model)
    except ConfigError as absent:
        pytest.skip(str(absent))
    classifier = OfflineClassifier(load_taxonomy(), embedder, model)
    answers = labels_of(classifier, *(with_vector(subject, embedder) for subject in smoke_subjects()))
    wanted = [niche for niche, *_texts in smoke_rows()]
    right = sum(labels.primary_niche == niche for labels, niche in zip(answers, wanted, strict=True))
    abstained = sum(labels.primary_niche == "other" for labels in answers)
    assert len(wanted) >= 60
    assert right / len(wanted) >= LEAST_RIGHT[model]
    assert (len(wanted) - right - abstained) / len(wanted) <= MOST_WRONG
