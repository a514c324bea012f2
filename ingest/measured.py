"""The numbers in a frame of records that are worth a series: one row per record and metric it carried."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingest import platforms
from ingest.records import Kind
from ingest.stored import FIELD_ORDERS, usual_content_type

DAY = 86_400_000_000  # microseconds

#: record field → metric
_METRICS: dict[Kind, dict[str, str]] = {
    "account": {
        "followers": "followers",
        "following": "following",
        "content_count": "content_count",
        "total_views": "views",
    },
    "content": {"views": "views", "likes": "likes", "comments": "comments"},
}


def snapshots(kind: Kind, records: pa.Table, source: str) -> pa.Table:
    """Rows of the table of metrics. `records`: a frame with the key of its entities, `account_key` or `content_key`.

    An empty cell of a rows file is unknown, not hidden: it makes no snapshot.
    """
    bits, metrics = FIELD_ORDERS[kind].bits, _METRICS[kind]
    carried = records["carried"].to_numpy()
    meanings, which = _meanings(kind, records)
    is_answer = pc.not_equal(records["pointer"], "").to_numpy()
    tables = []
    for position, (name, metric) in enumerate(metrics.items()):
        is_known = pc.is_valid(records[name]).to_numpy()
        rows = np.flatnonzero((carried & bits[name] != 0) & (is_known | is_answer))
        versions, precisions = zip(*(each[position] for each in meanings), strict=True) if meanings else ((), ())
        means = pa.array(which[rows])
        values = records[name].take(pa.array(rows))
        tables.append(
            pa.table(
                {
                    "entity_kind": pa.repeat(pa.scalar(kind), len(rows)),
                    "entity_key": records[f"{kind}_key"].take(pa.array(rows)),
                    "metric": pa.repeat(pa.scalar(metric), len(rows)),
                    "as_of": records["fetched_at"].take(pa.array(rows)),
                    "value": values,
                    "source": pa.repeat(pa.scalar(source), len(rows)),
                    "definition_version": pa.array(versions, pa.string()).take(means),
                    "precision": pc.if_else(
                        pc.is_valid(values), pa.array(precisions, pa.string()).take(means), "hidden"
                    ),
                }
            )
        )
    return pa.concat_tables(tables)


def _meanings(kind: Kind, records: pa.Table) -> tuple[list[list[tuple[str, str]]], np.ndarray]:
    """What the platforms meant by the metrics: an entry per platform, type of content and day, and each row's."""
    platform = records["platform"].combine_chunks().dictionary_encode()
    form = _forms(kind, records).dictionary_encode()
    days, day = np.unique(records["fetched_at"].to_numpy() // DAY, return_inverse=True)
    codes = [each.indices.to_numpy(zero_copy_only=False).astype(np.int64) for each in (platform, form)]
    code = (codes[0] * max(1, len(form.dictionary)) + codes[1]) * max(1, len(days)) + day
    _distinct, firsts, which = np.unique(code, return_index=True, return_inverse=True)
    metrics = tuple(_METRICS[kind].values())
    rows = zip(
        *(column.take(pa.array(firsts)).to_pylist() for column in (platform, form)),
        (days[day[firsts]] * DAY).tolist(),
        strict=True,
    )
    return [platforms.meanings(name, kind, metrics, of or None, at) for name, of, at in rows], which


def _forms(kind: Kind, records: pa.Table) -> pa.Array:
    """The type of content of each record; "" for accounts."""
    if kind == "account":
        return pa.repeat(pa.scalar(""), records.num_rows)
    platform = records["platform"].combine_chunks().dictionary_encode()
    usual = pa.array([usual_content_type(name) for name in platform.dictionary.to_pylist()], pa.string())
    return pc.coalesce(records["content_type"].combine_chunks(), usual.take(platform.indices))
