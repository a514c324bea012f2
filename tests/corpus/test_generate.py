"""The corpus is the same every time, has the promised size and shape, and keeps its truth apart."""

import gzip
import hashlib
import io
import json
import unicodedata
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from base.clock import to_micros
from corpus.generate import IDENTITY_COLUMNS, Corpus, cast_blocks, generate, write_corpus
from corpus.payloads import Order, files_in, write_payloads
from corpus.people import slug
from corpus.posts import posts_of
from corpus.reference import REFERENCE
from corpus.vocabulary import read_vocabulary
from ingest.files import Payload
from ingest.records import RejectedRow

TAXONOMY = Path(__file__).parents[2] / "enrich" / "taxonomy.yaml"


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return generate(3000, seed=11)


@pytest.fixture(scope="module")
def delivered(tmp_path_factory):
    return write_corpus(tmp_path_factory.mktemp("corpus"), accounts=400, seed=5)


@pytest.mark.parametrize("accounts", [1, 7, 60, 400])
def test_a_corpus_has_exactly_as_many_accounts_as_asked_for(accounts):
    made = generate(accounts, seed=3)
    assert made.accounts.num_rows == made.truth.num_rows == accounts


def test_every_account_has_a_key_and_a_handle_of_its_own(corpus):
    keys = corpus.accounts["account_id"].to_pylist()
    handles = [(profile.platform, profile.handle) for profile in corpus.profiles if profile.handle is not None]
    assert len(set(keys)) == len(keys)
    assert len(set(handles)) == len(handles) > 0.98 * len(keys)


def test_the_identity_columns_are_those_the_identity_room_takes(corpus):
    assert corpus.accounts.schema == IDENTITY_COLUMNS
    assert corpus.truth["account_key"].equals(corpus.accounts["account_id"])


def test_the_same_arguments_write_the_same_bytes(tmp_path, delivered):
    again = write_corpus(tmp_path, accounts=400, seed=5)
    assert [digest(path) for path in again.deliveries] == [digest(path) for path in delivered.deliveries]
    assert pq.read_table(again.truth).equals(pq.read_table(delivered.truth))


def test_the_bytes_do_not_depend_on_how_many_processes_render_them(tmp_path, corpus):
    blocks = [corpus.profiles[:150], corpus.profiles[150:300], corpus.profiles[300:400]]
    order = Order(seed=11, weeks=3)
    alone, together = files_in(tmp_path / "alone", order), files_in(tmp_path / "together", order)
    write_payloads(alone, blocks, order, workers=1)
    write_payloads(together, blocks, order, workers=2)
    assert [digest(path) for path in together.deliveries] == [digest(path) for path in alone.deliveries]


def test_handles_and_keys_are_unique_over_all_blocks():
    blocks = list(cast_blocks(2500, seed=3, block_size=1000))
    assert [len(block) for block in blocks] == [1000, 1000, 500]
    handles = [(profile.platform, profile.handle) for block in blocks for profile in block if profile.handle]
    keys = [profile.account_key for block in blocks for profile in block]
    assert len(set(handles)) == len(handles)
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("items", [1, 5, 12])
def test_accounts_publish_as_many_posts_as_asked_for_on_average(corpus, items):
    posts = [len(list(posts_of(profile, 11, read_vocabulary(), items))) for profile in corpus.profiles[:1500]]
    assert sum(posts) / len(posts) == pytest.approx(items, rel=0.07)


def test_names_bios_and_captions_come_in_many_languages_and_scripts(corpus):
    assert len({profile.language for profile in corpus.profiles}) >= 18
    captions = [post.text for profile in corpus.profiles for post in posts_of(profile, 11, read_vocabulary())]
    for texts in (
        [profile.display_name for profile in corpus.profiles], [profile.bio for profile in corpus.profiles], captions
    ):  # fmt: skip
        assert set(SCRIPTS) <= scripts_of("".join(texts))


SCRIPTS = ("LATIN", "CYRILLIC", "GREEK", "ARABIC", "HEBREW", "DEVANAGARI", "HANGUL", "HIRAGANA", "CJK", "THAI")


def scripts_of(text: str) -> set[str]:
    return {unicodedata.name(letter).split()[0] for letter in set(text) if letter.isalpha()}


def test_another_seed_writes_another_corpus(tmp_path, delivered):
    assert digest(write_corpus(tmp_path, accounts=400, seed=6).captures["youtube"]) != digest(
        delivered.captures["youtube"]
    )


def test_every_delivered_row_is_taken_in_and_every_account_is_in_the_truth(delivered):
    keys = set()
    for path in delivered.deliveries:
        stream = io.BufferedReader(io.BytesIO(path.read_bytes()))
        for found in Payload(stream, path.name, None, to_micros(REFERENCE)):
            assert not isinstance(found, RejectedRow), found
            keys.add(found.record.account_key)
    assert keys == set(pq.read_table(delivered.truth)["account_key"].to_pylist())


def test_nothing_of_the_truth_is_delivered(delivered):
    people = {person.encode() for person in pq.read_table(delivered.truth)["person_id"].to_pylist()}
    for path in delivered.deliveries:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        assert not any(person in content for person in people), path.name


def test_no_instant_lies_after_the_night_of_the_delivery(corpus):
    reference = to_micros(REFERENCE)
    vocabulary = read_vocabulary()
    for profile in corpus.profiles[:500]:
        posts = [post.published_at for post in posts_of(profile, corpus.seed, vocabulary)]
        assert max([profile.created_at, *posts]) <= profile.fetched_at <= reference
        assert profile.created_at <= profile.first_seen <= profile.fetched_at
        assert posts == sorted(posts, reverse=True)


def test_some_two_fifths_of_the_accounts_have_a_sibling_and_posts_come_by_fours(corpus):
    sizes = Counter(corpus.truth["person_id"].to_pylist())
    assert 0.35 < sum(size for size in sizes.values() if size > 1) / 3000 < 0.55
    vocabulary = read_vocabulary()
    posts = [len(list(posts_of(profile, 11, vocabulary))) for profile in corpus.profiles]
    assert 3.5 < sum(posts) / 3000 < 5
    assert {profile.activity for profile in corpus.profiles} == {"active", "semi", "tail"}


def test_siblings_share_handles_often_but_not_always(corpus):
    """A matcher that reads handles alone must neither find everything nor nothing."""
    handles: dict[str, list[str]] = {}
    for profile in corpus.profiles:
        if profile.trap is None:
            handles.setdefault(profile.person_id, []).append(slug(profile.handle or ""))
    pairs = [(names[0], name) for names in handles.values() for name in names[1:]]
    same = sum(left == right for left, right in pairs) / len(pairs)
    assert 0.35 < same < 0.75


def test_captions_of_instagram_come_without_the_at_sign(delivered):
    captions = [
        media.get("caption", "")
        for answer in answers(delivered.captures["instagram"])
        for media in answer["body"]["business_discovery"]["media"]["data"]
    ]
    assert len(captions) > 100
    assert not any("@" in caption for caption in captions)


def test_youtube_counts_are_text_rounded_to_three_figures_and_may_be_hidden(delivered):
    channels = [
        item["statistics"]
        for answer in answers(delivered.captures["youtube"])
        for item in answer["body"]["items"]
        if item["kind"] == "youtube#channel"
    ]
    shown = [statistics["subscriberCount"] for statistics in channels if not statistics["hiddenSubscriberCount"]]
    assert all(len(count.rstrip("0")) <= 3 for count in shown)
    assert 0 < sum(statistics["hiddenSubscriberCount"] for statistics in channels) < len(channels) / 5


def test_the_vocabulary_covers_the_taxonomy_niche_by_niche():
    taxonomy = yaml.safe_load(TAXONOMY.read_text(encoding="utf-8"))
    wanted = {niche["id"]: [sub["id"] for sub in niche["sub"]] for niche in taxonomy["niches"]}
    assert {niche.id: list(niche.subjects) for niche in read_vocabulary().niches.values()} == wanted


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def answers(path: Path) -> list[dict]:
    return [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
