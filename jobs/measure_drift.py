"""The posts of creators as windows: what was there when a model answered, what came since, and how far it moved."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from embeddings.drift import Windows, shift
from embeddings.vectors import from_column, to_column
from jobs.context import Context
from store import enrichment_states as store
from store.enrichments import Chosen

AT_ONCE = 1_000  # creators; with 20 posts each some 15 MB of vectors

MEASURED = pa.schema([("creator_id", pa.string()), ("new_items", pa.int64()), ("drift", pa.float64())])
REFERENCES = pa.schema(
    [
        ("creator_id", pa.string()),
        ("reference_recipe", pa.string()),
        ("reference_until", pa.int64()),
        ("reference_posts", pa.int64()),
        ("reference_mean", pa.binary()),
        ("reference_squares", pa.float64()),
    ]
)


def measure_drift(context: Context, due: pa.Table) -> pa.Table:
    """MEASURED of each creator of `due` (creator_id, answered_at): posts since the answer, and the shift of content.

    The shift is null where either side has fewer posts than `llm.min_new_items`, or the reference is of another
    embedding model: no decision is made that night.
    """
    parts = [_measure(context, part) for part in _parts(due)]
    return pa.concat_tables(parts) if parts else MEASURED.empty_table()


def make_references(context: Context, due: pa.Table) -> Iterator[pa.Table]:
    """REFERENCES of each creator of `due` (creator_id, reference_until), some at a time: its posts until then.

    Posts without an instant count as old: they cannot be new. Who has no posts has a reference of none.
    """
    for part in _parts(due):
        yield _reference(context, part)


def _parts(due: pa.Table) -> Iterator[pa.Table]:
    return (due.slice(start, AT_ONCE) for start in range(0, len(due), AT_ONCE))


def _measure(context: Context, due: pa.Table) -> pa.Table:
    ids, recipe = due["creator_id"].combine_chunks(), context.embedding_recipe.fingerprint
    least = context.settings.llm.min_new_items
    with context.reading_frames() as frames:
        chosen = Chosen(ids.to_pylist())
        since = pc.min(due["answered_at"]).as_py()
        posts = _after(store.load_post_instants(frames, chosen, since), ids, due["answered_at"])
        new_items = np.bincount(_rows(posts, ids), minlength=len(ids))
        references = store.load_references(frames, Chosen(ids.filter(pa.array(new_items >= least)).to_pylist()), recipe)
        references = references.filter(pc.greater_equal(references["reference_posts"], least))
        drift = np.full(len(ids), np.nan)
        if len(references):
            known = references["creator_id"].combine_chunks()
            from_then = pc.min(references["reference_until"]).as_py()
            vectors = store.load_post_vectors(frames, Chosen(known.to_pylist()), recipe, from_then)
            new = Windows.of(_after(vectors, known, references["reference_until"]), context.embedder.dim)
            new = new.take(np.flatnonzero(new.counts >= least))
            old = _windows(references, context.embedder.dim).take(_places(new.ids, known))
            drift[_places(new.ids, ids)] = shift(new, old)
    return pa.table([ids, pa.array(new_items), pa.array(drift, from_pandas=True)], schema=MEASURED)


def _reference(context: Context, due: pa.Table) -> pa.Table:
    ids, recipe, dim = due["creator_id"].combine_chunks(), context.embedding_recipe.fingerprint, context.embedder.dim
    with context.reading_frames() as frames:
        posts = store.load_post_vectors(frames, Chosen(ids.to_pylist()), recipe)
    until = due["reference_until"].combine_chunks().take(pa.array(_rows(posts, ids)))
    is_new = pc.fill_null(pc.greater(posts["published_at"], until), False)
    windows = Windows.of(posts.filter(pc.invert(is_new)), dim)
    places = _places(windows.ids, ids)
    counts, squares = np.zeros(len(ids), np.int64), np.zeros(len(ids))
    means = np.zeros((len(ids), dim), np.float32)
    counts[places], squares[places] = windows.counts, windows.squares
    means[places] = windows.sums / windows.counts[:, None]
    recipes = pa.repeat(recipe, len(ids))
    columns = [ids, recipes, due["reference_until"], pa.array(counts), to_column(means), pa.array(squares)]
    return pa.table(columns, schema=REFERENCES)


def _windows(references: pa.Table, dim: int) -> Windows:
    counts = references["reference_posts"].to_numpy()
    sums = from_column(references["reference_mean"], dim) * counts[:, None].astype(np.float32)
    return Windows(references["creator_id"].combine_chunks(), counts, sums, references["reference_squares"].to_numpy())


def _after(posts: pa.Table, ids: pa.Array, instants: pa.ChunkedArray) -> pa.Table:
    """The posts published after their creator's instant; `instants[i]` is the one of `ids[i]`."""
    limits = instants.combine_chunks().take(pa.array(_rows(posts, ids)))
    return posts.filter(pc.greater(posts["published_at"], limits))


def _rows(posts: pa.Table, ids: pa.Array) -> npt.NDArray[np.int64]:
    """The place in `ids` of each post's creator."""
    return _places(posts["creator_id"].combine_chunks(), ids)


def _places(some: pa.Array, ids: pa.Array) -> npt.NDArray[np.int64]:
    places: npt.NDArray[np.int64] = pc.index_in(some, value_set=ids).to_numpy(zero_copy_only=False).astype(np.int64)
    return places
