"""What training gains and what it costs: scores before and after, on corpora the shipped model has not seen.

    python benchmarks/identity_training.py [--accounts 20000] [--seeds 901 902] [FILE ...]

FILE: a Parquet file of accounts with a truth column (--truth-column), instead of a generated corpus. Per corpus: the
shipped model; trained without labels; trained with judgements of the first pairs of the review queue, answered by the
truth. The judgements teach weights only: they are not handed to the resolve that is scored.
"""

import argparse
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from base.judgement import Judgement, Verdict
from corpus.generate import generate
from engines.duckdb_engine import DuckDBEngine
from engines.engine import Engine
from identity.assessment import with_truth
from identity.evaluation import evaluate
from identity.resolution import Resolution, resolve
from identity.review_order import review_order
from identity.training import train
from identity.triage import IdentitySettings, Triage
from identity.values import population_band
from identity.weights import Model, load_model
from jobs.account_files import accept_accounts

PRECISIONS = (IdentitySettings().precision, 0.87)
JUDGED = (0, 300, 2_000)
AS_OF = datetime(2026, 1, 1, tzinfo=UTC)


def measure(accounts: pa.Table, truth: pa.Table, engine: Engine) -> Iterator[str]:
    """One line per model."""
    shipped = load_model()
    resolution = resolve(accounts, model=shipped, engine=engine)
    yield f"  {'shipped':24} {_scores(accounts, truth, shipped, engine)}"
    queue = _queue(resolution, accounts, truth, engine)
    for judged in JUDGED:
        model = train(
            resolution.pairs, start=shipped, n_band=population_band(accounts.num_rows), as_of=AS_OF,
            accounts=accounts.num_rows, judgements=queue[:judged],
        )  # fmt: skip
        yield f"  {f'trained, {judged} judged':24} {_scores(accounts, truth, model, engine)}"


def _queue(resolution: Resolution, accounts: pa.Table, truth: pa.Table, engine: Engine) -> Sequence[Judgement]:
    """What people would say, in the order in which they would be asked."""
    doubtful = resolution.pairs.filter(pc.equal(resolution.pairs["triage"], Triage.REVIEW.value))
    known = with_truth(doubtful, truth, engine)
    verdicts = {True: Verdict.SAME, False: Verdict.DIFFERENT}
    return [
        Judgement(row["left"], row["right"], verdicts[row["same"]], "truth", AS_OF)
        for row in known.take(review_order(known, accounts)).slice(0, max(JUDGED)).to_pylist()
    ]


def _scores(accounts: pa.Table, truth: pa.Table, model: Model, engine: Engine) -> str:
    told = []
    for precision in PRECISIONS:
        members = resolve(accounts, model=model, engine=engine, precision=precision).members
        scores = evaluate(members, truth, engine).summary()
        figures = " ".join(f"{scores[f'pair_{name}']:.4f}" for name in ("precision", "recall", "f1"))
        told.append(f"at {precision}: {figures}")
    return "   ".join(told)


def corpora(options: argparse.Namespace, engine: Engine) -> Iterator[tuple[str, pa.Table, pa.Table]]:
    """Name, accounts, truth."""
    for path in options.files:
        rows = pq.read_table(path)
        truth = pa.table({"account_id": rows["account_id"], "creator_id": rows[options.truth_column].cast(pa.string())})
        yield path.name, accept_accounts(rows.drop_columns([options.truth_column]), engine)[0], truth
    for seed in () if options.files else options.seeds:
        corpus = generate(options.accounts, seed)
        truth = corpus.truth.select(["account_key", "person_id"]).rename_columns(["account_id", "creator_id"])
        yield f"generated, seed {seed}", corpus.accounts, truth


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="*")
    parser.add_argument("--accounts", type=int, default=20_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[901, 902])
    parser.add_argument("--truth-column", default="person_id")
    options = parser.parse_args()
    with DuckDBEngine() as engine:
        for name, accounts, truth in corpora(options, engine):
            print(f"{name}, {accounts.num_rows} accounts; pair precision, recall, F1")
            for line in measure(accounts, truth, engine):
                print(line, flush=True)


if __name__ == "__main__":
    main()
