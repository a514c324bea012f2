"""Who is who on accounts of real people: precision and recall of the default point, beside "same handle, same person".

    python benchmarks/identity_real.py [FOLDER]

FOLDER (default ../shared/data/crossplatform beside the project) holds dev_accounts.csv, dev_labels.csv and
distractors.csv; without them the script says so and ends. The labels only score. A pair counts when at least one of its
accounts is labelled: a labelled account with a distractor is wrong, two distractors are unknown. No account is printed.

Read the figures with care: labelled handles never collide with those of other people here, so the baseline's precision
is 1 by construction; and most labels come from profile pages that are not among the columns.
"""

import argparse
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv

from engines.duckdb_engine import DuckDBEngine
from engines.engine import Engine
from identity.assessment import NOT_COMPARED, THROUGH_OTHERS
from identity.evidence_paths import evidence_paths
from identity.resolution import resolve
from identity.triage import IdentitySettings, Triage
from identity.weights import load_model
from jobs.account_files import accept_accounts, read_frame

FOLDER = Path(__file__).parents[2] / "shared" / "data" / "crossplatform"
FILES = ("dev_accounts.csv", "distractors.csv")


def read(folder: Path, engine: Engine) -> tuple[pa.Table, pa.Table]:
    """Accounts of both files, and labels: account_id, creator, source."""
    rows = pa.concat_tables([read_frame(folder / name) for name in FILES], promote_options="default")
    accounts, _ = accept_accounts(rows, engine)
    text = pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(("account_id", "creator", "source"), pa.string()))
    return accounts, pyarrow.csv.read_csv(folder / "dev_labels.csv", convert_options=text)


def same_handle(accounts: pa.Table) -> pa.Table:
    """account_id, creator_id: the baseline, one creator per handle's letters and digits."""
    forms = ["".join(filter(str.isalnum, (handle or "").casefold())) for handle in accounts["handle"].to_pylist()]
    owners = [form or f"\n{key}" for form, key in zip(forms, accounts["account_id"].to_pylist(), strict=True)]
    return pa.table({"account_id": accounts["account_id"], "creator_id": owners})


def scores(members: pa.Table, labels: pa.Table, engine: Engine, source: str = "") -> dict[str, Any]:
    """Pairs put together that count, how many are right, and how many true pairs there are; of one source, or all."""
    row: dict[str, Any] = engine.sql(
        _SCORES, members=members, labels=labels, asked=pa.table({"source": [source]})
    ).to_pylist()[0]
    return row | {
        "precision": row["right"] / row["claimed"] if row["claimed"] else None,
        "recall": row["right"] / row["true_pairs"] if row["true_pairs"] else None,
    }


#: a person is of the first of its sources, so that sources add up
_KNOWN = """
    sources AS (SELECT creator, min(source) AS source FROM labels GROUP BY creator),
    known AS (
        SELECT m.account_id, m.creator_id AS found, l.creator AS actual, s.source FROM members m
        LEFT JOIN labels l ON l.account_id = m.account_id LEFT JOIN sources s ON s.creator = l.creator
    ),
    claimed AS (
        SELECT l.account_id AS "left", r.account_id AS "right", coalesce(l.actual = r.actual, FALSE) AS same,
               coalesce(l.source, r.source) AS source
        FROM known l JOIN known r ON l.found = r.found AND l.account_id < r.account_id
        WHERE l.actual IS NOT NULL OR r.actual IS NOT NULL
    )
"""
_SCORES = f"""
    WITH {_KNOWN},
    wanted AS (SELECT min(source) AS source FROM asked)
    SELECT (SELECT count(*) FROM claimed, wanted w WHERE w.source IN ('', claimed.source)) AS claimed,
           (SELECT count(*) FROM claimed, wanted w WHERE same AND w.source IN ('', claimed.source)) AS "right",
           (SELECT count(*) FROM known l JOIN known r ON l.actual = r.actual AND l.account_id < r.account_id, wanted w
            WHERE w.source IN ('', l.source)) AS true_pairs
"""  # noqa: S608 - texts of our own
_BY_PATH = f"""
    WITH {_KNOWN},
    true_pairs AS (
        SELECT l.account_id AS "left", r.account_id AS "right", TRUE AS same
        FROM known l JOIN known r ON l.actual = r.actual AND l.account_id < r.account_id
    ),
    counted AS (
        SELECT coalesce(c."left", t."left") AS "left", coalesce(c."right", t."right") AS "right",
               c."left" IS NOT NULL AS claimed, coalesce(t.same, FALSE) AS same
        FROM claimed c FULL JOIN true_pairs t ON t."left" = c."left" AND t."right" = c."right"
    )
    SELECT CASE WHEN c.claimed AND coalesce(p.triage, '') <> '{Triage.LINK.value}' THEN '{THROUGH_OTHERS}'
                ELSE coalesce(p.path, '{NOT_COMPARED}') END AS path,
           count(*) FILTER (WHERE claimed) AS claimed, count(*) FILTER (WHERE claimed AND same) AS "right",
           count(*) FILTER (WHERE NOT claimed) AS missed,
           count(*) FILTER (WHERE NOT claimed AND p.triage = '{Triage.REVIEW.value}') AS missed_in_review
    FROM counted c LEFT JOIN pairs p ON p."left" = c."left" AND p."right" = c."right"
    GROUP BY 1 ORDER BY claimed DESC, missed DESC, path
"""  # noqa: S608 - texts of our own


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=FOLDER)
    parser.add_argument("--precision", type=float, default=IdentitySettings().precision)
    parser.add_argument("--model", type=Path, help="a model.json instead of the shipped one")
    options = parser.parse_args()
    if not all((options.folder / name).is_file() for name in (*FILES, "dev_labels.csv")):
        print(f"no labelled accounts in {options.folder}: nothing measured")
        return
    with DuckDBEngine() as engine:
        accounts, labels = read(options.folder, engine)
        model = load_model(options.model)
        resolution = resolve(accounts, model=model, engine=engine, precision=options.precision)
        pairs = resolution.pairs.append_column("path", evidence_paths(resolution.pairs["levels"], model))
        print(f"{accounts.num_rows} accounts, {labels.num_rows} labelled, precision asked for {options.precision}\n")
        print(f"{'':34} {'claimed':>8} {'right':>8} {'true':>8} {'precision':>10} {'recall':>8}")
        for source in ("", *sorted(set(labels["source"].to_pylist()))):
            for name, members in (("creatordex", resolution.members), ("same handle", same_handle(accounts))):
                _print(f"{name}, {source or 'all'}", scores(members, labels, engine, source))
        print("\nby evidence: pairs claimed and right; true pairs missed, and how many of them wait for a person")
        by_path = engine.sql(_BY_PATH, members=resolution.members, labels=labels, pairs=pairs)
        for row in by_path.to_pylist():
            print("  " + ", ".join(f"{name} {value}" for name, value in row.items()))


def _print(name: str, row: dict[str, Any]) -> None:
    shares = (f"{row[share]:.4f}" if row[share] is not None else "-" for share in ("precision", "recall"))
    precision, recall = shares
    print(f"{name:34} {row['claimed']:8} {row['right']:8} {row['true_pairs']:8} {precision:>10} {recall:>8}")


if __name__ == "__main__":
    main()
