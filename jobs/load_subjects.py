"""Creators as a labeller sees them, out of the store."""

from collections.abc import Iterator, Sequence

from embeddings.vectors import from_column
from enrich.subjects import Subject, subjects
from jobs.context import Context
from store import enrichments as store
from store.enrichments import Chosen, Some, Stretch


def load_subjects(context: Context, ids: Sequence[str]) -> Iterator[Subject]:
    """A few creators, wherever they stand, in the given order, as a model would be shown them."""
    some: Some = Chosen(ids)
    with context.reading_frames() as frames:
        profiles = store.load_member_profiles(frames, some)
        items = store.load_newest_items(frames, some, context.settings.llm.items_per_creator)
        vectors = store.load_vector_fingerprints(frames, some, context.profile_recipe.fingerprint)
    return subjects(ids, profiles, items, vectors)


def load_whole_subjects(context: Context, ids: Sequence[str], some: Some | None = None) -> Iterator[Subject]:
    """The same with their vectors. some: where they stand; the stretch between the first and the last unless given."""
    some = some or Stretch(ids[0], ids[-1])
    with context.reading_frames() as frames:
        profiles = store.load_member_profiles(frames, some)
        items = store.load_newest_items(frames, some, context.settings.llm.items_per_creator)
        vectors = store.load_member_vectors(frames, some, context.profile_recipe.fingerprint)
    return subjects(ids, profiles, items, vectors, from_column(vectors["vector"], context.embedder.dim))
