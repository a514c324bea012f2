"""Links become clusters, under constraints, in an order that depends on nothing but the links.

Comes in: linked pairs by row with their weights, must- and cannot-links, the platform of each account. Goes out: a
cluster label per account and the links that hold clusters together. Strongest link first: two clusters join unless a
cannot-link stands between them, or both hold an account of one platform and no link says those two are one creator's,
or the link is a weak bridge: the pairs across it, on the whole, speak against it. Connected components in which none
of this can happen are clusters as they stand.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree

Rows = npt.NDArray[np.int64]
RowPair = tuple[int, int]

#: least mean support, over all pairs across a link, that lets it join clusters. A pair on the link threshold supports
#: by a half, one far above it by 1, one far below it or never compared not at all
COHESION = 0.25
#: a link this far above the threshold needs no other pair to speak for it
STRONG_BITS = 8.0


@dataclass(frozen=True, slots=True)
class Links:
    """Pairs of one cluster, were there no constraints: rows left < right, and their weights in bits."""

    left: Rows
    right: Rows
    weight_bits: npt.NDArray[np.float64]

    def where(self, chosen: npt.NDArray[np.bool_]) -> "Links":
        return Links(self.left[chosen], self.right[chosen], self.weight_bits[chosen])


NO_LINKS = Links(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))


@dataclass(frozen=True, slots=True)
class Settled:
    """What another night came to, for accounts about which nothing is new since."""

    #: accounts that are news, or of a pair that is; shape (accounts,)
    touched: npt.NDArray[np.bool_]
    #: `Clustering.held` of that night, by tonight's rows
    held: Links


@dataclass(frozen=True, slots=True)
class Clustering:
    #: the smallest row of each account's cluster, shape (accounts,)
    label: Rows
    #: the links that hold the clusters together: a spanning forest, must-links apart
    kept: Links
    #: those of them that were joined one by one, because something might have stood between
    held: Links


def cluster(
    platforms: Sequence[int] | npt.NDArray[np.int64],
    links: Links,
    *,
    must_link: Sequence[RowPair] = (),
    cannot_link: Sequence[RowPair] = (),
    compared: Links | None = None,
    link_bits: float = 0.0,
    settled: Settled | None = None,
) -> Clustering:
    """The clusters of accounts 0 … n-1. `platforms[i]` is a code; must- and cannot-links are consistent row pairs.

    compared: every pair that was compared, links or not; default: the links.
    link_bits: the weight from which pairs link. settled: under the same constraints and weights; saves work and changes
    nothing else.
    """
    codes = np.asarray(platforms, dtype=np.int64)
    component = _components(len(codes), _joined(links, must_link))
    hard = _contested(codes, component, cannot_link) | _sparse(component, links)
    easy = ~hard[component[links.left]] if len(links.left) else np.zeros(0, bool)
    former = NO_LINKS
    if settled is not None:
        is_open = np.zeros(len(hard), bool)
        is_open[component[settled.touched]] = True
        former = settled.held.where(hard[component[settled.held.left]] & ~is_open[component[settled.held.left]])
        hard &= is_open
    anew = links.where(hard[component[links.left]])
    across = links if compared is None else compared
    across = across.where(hard[component[across.left]] & (component[across.left] == component[across.right]))
    support = dict(zip(_keys(across), 1 / (1 + np.exp2(link_bits - across.weight_bits)), strict=True))
    joined = _agglomerate(codes, anew, support, link_bits + STRONG_BITS, must_link, cannot_link)
    held = _concat(former, joined)
    kept = _concat(_spanning_forest(len(codes), links.where(easy)), held)
    label = _smallest_row(_components(len(codes), _joined(kept, must_link)))
    return Clustering(label, kept, held)


def _joined(links: Links, must_link: Sequence[RowPair]) -> tuple[Rows, Rows]:
    must = np.array(must_link, dtype=np.int64).reshape(-1, 2)
    return np.concatenate([links.left, must[:, 0]]), np.concatenate([links.right, must[:, 1]])


def _components(size: int, edges: tuple[Rows, Rows]) -> Rows:
    graph = coo_array((np.ones(len(edges[0]), np.int8), edges), shape=(size, size))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def _smallest_row(component: Rows) -> Rows:
    """Components named by their smallest row, so that a label does not depend on the order of a walk."""
    _, first = np.unique(component, return_index=True)
    return np.asarray(first[component], dtype=np.int64)


def _contested(codes: Rows, component: Rows, cannot_link: Sequence[RowPair]) -> npt.NDArray[np.bool_]:
    """Per component: does it hold two accounts of one platform, or a cannot-link?"""
    contested = np.zeros(component.max(initial=-1) + 1, bool)
    seats, seated = np.unique(component * (codes.max(initial=0) + 1) + codes, return_counts=True)
    contested[seats[seated > 1] // (codes.max(initial=0) + 1)] = True
    for left, right in cannot_link:
        if component[left] == component[right]:
            contested[component[left]] = True
    return contested


def _sparse(component: Rows, links: Links) -> npt.NDArray[np.bool_]:
    """Per component: are some of its pairs not linked, so that a chain may hold it together?"""
    sizes = np.bincount(component)
    linked = np.bincount(component[links.left], minlength=len(sizes))
    return np.asarray(linked < sizes * (sizes - 1) // 2)


def _spanning_forest(size: int, links: Links) -> Links:
    """The strongest links that hold each component together; of equals the first by row."""
    order = np.lexsort((links.right, links.left, -links.weight_bits))
    ranks = np.arange(1, len(order) + 1, dtype=np.float64)  # a cost of zero would read as "no link"
    ranked = coo_array((ranks, (links.left[order], links.right[order])), shape=(size, size)).tocsr()
    return links.where(np.isin(np.arange(len(order)), order[minimum_spanning_tree(ranked).data.astype(np.int64) - 1]))


def _concat(one: Links, other: Links) -> Links:
    return Links(
        np.concatenate([one.left, other.left]),
        np.concatenate([one.right, other.right]),
        np.concatenate([one.weight_bits, other.weight_bits]),
    )


def _keys(links: Links) -> Iterator[RowPair]:
    return zip(links.left.tolist(), links.right.tolist(), strict=True)


def _agglomerate(
    codes: Rows,
    links: Links,
    support: Mapping[RowPair, float],
    strong_bits: float,
    must_link: Sequence[RowPair],
    cannot_link: Sequence[RowPair],
) -> Links:
    """The links that may join, strongest first; ties by row, so that the order of input is not seen."""
    order = np.lexsort((links.right, links.left, -links.weight_bits))
    licensed = {*_keys(links), *((min(pair), max(pair)) for pair in must_link)}
    forest = _Forest(codes, licensed, cannot_link, support)
    for left, right in must_link:
        forest.join(left, right)
    kept = np.zeros(len(links.left), bool)
    for place in order.tolist():
        left, right = int(links.left[place]), int(links.right[place])
        if forest.may_join(left, right, is_strong=bool(links.weight_bits[place] >= strong_bits)):
            forest.join(left, right)
            kept[place] = True
    return links.where(kept)


class _Forest:
    """Clusters that grow: members, and whom they must not meet, by root."""

    def __init__(
        self,
        codes: Rows,
        licensed: set[RowPair],
        cannot_link: Sequence[RowPair],
        support: Mapping[RowPair, float],
    ) -> None:
        self._codes = codes
        self._licensed = licensed
        self._support = support
        self._parent: dict[int, int] = {}
        self._members: dict[int, list[int]] = {}
        self._enemies: dict[int, set[int]] = defaultdict(set)
        for left, right in cannot_link:
            self._enemies[left].add(right)
            self._enemies[right].add(left)

    def join(self, left: int, right: int) -> None:
        one, other = sorted((self._root(left), self._root(right)))
        if one == other:
            return
        self._parent[other] = one
        self._members[one] = self._of(one) + self._members.pop(other, [other])
        if other in self._enemies:
            self._enemies[one] |= self._enemies.pop(other)

    def may_join(self, left: int, right: int, *, is_strong: bool) -> bool:
        one, other = self._root(left), self._root(right)
        if one == other:
            return False
        if any(self._root(enemy) == other for enemy in self._enemies.get(one, ())):
            return False
        ones, others = self._of(one), self._of(other)
        return self._second_accounts_are_licensed(ones, others) and (is_strong or self._cohere(ones, others))

    def _cohere(self, ones: list[int], others: list[int]) -> bool:
        """Whether the pairs across speak for the join on the whole: one weak bridge between two groups does not."""
        pairs = ((min(account, other), max(account, other)) for account in ones for other in others)
        return sum(self._support.get(pair, 0.0) for pair in pairs) >= COHESION * len(ones) * len(others)

    def _second_accounts_are_licensed(self, ones: list[int], others: list[int]) -> bool:
        """Two accounts of one platform meet only when a link, or a person, says that they are one creator's."""
        by_platform: dict[int, list[int]] = defaultdict(list)
        for account in ones:
            by_platform[int(self._codes[account])].append(account)
        return all(
            (min(account, other), max(account, other)) in self._licensed
            for other in others
            for account in by_platform.get(int(self._codes[other]), ())
        )

    def _of(self, root: int) -> list[int]:
        return self._members.get(root, [root])

    def _root(self, account: int) -> int:
        root = account
        while root in self._parent:
            root = self._parent[root]
        while account != root:
            self._parent[account], account = root, self._parent[account]
        return root
