"""Creators as a labeller sees them, out of the store."""

from collections.abc import Iterator, Sequence

import pyarrow as pa

from embeddings.vectors import from_column
from enrich.subjects import Subject, read_subjects, subject_frame, subjects
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
    return read_subjects(load_subject_frame(context, ids, some or Stretch(ids[0], ids[-1])))


def load_subject_frame(context: Context, ids: Sequence[str], some: Some) -> pa.Table:
    """The same as a frame that can travel to another process."""
    with context.reading_frames() as frames:
        profiles = store.load_member_profiles(frames, some)
        items = store.load_newest_items(frames, some, context.settings.llm.items_per_creator)
        vectors = store.load_member_vectors(frames, some, context.profile_recipe.fingerprint)
    return subject_frame(ids, profiles, items, vectors, from_column(vectors["vector"], context.embedder.dim))
