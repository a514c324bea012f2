"""`train`: a model fitted to one's own accounts and judgements, and what it would change before it is used.

Nothing here puts a model in use: that is what the setting `identity.model`, or `resolve FILE --model`, is for.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from base.errors import SourceError, StoreError
from base.judgement import Judgement
from engines.duckdb_engine import DuckDBEngine
from engines.engine import Engine
from identity.assessment import with_verdicts
from identity.levels import ReachedLevels
from identity.preview import Preview, preview
from identity.recalibration import Raise, audit_judgements, recalibrate
from identity.resolution import Resolution, resolve
from identity.training import train
from identity.values import population_band
from identity.weights import Model, load_model, match_weight_bits
from jobs.account_files import accept_accounts, read_frame, read_judgements
from jobs.context import Context
from jobs.resolve_creators import load_stored, resolve_stored, with_neighbours
from store.judgements import load_judgements


@dataclass(frozen=True, slots=True)
class Trained:
    model: Model
    #: what audited merges say about each calibrated precision
    raises: list[Raise]
    #: what the model would change; None when nobody asked
    preview: Preview | None

    def summary(self) -> dict[str, Any]:
        return {
            "model_fingerprint": self.model.fingerprint,
            "provenance": self.model.provenance,
            "audit": [asdict(one) for one in self.raises],
            "preview": None if self.preview is None else asdict(self.preview),
        }


def train_stored(context: Context, *, weights: bool = True, shown: int | None = None) -> Trained:
    """Train on the pairs of the last resolve and on every judgement, starting from the model of the settings.

    weights: False moves thresholds only. shown: resolve with the new model too, and list so many merges and splits
    against the last run. Raises StoreError when there are no pairs yet, or pairs of another version.
    """
    stored = load_stored(context)
    with context.reading() as session:
        judgements = load_judgements(session)
    start, accounts, pairs = load_model(context.settings.identity.model), stored["accounts"], stored["candidate_pairs"]
    try:
        model, raises = fitted(pairs, judgements, start, accounts.num_rows, context.as_of, weights=weights)
    except ValueError as error:
        raise StoreError(f"the stored pairs cannot be trained on: {error}", hint="creatordex resolve") from error
    if shown is None:
        return Trained(model, raises, None)
    with context.engine() as engine:
        after = resolve_stored(context, with_neighbours(context, stored), engine, model)
        found = preview(stored["members"], after.members, after.pairs, accounts, model, engine, shown)
    return Trained(model, raises, found)


def train_file(
    path: Path,
    *,
    as_of: datetime,
    judgements: Path | None = None,
    model: Path | None = None,
    precision: float = 0.985,
    memory_limit: str = "2GB",
    weights: bool = True,
    shown: int | None = None,
) -> Trained:
    """The same on the accounts of a file, without a store; previews against what the starting model decides.

    Raises SourceError for a file that cannot be read or in which no pair is worth comparing.
    """
    decided = [] if judgements is None else read_judgements(judgements)
    start = load_model(model)
    with DuckDBEngine(memory_limit=memory_limit) as engine:
        accounts, _ = accept_accounts(read_frame(path), engine)
        before = _resolved(accounts, start, engine, precision, decided)
        try:
            new, raises = fitted(before.pairs, decided, start, accounts.num_rows, as_of, weights=weights)
        except ValueError as error:
            raise SourceError(f"{path}: {error}", hint="give more accounts") from error
        if shown is None:
            return Trained(new, raises, None)
        after = _resolved(accounts, new, engine, precision, decided)
        return Trained(new, raises, preview(before.members, after.members, after.pairs, accounts, new, engine, shown))


def _resolved(
    accounts: pa.Table, model: Model, engine: Engine, precision: float, judgements: Sequence[Judgement]
) -> Resolution:
    return resolve(accounts, model=model, engine=engine, precision=precision, judgements=judgements)


def fitted(
    pairs: pa.Table,
    judgements: Sequence[Judgement],
    start: Model,
    accounts: int,
    as_of: datetime,
    *,
    weights: bool = True,
) -> tuple[Model, list[Raise]]:
    """Weights from pairs and judgements, then thresholds from the judgements of the audit stratum."""
    n_band = population_band(accounts)
    model = start
    if weights:
        model = train(pairs, start=start, n_band=n_band, as_of=as_of, accounts=accounts, judgements=judgements)
    audited = with_verdicts(pairs, audit_judgements(judgements))
    levels = list(ReachedLevels(audited["levels"]).matrix.T)
    return recalibrate(model, n_band, match_weight_bits(levels, model, n_band), audited["same"].to_numpy())


def write_model(path: Path, model: Model) -> None:
    """Write a model for people to read and `identity.model` to name; replaces an older file whole."""
    draft = path.with_name(path.name + ".draft")
    draft.write_bytes(orjson.dumps(model.model_dump(mode="json"), option=orjson.OPT_INDENT_2) + b"\n")
    draft.replace(path)
