"""What a search knows about each creator: filter columns, quality parts and the text that words are looked up in.

In: frames as the store holds them, for live accounts only. Out: one row per creator that has a live account, ordered
by creator id; the row number is the creator's internal id within the snapshot. `FORMAT.md` lists the columns.
"""

from dataclasses import dataclass

import pyarrow as pa

from engines.engine import Engine
from index.scoring import QUALITY_WEIGHTS

#: lower bound of followers → band; at or above the bound
FOLLOWER_BANDS = {"nano": 0, "micro": 10_000, "mid": 100_000, "macro": 500_000, "mega": 1_000_000}
_REACH = {"nano": 0.2, "micro": 0.4, "mid": 0.6, "macro": 0.8, "mega": 1.0}
ACTIVITY = {"active": 1.0, "semi_active": 0.5, "long_tail": 0.0}

# Views measure who saw a video; pictures and notes show no views, so their reactions are set against followers.
VIEW_PLATFORMS = ("youtube", "tiktok", "twitch")
FULL_ENGAGEMENT_PER_VIEW = 0.08  # reactions per view, or per follower, that count as full marks
FULL_ENGAGEMENT_PER_FOLLOWER = 0.06

# Growth of followers in four weeks, as a share: ordinary accounts gain a few per cent.
RISING_GROWTH = 0.10
FALLING_GROWTH = -0.05

UNKNOWN_QUALITY = 0.4  # a hidden number neither earns nor costs: it counts as an ordinary one

FOLLOWERS = pa.struct([("platform", pa.string()), ("followers", pa.int64())])
ACCOUNT = pa.struct(
    [("account_key", pa.string()), ("platform", pa.string()), ("handle", pa.string()), ("followers", pa.int64())]
)
DOCUMENTS = pa.schema(
    [
        ("creator_id", pa.string()),
        ("name", pa.string()),
        ("handle", pa.string()),
        ("platforms", pa.list_(pa.string())),
        ("followers_total", pa.int64()),
        ("followers_by_platform", pa.list_(FOLLOWERS)),
        ("follower_band", pa.string()),
        ("primary_niche", pa.string()),
        ("secondary_niches", pa.list_(pa.string())),
        ("content_style", pa.string()),
        ("account_kind", pa.string()),
        ("language", pa.string()),
        ("country", pa.string()),
        ("activity", pa.string()),
        ("label_provenance", pa.string()),
        ("label_confidence", pa.string()),
        ("summary", pa.string()),
        ("accounts", pa.list_(ACCOUNT)),
        ("quality_reach", pa.float64()),
        ("quality_engagement", pa.float64()),
        ("quality_activity", pa.float64()),
        ("quality", pa.float64()),
        ("growth", pa.float64()),
        ("momentum", pa.string()),
        ("keyword_text", pa.string()),
    ]
)


@dataclass(frozen=True, slots=True)
class DocumentFrames:
    """Columns as in the store; JSON columns are still text."""

    #: creator_id, name, handle, platforms, followers_total, followers_by_platform, country, language
    creators: pa.Table
    #: live accounts: creator_id, account_key, platform, handle, display_name, bio, followers, activity
    accounts: pa.Table
    #: newest items per account: account_key, content_key, title, views, likes, comments, published_at
    items: pa.Table
    #: labels in force: creator_id, primary_niche, secondary_niches, content_style, account_kind, language, llm_summary,
    #: provenance, confidence
    enrichments: pa.Table
    #: two measurements of accounts, some weeks apart, of kept creators too: account_key, followers,
    #: earlier_followers, as_of, earlier_as_of (micros)
    growth: pa.Table
    #: the taxonomy: id, label, definition
    niches: pa.Table


def build_documents(frames: DocumentFrames, engine: Engine, kept: pa.Table | None = None) -> pa.Table:
    """One row per creator with a live account, in the schema DOCUMENTS, ordered by creator id.

    kept: rows of creators that are in none of the frames, to stand as they are; only their growth is of tonight.
    """
    built = _built(frames, engine)
    documents = built if kept is None else pa.concat_tables([built, kept.select(built.column_names).cast(built.schema)])
    growth = engine.sql(_GROWTH, documents=documents.select(["creator_id", "accounts"]), growth=frames.growth)
    rows = engine.sql(_WITH_GROWTH, documents=documents, growth=growth)
    return rows.select(DOCUMENTS.names).cast(DOCUMENTS)


def _built(frames: DocumentFrames, engine: Engine) -> pa.Table:
    """Everything but growth and momentum, in no order."""
    labels = engine.sql(_LABELS, labels=frames.enrichments)
    people = engine.sql(_PEOPLE, accounts=frames.accounts, quality=_account_quality(frames, engine))
    words = engine.sql(_WORDS, accounts=frames.accounts, items=frames.items)
    topics = engine.sql(_TOPICS, labels=labels, niches=frames.niches)
    creators = engine.sql(_CREATORS, creators=frames.creators)
    rows = engine.sql(_DOCUMENTS, creators=creators, people=people, words=words, topics=topics, labels=labels)
    schema = pa.schema([field for field in DOCUMENTS if field.name not in {"growth", "momentum"}])
    return rows.select(schema.names).cast(schema)


def _account_quality(frames: DocumentFrames, engine: Engine) -> pa.Table:
    return engine.sql(_ACCOUNT_QUALITY, accounts=frames.accounts, items=frames.items)


def _case(column: str, values: dict[str, float]) -> str:
    return f"CASE {column} " + " ".join(f"WHEN '{name}' THEN {value}" for name, value in values.items()) + " END"


_LABELS = """
SELECT * REPLACE (coalesce(from_json(secondary_niches, '["VARCHAR"]'), []) AS secondary_niches) FROM labels
"""

_CREATORS = """
SELECT * REPLACE (
    coalesce(from_json(platforms, '["VARCHAR"]'), []) AS platforms,
    coalesce(list_transform(list_sort(map_entries(from_json(followers_by_platform, '"MAP(VARCHAR, BIGINT)"'))),
                            lambda entry: {'platform': entry.key, 'followers': entry.value}), [])
        AS followers_by_platform)
FROM creators
"""

# Whole numbers are summed and divided once: a sum of fractions would depend on the order of rows.
_ACCOUNT_QUALITY = f"""
SELECT account_key,
       CASE WHEN any_value(platform) IN {VIEW_PLATFORMS}
            THEN sum(reactions) FILTER (views > 0)::DOUBLE
                 / sum(views) FILTER (views > 0 AND reactions IS NOT NULL) / {FULL_ENGAGEMENT_PER_VIEW}
            ELSE sum(reactions)::DOUBLE / count(reactions) / nullif(any_value(followers), 0)
                 / {FULL_ENGAGEMENT_PER_FOLLOWER}
       END AS engagement
FROM (SELECT account_key, platform, followers, views, likes + coalesce(comments, 0) AS reactions
      FROM items JOIN accounts USING (account_key)) measured
GROUP BY account_key
"""  # noqa: S608  constants of this module only

_PEOPLE = f"""
SELECT creator_id,
       list({{'account_key': account_key, 'platform': platform, 'handle': handle, 'followers': followers}}
            ORDER BY account_key) AS accounts,
       round(sum(round(least(engagement, 1) * 1e6)::BIGINT) FILTER (engagement IS NOT NULL)::DOUBLE
             / nullif(count(engagement), 0) / 1e6, 6) AS quality_engagement,
       max({_case("activity", ACTIVITY)}) AS quality_activity,
       arg_max(activity, {_case("activity", ACTIVITY)}) AS activity
FROM accounts LEFT JOIN quality USING (account_key)
GROUP BY creator_id
"""  # noqa: S608  constants of this module only

# To four weeks, whatever lies between; weighed by followers, in millionths: no sum depends on the order of rows.
_GROWTH = f"""
WITH rates AS (
    SELECT account_key, followers AS size,
           round((pow(followers::DOUBLE / earlier_followers, 28 * 86400e6 / (as_of - earlier_as_of)) - 1) * 1e6)::BIGINT
               AS rate
    FROM growth WHERE earlier_followers > 0 AND followers > 0),
owned AS (SELECT creator_id, unnest(accounts).account_key AS account_key FROM documents),
grown AS (
    SELECT creator_id,
           round(sum(rate::HUGEINT * size)::DOUBLE / sum(size) FILTER (rate IS NOT NULL) / 1e6, 4) AS growth
    FROM owned JOIN rates USING (account_key) GROUP BY creator_id)
SELECT *, CASE WHEN growth >= {RISING_GROWTH} THEN 'rising' WHEN growth <= {FALLING_GROWTH} THEN 'falling'
               WHEN growth IS NOT NULL THEN 'steady' END AS momentum
FROM grown
"""  # noqa: S608  constants of this module only

_WITH_GROWTH = "SELECT * FROM documents LEFT JOIN growth USING (creator_id) ORDER BY creator_id"

_WORDS = """
WITH titles AS (
    SELECT account_key, string_agg(title, chr(10) ORDER BY published_at DESC NULLS LAST, content_key) AS titles
    FROM items WHERE title IS NOT NULL GROUP BY account_key)
SELECT creator_id,
       string_agg(DISTINCT display_name, chr(10) ORDER BY display_name) AS names,
       string_agg(DISTINCT handle, chr(10) ORDER BY handle) AS handles,
       string_agg(bio, chr(10) ORDER BY account_key) AS bios,
       string_agg(titles, chr(10) ORDER BY account_key) AS titles
FROM accounts LEFT JOIN titles USING (account_key)
GROUP BY creator_id
"""

_TOPICS = """
WITH named AS (
    SELECT creator_id, primary_niche AS id, 0 AS place FROM labels
    UNION ALL
    SELECT creator_id, unnest(secondary_niches), unnest(range(1, len(secondary_niches) + 1)) FROM labels)
SELECT creator_id,
       string_agg(concat_ws(chr(10), label, CASE WHEN place = 0 THEN definition END), chr(10) ORDER BY place, id)
           AS topics
FROM named JOIN niches USING (id)
GROUP BY creator_id
"""

_BAND = " ".join(
    f"WHEN followers_total >= {bound} THEN '{band}'" for band, bound in reversed(list(FOLLOWER_BANDS.items()))
)
_QUALITY = " + ".join(
    f"{weight} * coalesce(quality_{part}, {UNKNOWN_QUALITY})" for part, weight in QUALITY_WEIGHTS.items()
)

# A summary made without a model only repeats bios and titles, or says that there is little to say: no words to find.
_SUMMARY_WORDS = "CASE WHEN label_provenance NOT IN ('offline', 'cascade') THEN summary END"

_DOCUMENTS = f"""
WITH joined AS (
    SELECT creators.* EXCLUDE (language), people.* EXCLUDE (creator_id), words.* EXCLUDE (creator_id), topics,
           primary_niche, coalesce(secondary_niches, []) AS secondary_niches, content_style, account_kind,
           coalesce(labels.language, creators.language) AS language, llm_summary AS summary,
           provenance AS label_provenance, confidence AS label_confidence, CASE {_BAND} END AS follower_band
    FROM creators JOIN people USING (creator_id) JOIN words USING (creator_id)
         LEFT JOIN labels USING (creator_id) LEFT JOIN topics USING (creator_id)),
parts AS (SELECT *, {_case("follower_band", _REACH)} AS quality_reach FROM joined)
SELECT *, round({_QUALITY}, 6) AS quality,
       concat_ws(chr(10), name, names, handles, topics, replace(content_style, '_', ' '), {_SUMMARY_WORDS}, bios,
                 titles) AS keyword_text
FROM parts
"""  # noqa: S608  constants of this module only
