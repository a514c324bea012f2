"""Views for people and dashboards: read-only, joined, with instants one can read.

Every upgrade of the schema drops them first and makes them anew last, so that a view never stands in the way of a
migration. A view that changes therefore needs a revision, be it an empty one. Columns: docs/exports.md.
"""

from sqlalchemy import Connection, text

#: name → its select; {instant:column} is the column as an instant of the database at hand
VIEWS: dict[str, str] = {
    "v_creators": """
        SELECT c.creator_id, c.name, c.handle, c.anchor_account_key, c.platforms, c.account_count,
               c.followers_total, c.followers_by_platform, c.country,
               coalesce(c.language, e.language) AS language,
               e.primary_niche, e.secondary_niches, e.content_style, e.account_kind,
               e.llm_summary AS summary, e.confidence, e.provenance,
               c.weakest_link_probability,
               {instant:c.first_seen} AS first_seen, {instant:c.updated_at} AS updated_at,
               {instant:e.created_at} AS labelled_at
        FROM creators c LEFT JOIN enrichments e ON e.creator_id = c.creator_id AND e.is_current
    """,
    "v_members": """
        SELECT m.creator_id, m.account_key, a.platform, a.platform_user_id, a.handle, a.display_name, a.website,
               a.followers, a.content_count, a.verified, a.country, a.language, a.state,
               t.bucket AS activity,
               {instant:t.last_content_at} AS last_content_at, {instant:m.since} AS since,
               {instant:a.first_seen} AS first_seen, {instant:a.last_seen} AS last_seen
        FROM members m JOIN accounts a ON a.account_key = m.account_key
        LEFT JOIN account_activity t ON t.account_key = m.account_key
    """,
    "v_review_queue": """
        WITH named AS (
            SELECT coalesce(l.account_key, j."left") AS one, coalesce(r.account_key, j."right") AS other,
                   j.verdict, j.decided_at, j.reviewer
            FROM judgements j
            LEFT JOIN account_aliases l ON l.alias_key = j."left" LEFT JOIN account_aliases r ON r.alias_key = j."right"
        ),
        ranked AS (
            SELECT *, row_number() OVER (
                PARTITION BY CASE WHEN one < other THEN one ELSE other END,
                             CASE WHEN one < other THEN other ELSE one END
                ORDER BY decided_at DESC, reviewer DESC
            ) AS place
            FROM named
        ),
        settled AS (
            SELECT CASE WHEN one < other THEN one ELSE other END AS lesser,
                   CASE WHEN one < other THEN other ELSE one END AS greater
            FROM ranked WHERE place = 1 AND verdict <> 'unsure'
        )
        SELECT p."left" AS left_account_key, p."right" AS right_account_key,
               l.handle AS left_handle, r.handle AS right_handle,
               l.display_name AS left_name, r.display_name AS right_name,
               ml.creator_id AS left_creator_id, mr.creator_id AS right_creator_id,
               p.match_weight_bits, p.match_probability,
               coalesce(l.followers, 0) + coalesce(r.followers, 0) AS followers_together
        FROM candidate_pairs p
        JOIN accounts l ON l.account_key = p."left" JOIN accounts r ON r.account_key = p."right"
        LEFT JOIN members ml ON ml.account_key = p."left" LEFT JOIN members mr ON mr.account_key = p."right"
        LEFT JOIN settled s ON s.lesser = p."left" AND s.greater = p."right"
        WHERE p.triage = 'review' AND s.lesser IS NULL
    """,
    "v_relations": """
        SELECT ms.creator_id AS source_creator_id, n.source AS source_account_key, s.platform AS source_platform,
               s.handle AS source_handle, n.kind,
               mt.creator_id AS target_creator_id, n.target AS target_account_key, t.platform AS target_platform,
               t.handle AS target_handle, n.basis, n.detail, {instant:n.since} AS since
        FROM account_relations n
        JOIN accounts s ON s.account_key = n.source JOIN accounts t ON t.account_key = n.target
        LEFT JOIN members ms ON ms.account_key = n.source LEFT JOIN members mt ON mt.account_key = n.target
    """,
    "v_latest_metrics": """
        SELECT entity_kind, entity_key, metric, value, {instant:as_of} AS as_of, precision, source, definition_version
        FROM (
            SELECT *, row_number() OVER (PARTITION BY entity_kind, entity_key, metric ORDER BY as_of DESC) AS place
            FROM metric_snapshots
        ) AS ranked
        WHERE place = 1
    """,
}

_INSTANTS = {
    "sqlite": "strftime('%Y-%m-%dT%H:%M:%SZ', {column} / 1000000, 'unixepoch')",
    "postgresql": "(timestamptz 'epoch' + {column} * interval '1 microsecond')",
}


def view_sql(name: str, dialect: str) -> str:
    """The select of a view in the words of one database: sqlite or postgresql."""
    before, *marked = VIEWS[name].split("{instant:")
    columns = [piece.split("}", 1) for piece in marked]
    return before + "".join(_INSTANTS[dialect].format(column=column) + rest for column, rest in columns)


def create_views(connection: Connection) -> None:
    for name in VIEWS:
        # A colon would be taken for a parameter.
        select = view_sql(name, connection.dialect.name).replace(":", "\\:")
        connection.execute(text(f"CREATE VIEW {name} AS {select}"))


def drop_views(connection: Connection) -> None:
    for name in VIEWS:
        connection.execute(text(f"DROP VIEW IF EXISTS {name}"))
