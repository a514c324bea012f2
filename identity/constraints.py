"""What people decided, as constraints on clusters: must-link and cannot-link.

Comes in: judgements. Goes out: pairs that must stand together and pairs that must not. The newest judgement of a pair
wins; unsure is neither. A cannot-link between two accounts that must-links tie together is a ConstraintConflict, and
names the path, because only a person can say which decision was wrong.
"""

from collections import defaultdict, deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from base.errors import ConstraintConflict
from base.judgement import Judgement, Verdict

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Constraints:
    """Pairs of account keys, left < right."""

    must_link: frozenset[Pair] = frozenset()
    cannot_link: frozenset[Pair] = frozenset()


def pair(one: str, other: str) -> Pair:
    """The two sides of a pair in their fixed order."""
    return (one, other) if one < other else (other, one)


def newest_judgements(judgements: Iterable[Judgement]) -> dict[Pair, Judgement]:
    """The judgement in force per pair: the latest; at the same instant the last by reviewer, then by verdict."""
    newest: dict[Pair, Judgement] = {}
    for judgement in sorted(judgements, key=lambda one: (one.decided_at, one.reviewer, one.verdict)):
        newest[pair(judgement.left, judgement.right)] = judgement
    return newest


def constraints_from(judgements: Iterable[Judgement], accounts: Collection[str]) -> Constraints:
    """Must-links and cannot-links among known `accounts`. Raises ConstraintConflict when they contradict each other."""
    in_force = {
        key: judgement.verdict
        for key, judgement in newest_judgements(judgements).items()
        if key[0] != key[1] and key[0] in accounts and key[1] in accounts
    }
    constraints = Constraints(
        must_link=frozenset(key for key, verdict in in_force.items() if verdict is Verdict.SAME),
        cannot_link=frozenset(key for key, verdict in in_force.items() if verdict is Verdict.DIFFERENT),
    )
    check_consistent(constraints)
    return constraints


def check_consistent(constraints: Constraints) -> None:
    """Raises ConstraintConflict for the first cannot-link whose two ends a path of must-links connects."""
    neighbours: dict[str, set[str]] = defaultdict(set)
    for left, right in constraints.must_link:
        neighbours[left].add(right)
        neighbours[right].add(left)
    for left, right in sorted(constraints.cannot_link):
        path = _shortest_path(neighbours, left, right)
        if path:
            raise ConstraintConflict(
                f"judged the same: {' = '.join(path)}; judged different: {left} and {right}",
                path=path,
                hint=f"creatordex judge {path[0]} {path[1]} unsure --by NAME, or whichever decision is wrong",
            )


def _shortest_path(neighbours: dict[str, set[str]], start: str, end: str) -> list[str]:
    if start not in neighbours or end not in neighbours:
        return []
    came_from: dict[str, str] = {start: start}
    queue = deque([start])
    while queue:
        at = queue.popleft()
        if at == end:
            break
        for onward in sorted(neighbours[at]):
            if onward not in came_from:
                came_from[onward] = at
                queue.append(onward)
    if end not in came_from:
        return []
    path = [end]
    while path[-1] != start:
        path.append(came_from[path[-1]])
    return path[::-1]
