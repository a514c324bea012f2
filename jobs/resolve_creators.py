"""Decide which accounts are one creator's, from everything the store knows, and write what changed."""

from dataclasses import replace
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from base.clock import to_micros
from base.fingerprint import fingerprint
from embeddings.neighbours import nearest_neighbours
from embeddings.vectors import Vectors, from_column
from engines.engine import Engine
from identity.canonical import assign_creator_ids, collapse_aliases, describe_creators
from identity.memory import Memory
from identity.moved import Outcome, moved_outcome, whole_outcome
from identity.relations import find_relations
from identity.resolution import Resolution, resolve
from identity.weights import Model, load_model
from jobs.context import Context
from jobs.flag_judgements import flag_judgements
from jobs.identity_memory import load_memory, same_memory, save_memory
from jobs.last_answer import LastAnswer, digest_of, load_answer, question_of, save_answer
from jobs.report import JobReport
from store.bulk import FrameReader
from store.creators import (
    append_creator_changes,
    append_member_changes,
    load_account_aliases,
    load_accounts,
    load_bio_vectors,
    load_creator_aliases,
    load_creators,
    load_creators_of,
    load_handle_history,
    load_identity_night,
    load_member_changes,
    load_members,
    load_members_of,
    load_recent_texts,
    save_creator_aliases,
    save_creators,
    save_identity_night,
    save_members,
)
from store.judgements import load_judgements
from store.pairs import load_pairs, load_value_counts, save_pairs, save_value_counts
from store.relations import load_relations, save_relations

STAGE = "resolve_creators"
TEXTS_PER_ACCOUNT = 10  # an address that recurs in the newest descriptions is the owner's; older ones add nothing
BYTES_PER_DIMENSION = 2  # float16
#: what is written, in this order
TABLES = (
    "candidate_pairs", "value_counts", "account_relations", "creators", "members", "creator_aliases", "creator_changes",
    "member_changes",
)  # fmt: skip

Frames = dict[str, pa.Table]
#: by table: rows that are new or changed, and keys that vanished
Differences = dict[str, tuple[pa.Table, pa.Table]]


def resolve_creators(context: Context) -> JobReport:
    """Put every account under one creator; a second run writes nothing."""
    report = JobReport(STAGE)
    inputs, night = load_inputs(context)
    with context.reading() as session:
        question = question_of(context.settings.identity, inputs, load_judgements(session))
    known = load_answer(context.home, question, night)
    written = dict.fromkeys(TABLES, 0)
    if known is None:
        written = _work_out(context, inputs, night, question, report)
    else:
        _tell_again(known, report)
    flagged, written["judgement_flags"] = flag_judgements(context)
    context.crashpoint(STAGE)
    report.count(read=inputs["accounts"].num_rows, written=sum(written.values()))
    report.details.update(written=written, judgements_flagged=flagged)
    return report


def _work_out(context: Context, inputs: Frames, night: str, question: str, report: JobReport) -> dict[str, int]:
    """Decide, write what changed, and keep what spares the next night work. Gives rows written, by table.

    night: names what is stored. question: names what is asked.
    """
    memory = load_memory(context.home)
    inputs = with_neighbours(context, inputs)
    with context.engine() as engine:
        resolution = resolve_stored(context, inputs, engine, memory=memory)
        found = find_relations(
            inputs["accounts"], resolution.profiles, resolution.members, resolution.pairs_of_kind, resolution.claims,
            engine, memory.relations,
        )  # fmt: skip
        goes_on = bool(night) and memory.night == night
        outcome, decisions = _to_compare(context, inputs["accounts"], resolution, goes_on=goes_on)
        tables = _tables(context, inputs | decisions, outcome, resolution, found.relations, engine)
        night, written = _write(context, tables, night)
    if resolution.memory is not None:
        _remember(context, memory, replace(resolution.memory, night=night, relations=found.remembered))
    told = resolution.report | {"relations": _counts(found.relations["kind"])}
    save_answer(context.home, LastAnswer(question, night, told))
    report.effort.update(resolution.effort)
    report.details.update(told, changes=_counts(tables["creator_changes"][0]["change"]))
    return written


def _tell_again(known: LastAnswer, report: JobReport) -> None:
    told = known.details
    remembered = {"accounts_remembered": told["accounts"], "pairs_remembered": told["candidate_pairs"]}
    report.effort.update({"accounts_read": 0, "pairs_compared": 0} | remembered)
    report.details.update(told, changes={})


def _remember(context: Context, before: Memory, now: Memory) -> None:
    if not same_memory(now, before):
        save_memory(context.home, now)


def load_stored(context: Context) -> Frames:
    """What identity reads, and what it decided last, by name."""
    inputs, _ = load_inputs(context)
    with context.reading_frames() as frames:
        return inputs | _load_decisions(frames)


def load_inputs(context: Context) -> tuple[Frames, str]:
    """What identity reads, by name; and the name of the night whose decisions are stored, "" before the first."""
    with context.reading_frames() as frames:
        stored = {
            "accounts": with_url_texts(load_accounts(frames)),
            "handle_history": load_handle_history(frames),
            "contents": load_recent_texts(frames, TEXTS_PER_ACCOUNT),
            "account_aliases": load_account_aliases(frames),
        }
        if context.settings.identity.bio_neighbours:
            stored["bio_vectors"] = load_bio_vectors(frames, context.profile_recipe.fingerprint)
        return stored, load_identity_night(frames)


def _load_decisions(frames: FrameReader) -> Frames:
    """What identity decided last, all of it."""
    return {
        "members": load_members(frames),
        "member_changes": load_member_changes(frames),
        "creators": load_creators(frames),
        "creator_aliases": load_creator_aliases(frames),
        "candidate_pairs": load_pairs(frames),
        "value_counts": load_value_counts(frames),
        "account_relations": load_relations(frames),
    }


def _to_compare(
    context: Context, accounts: pa.Table, resolution: Resolution, *, goes_on: bool
) -> tuple[Outcome, Frames]:
    """What came out tonight and what is stored, side by side: all of it, or only what news can have reached.

    goes_on: what is stored is the outcome of the very night that is remembered.
    """
    if resolution.news is None or not goes_on:
        with context.reading_frames() as frames:
            return whole_outcome(resolution, accounts), _load_decisions(frames)
    moved = moved_outcome(resolution, resolution.news, accounts)
    last_said = _stamp(_as_stored(moved.former_members), "as_of", 0)
    with context.writing_frames() as frames:
        stored = {
            "members": load_members_of(frames, moved.account_keys),
            "creators": load_creators_of(frames, moved.creator_ids),
            "creator_aliases": load_creator_aliases(frames),
            "vanished_pairs": resolution.news.former_pairs,
            "account_relations": load_relations(frames),
        }
    return moved.now, stored | {"member_changes": last_said, "value_counts": resolution.news.former_counts}


def resolve_stored(
    context: Context, stored: Frames, engine: Engine, model: Model | None = None, memory: Memory | None = None
) -> Resolution:
    """Resolve what was loaded, by the model of the settings unless another is given; writes nothing.

    stored: what identity reads, as `with_neighbours` gives it.
    """
    settings = context.settings.identity
    with context.reading() as session:
        judgements = load_judgements(session)
    return resolve(
        stored["accounts"],
        model=model or load_model(settings.model),
        engine=engine,
        precision=settings.precision,
        contents=stored["contents"],
        neighbours=stored.get("neighbours"),
        judgements=judgements,
        handle_history=stored["handle_history"],
        memory=memory,
    )


def with_url_texts(accounts: pa.Table) -> pa.Table:
    """The stored JSON list of addresses as one text, which is what identity reads."""
    listed = accounts["external_urls"].combine_chunks()
    is_filled = pc.not_equal(listed, "[]")
    texts = [" ".join(orjson.loads(urls)) for urls in listed.filter(is_filled).to_pylist()]
    filled = pc.replace_with_mask(pc.if_else(is_filled, listed, None), is_filled, pa.array(texts, pa.string()))
    return accounts.set_column(accounts.column_names.index("external_urls"), "external_urls", filled)


def with_neighbours(context: Context, stored: Frames) -> Frames:
    """`stored` with `neighbours` in place of the vectors, which leave it: nothing that is read is as large.

    There are no neighbours where none are asked for, or fewer than two bios have a vector.
    """
    near = bio_neighbours(context, stored.pop("bio_vectors", None))
    return stored if near is None else stored | {"neighbours": near}


def bio_neighbours(context: Context, bios: pa.Table | None) -> pa.Table | None:
    """left, right, cosine of accounts whose bios read alike."""
    if bios is None or bios.num_rows < 2:
        return None
    settings = context.settings.identity
    dim = len(bios["vector"][0].as_py()) // BYTES_PER_DIMENSION
    ids, matrix = bios["account_id"], from_column(bios["vector"], dim)
    del bios  # memory holds the vectors once, where nobody else keeps them
    vectors = Vectors(ids.to_pylist(), matrix, context.profile_recipe.fingerprint)
    found = nearest_neighbours(vectors, settings.neighbours_per_account, settings.neighbour_min_cosine)
    return pa.table(
        {"left": ids.take(found["left_index"]), "right": ids.take(found["right_index"]), "cosine": found["cosine"]}
    )


# --- what to write ------------------------------------------------------------------------------------------------


def _tables(
    context: Context, stored: Frames, outcome: Outcome, resolution: Resolution, relations: pa.Table, engine: Engine
) -> Differences:
    """Per table, only what differs from the store; a change carries `as_of`, what stays keeps its own instant."""
    as_of = to_micros(context.as_of)
    previous = _under_current_keys(stored["members"], stored["account_aliases"], engine)
    changes = assign_creator_ids(outcome.members, previous, engine)
    creators = describe_creators(outcome.members, outcome.accounts, outcome.links, engine)
    aliases = collapse_aliases(stored["creator_aliases"], changes, resolution.members)
    pairs = outcome.pairs.append_column(
        "model_fingerprint", pa.repeat(pa.scalar(resolution.report["model_fingerprint"]), outcome.pairs.num_rows)
    )
    moves = _moves(outcome.members, stored["member_changes"], engine)
    members = {"new": _as_stored(outcome.members), "old": _as_stored(stored["members"])}
    return {
        "candidate_pairs": _pairs_difference(pairs, stored, engine),
        "value_counts": _difference(outcome.value_counts, stored["value_counts"], ["kind", "value"], engine),
        "account_relations": _stamped(
            _difference(relations, stored["account_relations"], ["source", "kind", "target"], engine), "since", as_of
        ),
        "members": _stamped(_difference(members["new"], members["old"], ["account_key"], engine), "since", as_of),
        "creators": _stamped(_difference(creators, stored["creators"], ["creator_id"], engine), "updated_at", as_of),
        "creator_aliases": _stamped(
            _difference(aliases, stored["creator_aliases"], ["retired_id"], engine), "retired_at", as_of
        ),
        "creator_changes": (_stamp(changes, "as_of", as_of), changes.slice(0, 0)),
        "member_changes": (_stamp(moves, "as_of", as_of), moves.slice(0, 0)),
    }


def _moves(members: pa.Table, recorded: pa.Table, engine: Engine) -> pa.Table:
    """account_key, creator_id, former_id of every account that is not where the feed last said it was.

    Against the feed, not against the last members: their keys change when a provisional one is promoted.
    """
    return engine.sql(
        """
        WITH last_said AS (
            SELECT account_key, arg_max(creator_id, as_of) AS creator_id FROM recorded GROUP BY account_key
        )
        SELECT coalesce(m.account_id, l.account_key) AS account_key,
               coalesce(m.creator_id, '') AS creator_id, coalesce(l.creator_id, '') AS former_id
        FROM members m FULL OUTER JOIN last_said l ON l.account_key = m.account_id
        WHERE coalesce(m.creator_id, '') <> coalesce(l.creator_id, '')
        ORDER BY 1
        """,
        members=members,
        recorded=recorded,
    )


def _under_current_keys(members: pa.Table, aliases: pa.Table, engine: Engine) -> pa.Table:
    """Members of the last run, by the keys that name their accounts now."""
    return engine.sql(
        """
        SELECT coalesce(a.account_key, m.account_id) AS account_id, min(m.creator_id) AS creator_id
        FROM members m LEFT JOIN aliases a ON a.alias_key = m.account_id GROUP BY 1
        """,
        members=members,
        aliases=aliases,
    )


def _as_stored(members: pa.Table) -> pa.Table:
    return members.rename_columns(["account_key", "creator_id"])


def _difference(new: pa.Table, old: pa.Table, keys: list[str], engine: Engine) -> tuple[pa.Table, pa.Table]:
    """Rows of `new` that are not in `old` as they are, and keys of `old` that `new` no longer holds."""
    columns = ", ".join(f'"{name}"' for name in new.column_names)
    on = " AND ".join(f'o."{key}" = n."{key}"' for key in keys)
    named = ", ".join(f'o."{key}"' for key in keys)
    changed = engine.sql(
        f"SELECT {columns} FROM new_rows EXCEPT SELECT {columns} FROM old_rows",  # noqa: S608 - our own column names
        new_rows=new,
        old_rows=old,
    )
    vanished = engine.sql(
        f'SELECT {named} FROM old_rows o LEFT JOIN new_rows n ON {on} WHERE n."{keys[0]}" IS NULL',  # noqa: S608
        new_rows=new,
        old_rows=old,
    )
    order = [(key, "ascending") for key in keys]
    return changed.sort_by(order), vanished.sort_by(order)


def _pairs_difference(pairs: pa.Table, stored: Frames, engine: Engine) -> tuple[pa.Table, pa.Table]:
    """The same of pairs; where memory knows which are news and which are no more, the store need not be asked."""
    if "vanished_pairs" in stored:
        return pairs, stored["vanished_pairs"]
    return _difference(pairs, stored["candidate_pairs"], ["left", "right"], engine)


def _stamped(difference: tuple[pa.Table, pa.Table], column: str, as_of: int) -> tuple[pa.Table, pa.Table]:
    changed, vanished = difference
    return _stamp(changed, column, as_of), vanished


def _stamp(frame: pa.Table, column: str, as_of: int) -> pa.Table:
    return frame.append_column(column, pa.repeat(pa.scalar(as_of, pa.int64()), frame.num_rows))


def _write(context: Context, tables: Differences, night: str) -> tuple[str, dict[str, int]]:
    """Everything in one transaction: members never point at a creator that is not there.

    night: the name of the night whose decisions are stored. Gives the name of the one whose are now, and rows by table.
    """
    if not any(changed.num_rows or vanished.num_rows for changed, vanished in tables.values()):
        return night, dict.fromkeys(TABLES, 0)
    with context.writing_frames() as frames:
        written = {
            "candidate_pairs": save_pairs(frames, *tables["candidate_pairs"]),
            "value_counts": save_value_counts(frames, *tables["value_counts"]),
            "account_relations": save_relations(frames, *tables["account_relations"]),
            "creators": save_creators(frames, *tables["creators"]),
            "members": save_members(frames, *tables["members"]),
            "creator_aliases": save_creator_aliases(frames, *tables["creator_aliases"]),
            "creator_changes": append_creator_changes(frames, tables["creator_changes"][0]),
            "member_changes": append_member_changes(frames, tables["member_changes"][0]),
        }
        return save_identity_night(frames, _name_after(night, tables)), written


def _name_after(night: str, tables: Differences) -> str:
    """A name that follows from the one before and from what changed: the same for the same history of rows."""
    return fingerprint([night, *(digest_of(frame) for name in sorted(tables) for frame in tables[name])])


def _counts(column: pa.ChunkedArray) -> dict[str, Any]:
    counted = pc.value_counts(column)
    return {row["values"]: row["counts"] for row in sorted(counted.to_pylist(), key=lambda row: row["values"])}
