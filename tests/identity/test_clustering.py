"""Clusters under constraints: laws, and a naive version to compare with."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from identity.clustering import STRONG_BITS, Links, Settled, cluster


def links(*triples: tuple[int, int, float]) -> Links:
    left, right, bits = zip(*triples, strict=True) if triples else ((), (), ())
    return Links(np.array(left, np.int64), np.array(right, np.int64), np.array(bits, np.float64))


def naive_components(size: int, pairs: list[tuple[int, int]]) -> list[int]:
    label = list(range(size))
    changed = True
    while changed:
        changed = False
        for left, right in pairs:
            smallest = min(label[left], label[right])
            if label[left] != smallest or label[right] != smallest:
                label[left] = label[right] = smallest
                changed = True
    return label


PAIRS = st.lists(
    st.tuples(st.integers(0, 11), st.integers(0, 11)).filter(lambda pair: pair[0] < pair[1]), unique=True, max_size=20
)
WEIGHED = PAIRS.flatmap(
    lambda pairs: st.lists(st.integers(0, 9), min_size=len(pairs), max_size=len(pairs)).map(
        lambda bits: [(left, right, float(bit)) for (left, right), bit in zip(pairs, bits, strict=True)]
    )
)


@given(PAIRS)
def test_where_no_constraint_bites_clusters_are_the_naive_closure_of_the_links(pairs: list[tuple[int, int]]):
    found = cluster(range(12), links(*((left, right, 99.0) for left, right in pairs)))
    assert found.label.tolist() == naive_components(12, pairs)


@given(WEIGHED, st.lists(st.integers(0, 3), min_size=12, max_size=12), st.randoms(use_true_random=False))
@settings(max_examples=150)
def test_clusters_do_not_depend_on_the_order_of_the_links(triples, platforms, rng):
    """IDN-10: order-independent."""
    shuffled = list(triples)
    rng.shuffle(shuffled)
    first, second = cluster(platforms, links(*triples)), cluster(platforms, links(*shuffled))
    assert first.label.tolist() == second.label.tolist()


@given(WEIGHED, st.lists(st.integers(0, 3), min_size=12, max_size=12), PAIRS)
@settings(max_examples=150)
def test_no_cluster_holds_a_cannot_link_or_an_unlicensed_second_account(triples, platforms, cannot):
    label = cluster(platforms, links(*triples), cannot_link=cannot).label
    assert all(label[left] != label[right] for left, right in cannot)
    linked = {(left, right) for left, right, _ in triples}
    for left in range(12):
        for right in range(left + 1, 12):
            if label[left] == label[right] and platforms[left] == platforms[right]:
                assert (left, right) in linked


@given(WEIGHED, st.lists(st.integers(0, 3), min_size=12, max_size=12))
def test_the_links_kept_hold_exactly_the_clusters_together(triples, platforms):
    found = cluster(platforms, links(*triples))
    kept = list(zip(found.kept.left.tolist(), found.kept.right.tolist(), strict=True))
    assert naive_components(12, kept) == found.label.tolist()
    assert len(kept) == 12 - len(set(found.label.tolist())), "a forest has no spare link"


def test_a_cannot_link_keeps_two_accounts_apart_even_through_a_third():
    ann_yt, ann_ig, fan_ig = 0, 1, 2
    found = cluster([0, 1, 2], links((ann_yt, ann_ig, 9.0), (ann_ig, fan_ig, 8.0)), cannot_link=[(ann_yt, fan_ig)])
    assert found.label.tolist() == [0, 0, 2]


def test_a_must_link_joins_without_a_link_and_licenses_a_second_account():
    found = cluster([0, 0, 1], links((1, 2, 7.0)), must_link=[(0, 1)])
    assert found.label.tolist() == [0, 0, 0]


def test_of_two_rivals_on_one_platform_the_stronger_link_wins():
    found = cluster([0, 1, 1], links((0, 1, 5.0), (0, 2, 9.0)))
    assert found.label.tolist() == [0, 1, 0]


def test_a_linked_second_account_brings_its_own_links_along():
    main, second, page = 0, 1, 2
    found = cluster([0, 0, 1], links((main, second, 8.0), (second, page, 7.0), (main, page, 6.0)))
    assert found.label.tolist() == [0, 0, 0]


def test_no_link_at_all_leaves_everyone_alone():
    assert cluster([0, 1, 0], links()).label.tolist() == [0, 1, 2]


def test_one_weak_bridge_does_not_chain_two_groups_and_a_strong_one_or_more_support_does():
    groups = [(0, 1, 9.0), (0, 2, 9.0), (1, 2, 9.0), (3, 4, 9.0), (3, 5, 9.0), (4, 5, 9.0)]
    weak = cluster(range(6), links(*groups, (2, 3, 1.0)))
    assert weak.label.tolist() == [0, 0, 0, 3, 3, 3]
    strong = cluster(range(6), links(*groups, (2, 3, STRONG_BITS)))
    assert strong.label.tolist() == [0] * 6
    across = [(0, 3, -0.5), (1, 3, -0.5), (0, 4, -0.5), (1, 4, -0.5)]
    supported = cluster(range(6), links(*groups, (2, 3, 1.0)), compared=links(*groups, (2, 3, 1.0), *across))
    assert supported.label.tolist() == [0] * 6, "pairs that nearly link support it"


def test_support_is_read_relative_to_the_threshold():
    chain = [(0, 1, 5.0), (1, 2, 5.0), (2, 3, 5.0), (3, 4, 5.0)]
    assert len(set(cluster(range(5), links(*chain), link_bits=4.0).label.tolist())) > 1
    assert len(set(cluster(range(5), links(*chain), link_bits=5.0 - STRONG_BITS).label.tolist())) == 1


@settings(max_examples=60)
@given(before=WEIGHED, now=WEIGHED)
def test_what_another_night_settled_comes_out_the_same(before, now):
    platforms = np.array([0, 1, 2] * 4)
    moved = {(left, right) for left, right, _ in set(before) ^ set(now)}
    touched = np.isin(np.arange(12), [row for pair in moved for row in pair])
    settled = Settled(touched, cluster(platforms, links(*before), link_bits=2.0).held)
    again = cluster(platforms, links(*now), link_bits=2.0, settled=settled)
    anew = cluster(platforms, links(*now), link_bits=2.0)
    assert again.label.tolist() == anew.label.tolist()
    for ours, theirs in ((again.kept, anew.kept), (again.held, anew.held)):
        assert {*zip(ours.left, ours.right, ours.weight_bits, strict=True)} == {
            *zip(theirs.left, theirs.right, theirs.weight_bits, strict=True)
        }
