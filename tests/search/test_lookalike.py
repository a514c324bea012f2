"""like:@handle: who is meant, and who is alike."""

import numpy as np
import pytest

from base.errors import ConfigError
from providers.hashing import HashingEmbedder
from search.lookalike import find_creator, vectors_like
from search.searcher import Searcher
from tests.index.snapshots import ALIASES, a_creator, input_of, write_snapshot

PEOPLE = [
    a_creator("ann", bio="yoga at dawn", titles=["sun salute"]),
    a_creator("bob", bio="yoga at dusk", titles=["sun salute again"]),
    a_creator("cat", bio="bread oven", titles=["knead"]),
    a_creator("dan", bio="yoga at dawn", titles=["sun salute"], followers={"instagram": 5}),
    a_creator("twin1", name="Twin"),
    a_creator("twin2", name="Twin"),
]  # fmt: skip


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Searcher:
    import pyarrow as pa

    aliases = pa.Table.from_pylist([{"retired_id": "cr_old", "creator_id": "cr_ann"}], ALIASES)
    snapshot = write_snapshot(tmp_path_factory.mktemp("few"), input_of(PEOPLE, aliases=aliases))
    return Searcher(snapshot, HashingEmbedder())


@pytest.mark.parametrize("named", ["@ann", "ann", "@ANN", "cr_ann", "cr_old", "youtube:cr_ann"])
def test_a_creator_is_known_by_its_id_an_account_or_a_handle(few: Searcher, named: str):
    assert find_creator(few.snapshot, named) == 0


def test_an_unknown_name_and_an_ambiguous_one_are_refused_with_the_way_on(few: Searcher):
    with pytest.raises(ConfigError, match="nobody here is @zoe"):
        few.search("like:@zoe")
    with pytest.raises(ConfigError, match="2 creators are @twin") as refused:
        few.search("like:@twin")
    assert "like:cr_twin1, like:cr_twin2" in str(refused.value.hint)


def test_the_nearest_come_first_on_any_platform_and_never_the_creator_itself(few: Searcher):
    hits = few.search("like:@ann").hits
    assert [hit.creator_id for hit in hits][:2] == ["cr_dan", "cr_bob"]
    assert "cr_ann" not in {hit.creator_id for hit in hits}
    assert hits[0].explanation.components["semantic"] == pytest.approx(1, abs=0.01)


def test_words_beside_it_count_as_well(few: Searcher):
    plain, worded = few.search("like:@ann").hits, few.search("like:@ann dusk").hits
    assert plain[0].creator_id == "cr_dan"
    assert worded[0].creator_id == "cr_bob"
    assert worded[0].explanation.matched_words == ("dusk",)


def test_a_field_the_creator_lacks_is_sought_by_its_own_of_that_kind(few: Searcher):
    vectors = vectors_like(few.snapshot, 0)
    np.testing.assert_allclose(vectors["instagram_bio"], vectors["youtube_bio"], atol=1e-6)
    np.testing.assert_allclose(vectors["instagram_content"], vectors["youtube_content"], atol=1e-6)
