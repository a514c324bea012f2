"""Why a creator has the labels it has, and what the plan found when it looked at it last: sentences for a person."""

from collections.abc import Iterator

from sqlmodel import Session

from enrich.plan import EnrichmentSettings
from store.enrichment_states import load_answer, load_state
from store.tables import Enrichment, EnrichmentState

REASONS = {
    "new": "it had none from this kind of labeller",
    "recipe_changed": "the model, the prompt or the taxonomy changed",
    "input_changed": "its profile or posts changed",
    "identity_changed": "its accounts or a handle changed",
    "aged": "the former answer was too old",
    "drifted": "its content had moved",
    "relabelled": "a label of that answer was retired and replaced by another, without asking again",
}


def explain_labels(session: Session, creator_id: str, settings: EnrichmentSettings) -> Iterator[str]:
    """One sentence per fact; none about a creator that was never planned for."""
    answer, state = load_answer(session, creator_id), load_state(session, creator_id)
    if answer is not None:
        yield _answered(answer)
    if state is None:
        return
    if answer is not None and state.answered_at == answer.created_at:
        yield from _looked_at(state, settings)
    if state.deferred_since is not None:
        yield f"due since {state.deferred_since:%Y-%m-%d}: no answer yet, or others came first within the budget"


def _answered(answer: Enrichment) -> str:
    reason = REASONS.get(answer.reason, answer.reason)
    return f"{answer.primary_niche}, by {answer.model} on {answer.created_at:%Y-%m-%d}, because {reason}"


def _looked_at(state: EnrichmentState, settings: EnrichmentSettings) -> Iterator[str]:
    if state.new_items is not None and state.new_items < settings.min_new_items:
        yield f"{state.new_items} new posts since: fewer than {settings.min_new_items} are no ground to ask again"
    if state.drift is not None:
        yield (
            f"its {state.new_items} new posts are a shift of {state.drift:.2f} (1 is chance): asked about again from "
            f"{settings.hard_drift}, or from {settings.soft_drift} found {settings.soft_drift_nights} times, "
            f"{state.streak} so far"
        )
