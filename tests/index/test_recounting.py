"""Words counted again where documents changed are the words of all documents counted, to the byte."""

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import index.recounting as recounting
from index.lexical import Lexicon, build_lexicon
from index.recounting import FormerWords, count_again
from tests.index.snapshots import a_creator, input_of, write_snapshot

WORDS = st.lists(st.sampled_from(["rye", "loaf", "chess", "éclair", "猫", "a"]), max_size=6)
PEOPLE = st.dictionaries(st.sampled_from([f"cr_{number}" for number in range(12)]), WORDS.map(" ".join))


def documents_of(people: dict[str, str]) -> pa.Table:
    ids = sorted(people)
    columns = {"creator_id": ids, "keyword_text": [people[creator_id] for creator_id in ids]}
    return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})


def former_of(documents: pa.Table) -> FormerWords:
    texts = documents["keyword_text"]
    lexicon = build_lexicon(texts, [0, documents.num_rows])
    return FormerWords(documents["creator_id"].combine_chunks(), texts, lexicon)


def assert_same(found: Lexicon, wanted: Lexicon) -> None:
    assert found.terms.equals(wanted.terms)
    assert found.lengths.dtype == wanted.lengths.dtype
    assert found.lengths.tolist() == wanted.lengths.tolist()
    (postings,), (others,) = found.shards, wanted.shards
    for name in ("first", "docs", "tf"):
        one, other = getattr(postings, name), getattr(others, name)
        assert one.dtype == other.dtype, name
        assert one.tolist() == other.tolist(), name


@given(before=PEOPLE, changes=PEOPLE, gone=st.sets(st.sampled_from([f"cr_{number}" for number in range(12)])))
def test_counting_again_is_counting_all(before: dict[str, str], changes: dict[str, str], gone: set[str]):
    after = {name: text for name, text in (before | changes).items() if name not in gone}
    documents = documents_of(after)
    found = count_again(documents, [0, len(after)], former_of(documents_of(before)))
    assert_same(found, build_lexicon(documents["keyword_text"], [0, len(after)]))


def test_the_widest_count_may_come_and_go():
    """Integers are as narrow as the largest count allows, in whichever part it stands."""
    much, little = " ".join(["rye"] * 300), "rye"
    for before, after in ((much, little), (little, much), (much, much)):
        people = {f"cr_{number}": "loaf" for number in range(4)}
        documents = documents_of(people | {"cr_2": after})
        found = count_again(documents, [0, 4], former_of(documents_of(people | {"cr_2": before})))
        assert_same(found, build_lexicon(documents["keyword_text"], [0, 4]))


def test_only_changed_documents_are_counted(monkeypatch: pytest.MonkeyPatch):
    counted = []

    def counting(texts: pa.ChunkedArray, *arguments: object, **options: object) -> Lexicon:
        counted.extend(texts.to_pylist())
        return build_lexicon(texts, *arguments, **options)

    people = {f"cr_{number}": f"loaf {number}" for number in range(4)}
    former = former_of(documents_of(people))
    monkeypatch.setattr(recounting, "build_lexicon", counting)
    count_again(documents_of(people | {"cr_3": "chess", "cr_4": "rye"}), [0, 5], former)
    assert counted == ["chess", "rye"]


def test_a_version_made_of_its_parents_words_is_the_same_version(tmp_path: Path):
    people = [a_creator(name) for name in ("ann", "bo", "cy", "di")]
    parent = write_snapshot(tmp_path / "parent", input_of(people))
    later = [*people[1:], a_creator("eve")]
    former = FormerWords.of(parent)
    assert former is not None
    made = write_snapshot(tmp_path / "made", input_of(later, former=former))
    assert made.manifest == write_snapshot(tmp_path / "afresh", input_of(later)).manifest


@pytest.mark.parametrize("name", ["terms.parquet", "shard=00000/postings/tf.npy", "shard=00000/texts.arrow"])
def test_words_of_a_harmed_version_are_not_taken(tmp_path: Path, name: str):
    parent = write_snapshot(tmp_path / "parent", input_of([a_creator("ann"), a_creator("bo")]))
    file = tmp_path / "parent" / name
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    assert FormerWords.of(parent) is None


def test_words_are_taken_of_one_shard_with_somebody_in_it(tmp_path: Path):
    people = [a_creator("ann"), a_creator("bo")]
    assert FormerWords.of(write_snapshot(tmp_path / "two", input_of(people, shard_creators=1))) is None
    assert FormerWords.of(write_snapshot(tmp_path / "none", input_of([]))) is None
