"""Clusters become creators: an id that depends on the members alone, a profile, and what happened to ids.

Comes in: members of clusters, the accounts behind them, the members of the last run. Goes out: members with creator
ids, creator rows, the change feed and aliases. The anchor of a creator is its account with the earliest `first_seen`,
then the smallest key: so a merge keeps the older id and an unmerge gives both sides their former ids back.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from engines.engine import Engine
from identity.memory import marks_of

#: later than any instant
NEVER = np.iinfo(np.int64).max
MEMBERS = pa.schema([("account_id", pa.string()), ("creator_id", pa.string())])
CHANGES = pa.schema([("creator_id", pa.string()), ("change", pa.string()), ("other_id", pa.string())])
ALIASES = pa.schema([("retired_id", pa.string()), ("creator_id", pa.string())])


def name_members(accounts: pa.Table, labels: npt.NDArray[np.int64]) -> pa.Table:
    """account_id, creator_id, in the order of `accounts`. `labels[i]` is the cluster of row i.

    accounts: by account_id, which it holds, with first_seen (NULL sorts last) and anchored_id, the id of the creator
    that the account would anchor.
    """
    first_seen = pc.fill_null(accounts["first_seen"], NEVER).to_numpy()
    order = np.lexsort((first_seen, labels))  # stable, so that of equals the smallest key leads
    clusters, places = np.unique(labels[order], return_index=True)
    anchors = order[places][np.searchsorted(clusters, labels)]
    return pa.table([accounts["account_id"], accounts["anchored_id"].take(pa.array(anchors))], schema=MEMBERS)


def assign_creator_ids(members: pa.Table, previous: pa.Table, engine: Engine) -> pa.Table:
    """The change feed from `previous` members to `members`: creator_id, change, other_id, sorted.

    mint: a creator of accounts never seen before · split: an id that stands for accounts that another id held ·
    merge: an id that took in another · retire: an id that no longer stands, and the id that answers for it
    ("" when all of its accounts were forgotten). An id that survives untouched writes no row.
    """
    return engine.sql(
        """
        WITH flow AS (
            SELECT coalesce(p.creator_id, '') AS old_id, coalesce(m.creator_id, '') AS new_id, count(*) AS accounts
            FROM members m FULL OUTER JOIN previous p ON p.account_id = m.account_id GROUP BY 1, 2
        ),
        new_ids AS (SELECT DISTINCT creator_id FROM members),
        old_ids AS (SELECT DISTINCT creator_id FROM previous),
        heirs AS (
            SELECT old_id, new_id FROM (
                SELECT *, row_number() OVER (
                    PARTITION BY old_id ORDER BY CASE WHEN new_id = '' THEN 1 ELSE 0 END, accounts DESC, new_id
                ) AS place FROM flow WHERE old_id <> ''
            ) AS ranked WHERE place = 1
        ),
        retired AS (
            SELECT h.old_id, h.new_id FROM heirs h LEFT JOIN new_ids n ON n.creator_id = h.old_id
            WHERE n.creator_id IS NULL
        ),
        born AS (
            SELECT n.creator_id FROM new_ids n LEFT JOIN old_ids o ON o.creator_id = n.creator_id
            WHERE o.creator_id IS NULL
        ),
        split AS (
            SELECT DISTINCT b.creator_id, f.old_id FROM born b JOIN flow f ON f.new_id = b.creator_id
            JOIN new_ids n ON n.creator_id = f.old_id WHERE f.old_id <> ''
        )
        SELECT creator_id, 'mint' AS change, '' AS other_id FROM born
        WHERE creator_id NOT IN (SELECT creator_id FROM split)
        UNION ALL SELECT creator_id, 'split', old_id FROM split
        UNION ALL SELECT new_id, 'merge', old_id FROM retired WHERE new_id <> ''
        UNION ALL SELECT old_id, 'retire', new_id FROM retired
        ORDER BY 1, 2, 3
        """,
        members=members.select(MEMBERS.names),
        previous=previous.select(MEMBERS.names),
    ).cast(CHANGES)


#: what `describe_creators` reads of an account, where it is known
SHOWN = (
    "platform", "first_seen", "handle", "display_name", "followers", "profile_image_url", "country", "language",
)  # fmt: skip


def shown_marks(accounts: pa.Table, engine: Engine) -> pa.ChunkedArray:
    """A mark per account of what its creator's row may show of it."""
    return marks_of(accounts.select([name for name in SHOWN if name in accounts.column_names]), engine)


def describe_creators(members: pa.Table, accounts: pa.Table, links: pa.Table, engine: Engine) -> pa.Table:
    """One row per creator, sorted by id: what its accounts say together.

    accounts: account_id, platform, first_seen and, nullable, handle, display_name, followers, profile_image_url,
    country, language. Each field comes from the account with most followers that has it. Counts add up; NULL when all
    are hidden.
    """
    return engine.sql(
        """
        WITH joined AS (
            SELECT m.creator_id, a.*,
                   row_number() OVER by_age AS age_place, row_number() OVER by_reach AS place
            FROM members m JOIN accounts a ON a.account_id = m.account_id
            WINDOW by_age AS (PARTITION BY m.creator_id ORDER BY a.first_seen NULLS LAST, a.account_id),
                   by_reach AS (
                       PARTITION BY m.creator_id
                       ORDER BY a.followers DESC NULLS LAST, a.first_seen NULLS LAST, a.account_id
                   )
        ),
        by_platform AS (
            SELECT creator_id, platform, CAST(sum(followers) AS BIGINT) AS followers,
                   '"' || platform || '"' AS quoted
            FROM joined GROUP BY creator_id, platform
        ),
        parts AS (
            SELECT creator_id, '[' || string_agg(quoted, ',' ORDER BY platform) || ']' AS platforms,
                   '{' || coalesce(
                       string_agg(quoted || ':' || CAST(followers AS VARCHAR), ',' ORDER BY platform)
                       FILTER (WHERE followers IS NOT NULL), ''
                   ) || '}' AS followers_by_platform
            FROM by_platform GROUP BY creator_id
        ),
        held AS (
            SELECT m.creator_id, min(l.match_probability) AS weakest
            FROM links l JOIN members m ON m.account_id = l."left" GROUP BY m.creator_id
        )
        SELECT j.creator_id,
               coalesce(min_by(display_name, place) FILTER (WHERE display_name IS NOT NULL),
                        min_by(handle, place) FILTER (WHERE handle IS NOT NULL), min_by(account_id, place)) AS name,
               min_by(handle, place) FILTER (WHERE handle IS NOT NULL) AS handle,
               min_by(profile_image_url, place) FILTER (WHERE profile_image_url IS NOT NULL) AS profile_image_url,
               min_by(account_id, age_place) AS anchor_account_key,
               min(p.platforms) AS platforms, count(*) AS account_count,
               CAST(sum(followers) AS BIGINT) AS followers_total,
               min(p.followers_by_platform) AS followers_by_platform,
               min_by(country, place) FILTER (WHERE country IS NOT NULL) AS country,
               min_by(language, place) FILTER (WHERE language IS NOT NULL) AS language,
               min(first_seen) AS first_seen, min(h.weakest) AS weakest_link_probability
        FROM joined j JOIN parts p ON p.creator_id = j.creator_id LEFT JOIN held h ON h.creator_id = j.creator_id
        GROUP BY j.creator_id ORDER BY j.creator_id
        """,
        members=members,
        accounts=accounts,
        links=links,
    )


def collapse_aliases(aliases: pa.Table, changes: pa.Table, members: pa.Table) -> pa.Table:
    """Every retired id and the living id that answers for it, chains collapsed.

    An id that stands again answers for itself and is no alias. An id whose accounts were all forgotten keeps its last
    answer, or itself, so that it resolves to something for ever.
    """
    retired = changes.filter(pc.equal(changes["change"], "retire"))
    answers = dict(zip(aliases["retired_id"].to_pylist(), aliases["creator_id"].to_pylist(), strict=True))
    for old, new in zip(retired["creator_id"].to_pylist(), retired["other_id"].to_pylist(), strict=True):
        answers[old] = new or old
    asked = pa.array(sorted({*answers, *answers.values()}), pa.string())
    living = set(asked.filter(pc.is_in(asked, value_set=members["creator_id"])).to_pylist()) if answers else set()
    rows = sorted((old, _answer(old, answers, living)) for old in answers if old not in living)
    return pa.Table.from_pylist([{"retired_id": old, "creator_id": new} for old, new in rows], schema=ALIASES)


def _answer(retired: str, answers: dict[str, str], living: set[str]) -> str:
    seen = [retired]
    while seen[-1] not in living and answers.get(seen[-1], seen[-1]) not in seen:
        seen.append(answers[seen[-1]])
    return seen[-1]
