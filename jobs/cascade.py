"""The cascade of tonight, if the settings ask for one, and what its former answers count as."""

import pyarrow as pa
import pyarrow.compute as pc

from enrich.cascade import Cascade
from enrich.labeller import Labeller
from jobs.context import Context


def cascade_of(context: Context, asked: Labeller) -> Cascade | None:
    """The clear cases' labeller before the one that is paid for; None when it is off, or nobody is paid."""
    min_score = context.settings.llm.cascade_min_score
    if min_score is None or asked.provenance != "llm":
        return None
    return Cascade(context.offline_classifier, asked, min_score)


def counted_as(context: Context, asked: Labeller, answers: pa.Table) -> pa.Table:
    """Answers in force, with the recipe they count as: what tonight's cascade accepted is as good as a paid answer."""
    cascade = cascade_of(context, asked)
    if cascade is None:
        return answers
    recipes = answers["recipe_fingerprint"]
    is_accepted = pc.equal(recipes, cascade.recipe.fingerprint)
    place = answers.column_names.index("recipe_fingerprint")
    return answers.set_column(
        place, "recipe_fingerprint", pc.if_else(is_accepted, asked.recipe.fingerprint, recipes).cast(recipes.type)
    )
