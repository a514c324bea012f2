"""How often drift is seen where content moved, and where it did not: simulated creators, then real posts.

    python -m benchmarks.drift [FOLDER] [--embedder fast|minilm] [--creators N]

Simulated: creators that post about a few subjects of their own, 384 dimensions, 30 posts of reference; their next posts
go on, turn half to a new subject, or turn to it wholly. Beside T stands the plain cosine distance of the two means.

FOLDER holds `instagram_posts/ig_posts.csv.gz` and `youtube_trending/*.csv`; what is absent is skipped. Real accounts
there have up to seven posts, so two things are measured: accounts as they are, their newest posts against their older
ones or against those of an account of another niche; and creators put together from several accounts of one niche, with
30 posts of reference. Only figures are printed.
"""

import argparse
import csv
import gzip
import sys
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from embeddings.drift import Windows, shift
from embeddings.vectors import Matrix, normalise, to_column
from enrich.plan import EnrichmentSettings
from enrich.redaction import without_contacts
from providers.embedder import Embedder
from providers.local import load_embedder

DIM = 384
REFERENCE = 30
OFTEN = (2.0, 1.0, 0.5)  # Dirichlet weights of a creator's subjects
COSINES = (0.15, 0.30)
SOFT = EnrichmentSettings().soft_drift
HARD = EnrichmentSettings().hard_drift
MISSPELT = {"fashion 0.5": "fashion", "fasion": "fashion", "by": "beauty"}
VAGUE = "other"

#: label → account → texts, newest first
Posts = Mapping[str, Mapping[str, Sequence[str]]]


def main() -> int:
    arguments = _arguments()
    simulate(arguments.creators)
    if arguments.folder is None:
        return 0
    embedder = load_embedder(arguments.embedder)
    for title, posts in (
        ("captions by niche", read_captions(arguments.folder / "instagram_posts" / "ig_posts.csv.gz")),
        ("videos by category", read_videos(arguments.folder / "youtube_trending")),
    ):
        if posts:
            print(f"\n{title}, {embedder.id}")
            real_accounts(posts, embedder)
            put_together(posts, embedder, arguments.creators // 4)
    return 0


# --- simulated ----------------------------------------------------------------------------------------------------


def simulate(creators: int) -> None:
    print(f"simulated: {creators} creators per cell, {DIM} dimensions, {REFERENCE} posts of reference")
    for title, noise in (
        ("posts that differ among themselves", 1.0),
        ("posts that hardly differ within a subject", 0.4),
    ):
        random = np.random.default_rng(0)
        print(f"\n{title:48} {'unchanged':>23} {'half another subject':>23} {'wholly another':>23}")
        for n_new in (3, 5, 10, 20, 40):
            cells = [_flagged(_simulated(creators, n_new, share, noise, random)) for share in (0.0, 0.5, 1.0)]
            print(f"  {n_new:2} new posts {'':34} " + " ".join(f"{cell:>23}" for cell in cells))
    print(f"\neach cell: T >= {SOFT}, T >= {HARD}, then " + ", ".join(f"1 - cosine > {limit}" for limit in COSINES))


def _simulated(
    creators: int, n_new: int, share: float, noise: float, random: np.random.Generator
) -> tuple[Windows, Windows]:
    """Windows of new posts, of which `share` are another creator's, and of the reference.

    All vectors lean to one side, as embeddings do. A creator has three subjects, one more often than the others.
    """
    side = normalise(random.standard_normal((1, DIM)).astype("f4"))
    own, strange = (_posts(creators, n_new + REFERENCE, side, noise, random) for _ in range(2))
    turned = round(share * n_new)
    return _windows(np.concatenate([strange[:, :turned], own[:, turned:n_new]], axis=1)), _windows(own[:, n_new:])


def _posts(
    creators: int, count: int, side: Matrix, noise: float, random: np.random.Generator
) -> npt.NDArray[np.float32]:
    subjects = normalise(random.standard_normal((creators * len(OFTEN), DIM)).astype("f4"))
    subjects = normalise(0.9 * side + subjects).reshape(creators, len(OFTEN), DIM)
    shares = random.dirichlet(OFTEN, creators).cumsum(axis=1)
    about = (random.random((creators, count, 1)) > shares[:, None, :-1]).sum(axis=2)
    strays = normalise(random.standard_normal((creators * count, DIM)).astype("f4")).reshape(creators, count, DIM)
    posts = subjects[np.arange(creators)[:, None], about] + noise * strays
    return normalise(posts.reshape(-1, DIM)).reshape(creators, count, DIM)


def _windows(posts: npt.NDArray[np.float32]) -> Windows:
    creators, count, dim = posts.shape
    owners = np.repeat([f"cr_{creator:06}" for creator in range(creators)], count)
    texts = np.tile([f"{post:03}" for post in range(count)], creators)
    vectors = to_column(posts.reshape(-1, dim))
    return Windows.of(pa.table([owners, texts, vectors], ["creator_id", "input_fingerprint", "vector"]), dim)


def _flagged(windows: tuple[Windows, Windows]) -> str:
    new, reference = windows
    moved = shift(new, reference)
    means = [normalise(side.sums) for side in (new, reference)]
    far = 1 - np.einsum("ij,ij->i", *means)
    return " ".join(
        f"{np.mean(found):5.3f}" for found in (moved >= SOFT, moved >= HARD, *(far > one for one in COSINES))
    )


# --- real -----------------------------------------------------------------------------------------------------------


def read_captions(path: Path) -> Posts:
    """Instagram captions by the niche that people gave their account."""
    if not path.is_file():
        return {}
    csv.field_size_limit(sys.maxsize)
    found: dict[str, dict[str, dict[str, int]]] = {}
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            label = MISSPELT.get(row["category"], row["category"])
            if row["owner_username"] == row["username"] and row["caption"].strip() and label != VAGUE:
                texts = found.setdefault(label, {}).setdefault(row["username"], {})
                texts[row["caption"][:1_000]] = int(row["taken_at_timestamp"])
    return {label: {name: _newest_first(texts) for name, texts in of.items()} for label, of in found.items()}


def read_videos(folder: Path) -> Posts:
    """Titles and descriptions of videos by their category."""
    csv.field_size_limit(sys.maxsize)
    found: dict[str, dict[str, dict[str, str]]] = {}
    for path in sorted(folder.glob("*_mdilin.csv")):
        with path.open(encoding="utf-8", errors="replace", newline="") as file:
            for row in csv.DictReader(file):
                text = f"{row['title']}\n{row.get('description') or ''}"[:1_000]
                if row["channelId"] and row["publishedAt"] and row["categoryId"]:
                    texts = found.setdefault(row["categoryId"], {}).setdefault(row["channelId"], {})
                    texts.setdefault(text, row["publishedAt"])
    return {label: {name: _newest_first(texts) for name, texts in of.items()} for label, of in found.items()}


def _newest_first(texts: Mapping[str, int] | Mapping[str, str]) -> list[str]:
    return sorted(texts, key=lambda text: (texts[text], text), reverse=True)


def real_accounts(posts: Posts, embedder: Embedder, least: int = 5) -> None:
    """Newest two posts against the older ones of the same account, and of accounts of other niches."""
    accounts = [
        (label, texts) for label, of in sorted(posts.items()) for _, texts in sorted(of.items()) if len(texts) >= least
    ]
    matrices = [embed(embedder, texts) for _, texts in accounts]
    same = [(matrix[:2], matrix[2:]) for matrix in matrices]
    other = [
        (matrices[one][:2], matrices[two][2:])
        for one, two in combinations(range(len(accounts)), 2)
        if accounts[one][0] != accounts[two][0]
    ]
    print(f"  accounts with at least {least} posts: {len(accounts)}; two new posts against the rest")
    _tell("the same account", same)
    _tell("of another niche", other)


def put_together(posts: Posts, embedder: Embedder, pairs: int) -> None:
    """Creators made of accounts of one niche: 30 posts of reference, then as many new ones as the line says."""
    random = np.random.default_rng(1)
    pools = {label: [text for _, texts in sorted(of.items()) for text in texts] for label, of in sorted(posts.items())}
    matrices = {label: embed(embedder, pool) for label, pool in pools.items() if len(pool) >= 4 * REFERENCE}
    print(f"  put together from accounts of one niche ({len(matrices)} niches), {REFERENCE} posts of reference")
    for n_new in (5, 10, 20, 40):
        drawn = [_drawn(matrices, n_new, random) for _ in range(pairs)]
        for row, name in enumerate(("unchanged", "half another niche", "wholly another niche")):
            _tell(f"{n_new:2} new, {name}", [(cases[row], reference) for *cases, reference in drawn])


def _drawn(matrices: Mapping[str, Matrix], n_new: int, random: np.random.Generator) -> tuple[Matrix, ...]:
    """New posts of one niche, of one half with another, of the other; and the reference of the first."""
    one, other = random.choice(sorted(matrices), 2, replace=False)
    posts = matrices[one][random.permutation(len(matrices[one]))[: n_new + REFERENCE]]
    strange = matrices[other][random.permutation(len(matrices[other]))[:n_new]]
    new, half = posts[REFERENCE:], n_new // 2
    return new, np.concatenate([new[half:], strange[:half]]), strange, posts[:REFERENCE]


def _tell(title: str, cases: Sequence[tuple[Matrix, Matrix]]) -> None:
    if not cases:
        return
    moved = np.concatenate([shift(_windows(new[None]), _windows(old[None])) for new, old in cases])
    print(
        f"    {title:26} n {len(cases):6}   T >= {SOFT} {np.mean(moved >= SOFT):6.3f}   T >= {HARD} "
        f"{np.mean(moved >= HARD):6.3f}   median T {np.median(moved):7.2f}"
    )


def embed(embedder: Embedder, texts: Sequence[str]) -> Matrix:
    return embedder.embed([without_contacts(text).replace("#", " ") for text in texts])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--embedder", default="fast", choices=["minilm", "fast"])
    parser.add_argument("--creators", type=int, default=2_000)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
