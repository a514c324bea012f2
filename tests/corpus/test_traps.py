"""Every trap is planted at its stated share, and holds both what belongs together and what only looks so."""

import re
from collections import Counter
from itertools import combinations
from pathlib import Path
from random import Random

import pytest

from corpus.accounts import Account, Casting
from corpus.generate import Corpus, generate
from corpus.people import slug
from corpus.scene import RELATIONS
from corpus.traps import TRAPS
from corpus.vocabulary import read_vocabulary

PAGE = Path(__file__).parents[2] / "docs" / "corpus.md"
ACCOUNTS = 20_000


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return generate(ACCOUNTS, seed=2)


@pytest.fixture(scope="module")
def scenes(corpus) -> dict[int, list[Account]]:
    found: dict[int, list[Account]] = {number: [] for number in TRAPS}
    for profile in corpus.profiles:
        if profile.trap is not None:
            found[profile.trap].append(profile)
    return found


def test_all_twenty_eight_traps_are_planted():
    assert list(TRAPS) == list(range(1, 29))


@pytest.mark.parametrize("number", TRAPS)
def test_a_trap_stands_at_its_stated_rates(number, scenes):
    trap, scene = TRAPS[number], scenes[number]
    assert trap.share * ACCOUNTS <= len(scene) <= trap.share * ACCOUNTS * 1.2
    assert sum(account.is_negative for account in scene) / len(scene) == pytest.approx(trap.negatives, abs=0.02)


def test_the_page_states_the_rates_of_the_table():
    stated = re.findall(r"^\| (\d+) \| ([^|]+) \| ([\d.]+) % \| (\d+) % \|", PAGE.read_text(), re.MULTILINE)
    planted = [
        (str(trap.number), trap.name, f"{trap.share:.1%}"[:-1], f"{trap.negatives:.0%}"[:-1]) for trap in TRAPS.values()
    ]
    assert stated == planted


def test_the_page_names_every_relation():
    assert re.findall(r"^\| `(\w+_of|managed_by|\w+s)` \|", PAGE.read_text(), re.MULTILINE) == list(RELATIONS)


@pytest.mark.parametrize("number", TRAPS)
def test_a_trap_holds_pairs_of_one_owner_and_accounts_that_only_look_so(number, scenes):
    owners = Counter(account.person_id for account in scenes[number])
    assert max(owners.values()) > 1, "no two accounts belong together"
    negatives = [account for account in scenes[number] if account.is_negative]
    assert negatives, "nothing misleads"
    assert len(owners) > 1


def test_an_ordinary_account_misleads_nobody(corpus):
    assert not any(profile.is_negative for profile in corpus.profiles if profile.trap is None)


def test_a_relation_is_a_known_word_towards_another_owner_of_the_corpus(corpus):
    owners = {profile.person_id for profile in corpus.profiles}
    related = [profile for profile in corpus.profiles if profile.relation is not None]
    assert {profile.relation for profile in related} == set(RELATIONS)
    assert all(profile.is_negative and profile.relation_to in owners for profile in related)
    assert all(profile.relation_to != profile.person_id for profile in related)


def test_a_fan_page_repeats_the_bio_of_its_star():
    star, *_, fan = planted(1)
    assert fan.person_id != star.person_id
    # Bios differ in length by platform: the shared part is what stands in both.
    assert longest_shared(star.bio, fan.bio) >= min(20, len(star.bio))


def test_a_parody_shows_the_same_letters_to_the_eye_and_others_to_the_machine():
    *_, mock = planted(3)
    assert not mock.display_name.isascii()


def test_two_famous_people_hold_one_handle_on_different_platforms():
    scene = planted(4)
    by_owner = {account.person_id: slug(account.handle or "") for account in scene}
    assert len(by_owner) == 2
    assert len({account.platform for account in scene}) == 4
    assert len(set(by_owner.values())) == 1


def test_a_freed_handle_is_still_linked_under_the_videos_of_its_former_owner():
    channel, page, taker = planted(5)
    assert taker.handle in channel.boilerplate[0]
    assert page.person_id == channel.person_id != taker.person_id


def test_an_agency_mail_stands_in_profiles_of_many_owners():
    desk, *roster = planted(8)
    assert len({account.person_id for account in roster}) >= 6
    host = desk.website.removeprefix("https://")
    assert sum(host in f"{account.bio} {account.email}" for account in roster) > len(roster) / 2


def test_a_couple_are_three_owners():
    assert len({account.person_id for account in planted(11)}) == 3


def test_three_channels_of_one_owner_are_on_one_platform_and_say_so():
    main, second, clips, *_ = planted(13)
    assert {main.platform, second.platform, clips.platform} == {"youtube"}
    assert main.person_id == second.person_id == clips.person_id
    assert f"@{second.handle}" in main.bio
    assert f"@{main.handle}" in clips.bio


def test_an_automatic_channel_has_the_name_of_its_artist_and_no_handle():
    artist, _, topic, *_ = planted(15)
    assert topic.handle is None
    assert topic.display_name.endswith(" - Topic")
    assert topic.relation_to == artist.person_id != topic.person_id


def test_a_persona_and_its_maker_name_each_other_and_are_two_owners():
    figure, clips, maker, _ = planted(24)
    assert f"@{figure.handle}" in maker.bio
    assert figure.person_id == clips.person_id != maker.person_id


def test_a_private_account_is_stated_and_not_delivered():
    channel, _, namesake = planted(27)
    assert f"@{namesake.handle}" in channel.bio.replace(".", "_") or f"@{namesake.handle}" in channel.bio
    assert namesake.platform != "instagram"
    assert all(account.platform != "instagram" for account in planted(27))


def test_namesakes_in_two_scripts_share_the_native_spelling_only():
    channel, page, namesake = planted(21)
    assert channel.display_name == namesake.display_name
    assert page.display_name.isascii()
    assert page.person_id == channel.person_id != namesake.person_id


def planted(number: int) -> list[Account]:
    return TRAPS[number].plant(Casting(Random(1), read_vocabulary(), crowd=12))


def longest_shared(left: str, right: str) -> int:
    spans = (left[start:end] for start, end in combinations(range(len(left) + 1), 2) if left[start:end] in right)
    return max(map(len, spans), default=0)
