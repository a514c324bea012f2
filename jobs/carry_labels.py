"""What a changed taxonomy does to answers that are there: they hold, or are relabelled, and nobody is asked.

An answer of the same model and prompt holds under every minor version of its taxonomy, as long as its ids are known.
A retired id is replaced in a row of its own. A new major version, or an id that is gone, is a changed recipe.
"""

import json
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from base.clock import to_micros
from base.fingerprint import canonical_json
from enrich.labeller import Labeller
from enrich.questions import Questions
from enrich.taxonomy import Taxonomy
from jobs.context import Context
from prompts.catalog import load_prompt
from store import enrichments as store
from store.bulk import arrow_schema
from store.tables import Enrichment

#: why a relabelled row is there, and its flag
RELABELLED = "relabelled"
ROWS_AT_ONCE = 5_000
ANSWERS_AT_ONCE = 50_000

_Row = dict[str, Any]


def with_held_answers(context: Context, labeller: Labeller, states: pa.Table) -> pa.Table:
    """The states, in which an answer that a reworded taxonomy leaves as it is counts as of tonight's recipe."""
    if labeller.provenance != "llm":
        return states
    held = _held_answers(context, labeller)
    if not held:
        return states
    is_held = pc.is_in(states["creator_id"], value_set=pa.chunked_array(held).combine_chunks())
    place = states.column_names.index("answer_recipe_fingerprint")
    recipes = pc.if_else(is_held, labeller.recipe.fingerprint, states.column(place))
    return states.set_column(place, states.schema.field(place), recipes)


def relabelled(context: Context, prompt_name: str) -> Iterator[pa.Table]:
    """Rows of Enrichment for creators with a retired label, a part at a time; write each before asking for the next.

    A row has the label that replaced it and says what it came from: model, provenance and instant stay, it cost
    nothing, and its flag names it.
    """
    taxonomy = context.taxonomy
    if not taxonomy.replacements:
        return
    recipes: dict[tuple[str, str], str] = {}
    while rows := _retired(context, taxonomy):
        for made in {(row["model"], row["prompt_version"]) for row in rows} - recipes.keys():
            recipes[made] = Questions(made[0], load_prompt(prompt_name, made[1]), taxonomy).recipe.fingerprint
        renewed = [
            _renewed(row, taxonomy, recipes[row["model"], row["prompt_version"]])
            | {"in_force_since": to_micros(context.as_of)}
            for row in rows
        ]
        yield pa.Table.from_pylist(renewed, arrow_schema(Enrichment))


def _held_answers(context: Context, labeller: Labeller) -> list[pa.Array]:
    """Ids of creators whose answer is of another recipe than tonight's, and holds."""
    taxonomy = context.taxonomy
    with context.reading_frames() as frames:
        made = store.load_recipes_in_force(frames).to_pylist()
        recipes = sorted(
            {
                row["recipe_fingerprint"]
                for row in made
                if (row["model"], row["prompt_version"]) == (labeller.model, labeller.prompt_version)
                and row["recipe_fingerprint"] != labeller.recipe.fingerprint
                and taxonomy.succeeds(row["taxonomy_version"])
            }
        )
        if not recipes:
            return []
        answers = frames.batches(store.labels_of_recipes(recipes), ANSWERS_AT_ONCE)
        return [part["creator_id"].combine_chunks().filter(_holds(part, taxonomy)) for part in answers]


def _holds(answers: pa.Table, taxonomy: Taxonomy) -> pa.Array:
    """For each answer, whether the taxonomy knows all its ids, or what replaced them."""
    retired = taxonomy.replacements.keys()
    known: dict[str, set[str | None]] = {
        "primary_niche": {*taxonomy.primary_ids, *retired},
        "content_style": {*taxonomy.style_ids, None},
        "account_kind": set(taxonomy.kind_ids),
        "secondary_niches": {
            text for text in answers["secondary_niches"].unique().to_pylist() if _are_known(text, taxonomy)
        },
    }
    flags = [
        pc.is_in(answers[name], value_set=pa.array(sorted(ids, key=str), pa.string())) for name, ids in known.items()
    ]
    return pc.and_(pc.and_(flags[0], flags[1]), pc.and_(flags[2], flags[3])).combine_chunks()


def _are_known(secondary: str, taxonomy: Taxonomy) -> bool:
    return set(json.loads(secondary)) <= {*taxonomy.secondary_ids, *taxonomy.replacements}


def _retired(context: Context, taxonomy: Taxonomy) -> list[_Row]:
    """Some of the answers in force with a retired label, none when all are done."""
    with context.reading_frames() as frames:
        retired = sorted(taxonomy.replacements)
        rows: list[_Row] = store.load_retired(frames, retired, taxonomy.major_version, ROWS_AT_ONCE).to_pylist()
    return rows


def _renewed(row: _Row, taxonomy: Taxonomy, recipe_fingerprint: str) -> _Row:
    (primary,) = taxonomy.renewed([row["primary_niche"]])
    return row | {
        "recipe_fingerprint": recipe_fingerprint,
        "primary_niche": primary,
        "secondary_niches": canonical_json(taxonomy.renewed(json.loads(row["secondary_niches"]))),
        "flags": canonical_json([*(flag for flag in json.loads(row["flags"]) if flag != RELABELLED), RELABELLED]),
        "reason": RELABELLED,
        "taxonomy_version": taxonomy.taxonomy_version,
        "cost_usd": 0.0,
    }
