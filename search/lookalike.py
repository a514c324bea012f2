"""Who `like:…` means, and what it is to be alike: near to that creator's own stored vectors, field by field."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from base.errors import ConfigError
from embeddings.vectors import normalise
from index.snapshot import Snapshot
from search.candidates import Vector, Vectors

SHOWN = 5


def find_creator(snapshot: Snapshot, named: str) -> int:
    """The internal id of the creator with this id, account key or @handle.

    Raises ConfigError when there is none, or several with that handle.
    """
    if named.startswith("cr_"):
        found = [snapshot.doc_of(snapshot.aliases.get(named, named))]
    elif ":" in named:
        found = list(_owners(snapshot, "account_key", named))
    else:
        found = list(_owners(snapshot, "handle", named.removeprefix("@").lower()))
    docs = [doc for doc in found if doc is not None]
    if not docs:
        raise ConfigError(f"nobody here is {named}", hint="give a creator id, an account key or an @handle")
    if len(docs) > 1:
        raise ConfigError(f"{len(docs)} creators are {named}", hint=f"say which: {_names(snapshot, docs)}")
    return docs[0]


def vectors_like(snapshot: Snapshot, doc: int) -> Vectors:
    """A vector per field to be near to: the creator's own, and where it has none, the mean of those of its kind.

    So that a creator on YouTube alone has look-alikes on Instagram. Empty when it has no vector at all.
    """
    own = {name: vector for name, field in snapshot.fields.items() if (vector := field.vector_of(doc)) is not None}
    if not own:
        return {}
    return {name: own[name] if name in own else _stand_in(name, own) for name in snapshot.fields}


def _stand_in(name: str, own: Vectors) -> Vector:
    kind = name.rpartition("_")[2]
    alike = [own[field] for field in sorted(own) if field.rpartition("_")[2] == kind]
    mean: Vector = np.mean(alike or [own[field] for field in sorted(own)], axis=0, dtype=np.float32)
    unit: Vector = normalise(mean[np.newaxis])[0]
    return unit


def _owners(snapshot: Snapshot, column: str, wanted: str) -> list[int]:
    accounts = snapshot.creators["accounts"].combine_chunks()
    values = accounts.flatten().field(column)
    found = pc.equal(pc.utf8_lower(values) if column == "handle" else values, wanted).fill_null(False)
    owners = pc.list_parent_indices(accounts).filter(found)
    return sorted(set(owners.to_pylist()))


def _names(snapshot: Snapshot, docs: Sequence[int]) -> str:
    ids = snapshot.creators["creator_id"].take(pa.array(docs[:SHOWN])).to_pylist()
    return ", ".join(f"like:{creator_id}" for creator_id in ids)
