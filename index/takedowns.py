"""Who must not be shown any more, whatever version is open: a small file beside the versions, read again and again.

    snapshots/takedowns.json     creator ids, account keys, and the newest version that may still hold them

A reader hides them within seconds. The next publish leaves them out, and then the versions that hold them go, whatever
retention says.
"""

import fcntl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict, ValidationError

from base.errors import SnapshotError
from index.files import replace_file
from index.snapshot import Snapshot

FILE = "takedowns.json"


class Takedowns(BaseModel):
    # A file that cannot be read as this is refused: showing somebody by mistake is worse than not answering.
    model_config = ConfigDict(frozen=True, extra="ignore")

    creator_ids: tuple[str, ...] = ()
    #: ids change with their accounts; accounts do not
    account_keys: tuple[str, ...] = ()
    #: the newest version when the last of them was taken down
    held_up_to: int = 0

    def hidden(self, snapshot: Snapshot) -> npt.NDArray[np.bool_] | None:
        """Whose rows of this snapshot are not to be shown, bool per internal id; None when there are none."""
        mask = self._named(snapshot.creators)
        return mask if mask.any() else None

    def without(self, documents: pa.Table) -> pa.Table:
        """The rows of those who may be shown."""
        return documents.filter(pa.array(~self._named(documents)))

    def _named(self, creators: pa.Table) -> npt.NDArray[np.bool_]:
        mask = np.zeros(creators.num_rows, bool)
        if not (self.creator_ids or self.account_keys) or not len(mask):
            return mask
        ids = pc.is_in(creators["creator_id"], value_set=pa.array(self.creator_ids, pa.string()))
        mask |= np.asarray(ids, dtype=bool)
        accounts = creators["accounts"].combine_chunks()
        keys = pc.is_in(accounts.flatten().field("account_key"), value_set=pa.array(self.account_keys, pa.string()))
        owners = pc.list_parent_indices(accounts).to_numpy(zero_copy_only=False)
        mask[owners[np.asarray(keys, dtype=bool)]] = True
        return mask


def read_takedowns(root: Path) -> Takedowns:
    """Who was taken down so far. Raises SnapshotError for a file that cannot be read."""
    try:
        return Takedowns.model_validate_json((root / FILE).read_bytes())
    except FileNotFoundError:
        return Takedowns()
    except ValidationError as error:
        raise SnapshotError(f"{FILE} cannot be read", hint="restore it from a backup: it says who is hidden") from error


@contextmanager
def writing_takedowns(root: Path) -> Iterator[None]:
    """Be the only one who changes the list; waits for another one, which takes no time."""
    root.mkdir(parents=True, exist_ok=True)
    with (root / "takedowns.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def add_takedown(root: Path, creator_ids: Iterable[str], account_keys: Iterable[str], *, newest: int) -> Takedowns:
    """Hide these creators and whoever owns these accounts, in every version. Hold `writing_takedowns`."""
    known = read_takedowns(root)
    taken = Takedowns(
        creator_ids=tuple(sorted({*known.creator_ids, *creator_ids})),
        account_keys=tuple(sorted({*known.account_keys, *account_keys})),
        held_up_to=max(known.held_up_to, newest),
    )
    root.mkdir(parents=True, exist_ok=True)
    replace_file(root / FILE, (taken.model_dump_json(indent=1) + "\n").encode())
    return taken
