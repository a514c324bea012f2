"""What two accounts have in common, aspect by aspect: each comparison says which of its levels a pair reached.

The words of the model, no more: `compare.py` reads the levels of pairs, `weights.py` turns them into bits. Levels go
from the strongest to "anything else". Handle and name are one comparison, because people who share a name choose
similar handles.
"""

from dataclasses import dataclass
from itertools import pairwise, product


@dataclass(frozen=True, slots=True)
class ComparisonLevel:
    name: str
    #: a sentence for the reviewer
    label: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """One aspect of two accounts."""

    name: str
    #: strongest first, "anything else" last
    levels: tuple[ComparisonLevel, ...]

    def index(self, *names: str) -> list[int]:
        """The positions of named levels."""
        order = [level.name for level in self.levels]
        return [order.index(name) for name in names]


HANDLE_RELATIONS = {
    "exact": "same handle",
    "near": "handles equal but for separators and affixes",
    "letters": "handles equal but for digits",
    "spelled": "the handle of one spells the name of the other",
    "start": "one handle begins as the other, or holds it",
    "similar": "similar handles",
    "different": "different handles",
    "unknown": "a handle is unknown",
}
NAME_RELATIONS = {
    "equal": "same name",
    "similar": "similar names",
    "word": "names share a word",
    "different": "different names",
    "incomparable": "names in scripts that cannot be compared",
    "missing": "a name is unknown",
}
#: lower edges of rarity, in bits: how surprising it is that a stranger has it too
HANDLE_RARITY_EDGES = (8, 12, 16, 20, 24, 28, 34, 42)
NAME_RARITY_EDGES = (4, 8, 12, 16, 20, 24)
BIO_RARITY_EDGES = (3, 6, 9, 12, 16, 20, 26)


def _levels(**labels: str) -> tuple[ComparisonLevel, ...]:
    return tuple(ComparisonLevel(name, label) for name, label in labels.items())


def _rarities(what: str, edges: tuple[int, ...]) -> tuple[ComparisonLevel, ...]:
    """Rarest first."""
    bounds = [
        f"at least {edges[-1]}",
        *(f"{low} to {high}" for low, high in reversed(list(pairwise(edges)))),
        f"under {edges[0]}",
    ]
    return tuple(
        ComparisonLevel(f"{what}_{len(edges) - place}", f"what the {what}s share is worth {bound} bits of surprise")
        for place, bound in enumerate(bounds)
    )


HANDLE_NAME = Comparison(
    "handle_name",
    tuple(
        ComparisonLevel(f"{handle}_{name}", f"{HANDLE_RELATIONS[handle]}, {NAME_RELATIONS[name]}")
        for handle, name in product(HANDLE_RELATIONS, NAME_RELATIONS)
    ),
)
HANDLE_RARITY = Comparison(
    "handle_rarity",
    (*_rarities("handle", HANDLE_RARITY_EDGES), ComparisonLevel("none", "no handle is shared")),
)
NAME_RARITY = Comparison(
    "name_rarity",
    (*_rarities("name", NAME_RARITY_EDGES), ComparisonLevel("none", "no name is shared")),
)
CLAIM = Comparison(
    "claim",
    _levels(
        mutual="each names the other as its own account",
        self="one names the other as its own account",
        secondary="one names the other as its second, former or main account",
        described="one names the other as its own in descriptions of its items only, and their names do not agree",
        almost="one names as its own a handle that nobody has, and that is the other's but for digits and separators",
        contested="one names the other as its own, and the other names a third account instead",
        named="one names the other without saying why",
        none="neither names the other",
        elsewhere_unknown="one names an account as its own that is not the other, and that we do not know",
        related="one names the other as a friend, partner, employer or contact",
        elsewhere="one names a third account as its own where the other stands",
        elsewhere_both="both name third accounts as their own where the other stands",
        fan_of="one says it is a fan page, parody or archive of the other",
    ),
)
EMAIL = Comparison(
    "email",
    _levels(
        private="the same e-mail address, shown by nobody else",
        of_two="the same e-mail address, shown by two or three on a platform",
        of_few="the same e-mail address, shown by a few on a platform",
        same_domain="e-mail addresses of one domain",
        incomparable="an e-mail address is missing, or the shared one is an inbox of many",
        different="different e-mail addresses",
    ),
)
SITE = Comparison(
    "site",
    _levels(
        private="the same website, shown by nobody else",
        of_two="the same website, shown by two or three on a platform",
        of_few="the same website, shown by a few on a platform",
        incomparable="a website is missing, or the shared one is shown by many",
        different="different websites",
    ),
)
ADDRESS = Comparison(
    "address",
    _levels(
        spells="the e-mail address or website of one spells the handle of the other, and not its own",
        none="no address spells the other's handle",
    ),
)
BIO = Comparison(
    "bio",
    (
        *_rarities("bio", BIO_RARITY_EDGES),
        ComparisonLevel("incomparable", "a bio is missing or too short"),
        ComparisonLevel("different", "the bios share no word"),
    ),
)
BIO_VECTOR = Comparison(
    "bio_vector",
    _levels(
        same="the bios mean nearly the same",
        alike="the bios mean something alike",
        unknown="the bios are not among each other's nearest",
    ),
)
KIND = Comparison(
    "kind",
    _levels(
        same="both look like the same kind of account",
        incomparable="the kind of one is unknown",
        different="the accounts look like different kinds",
        branch="one is the page of a country or city, the other is not",
        fan="one looks like a fan page or parody, the other does not",
    ),
)
PLATFORM = Comparison(
    "platform",
    _levels(
        different="they stand on different platforms",
        same="they stand on one platform, where one account is usual",
    ),
)

SCALE = Comparison(
    "scale",
    _levels(
        close="audiences of one size",
        near="audiences of similar size",
        apart="one audience is more than ten times the other",
        far="one audience is more than a hundred times the other",
        incomparable="an audience is unknown",
    ),
)
SCRIPT = Comparison(
    "script",
    _levels(
        same="both write in one script that is not Latin",
        latin="both write in Latin letters",
        incomparable="the script of one is unknown",
        different="they write in different scripts",
    ),
)
#: read last: it compares the pair with other pairs, by what all comparisons before it weigh together
RIVALS = Comparison(
    "rivals",
    _levels(
        none="no other account fits either of them at all",
        far_behind="the next best account for either is more than 10 bits weaker",
        behind="the next best account for either is 5 to 10 bits weaker",
        close_behind="the next best account for either is 2 to 5 bits weaker",
        level="another account fits one of them as well",
        ahead="another account fits one of them better, by 2 to 6 bits",
        far_ahead="another account fits one of them better, by more than 6 bits",
    ),
)
#: least bits by which a pair leads its best rival, per level from `far_behind` on
RIVAL_MARGINS = (10.0, 5.0, 2.0, -2.0, -6.0)

#: the order of the `levels` string
COMPARISONS = (
    HANDLE_NAME, HANDLE_RARITY, NAME_RARITY, CLAIM, EMAIL, SITE, ADDRESS, BIO, BIO_VECTOR, KIND, SCALE, SCRIPT,
    PLATFORM, RIVALS,
)  # fmt: skip
