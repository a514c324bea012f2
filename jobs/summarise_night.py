"""Gather a night for showing: what the run reported, what the store holds, and a few rows that tell the story."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlmodel import Session

from identity.blocking import rule_counts
from identity.triage import Triage
from jobs.context import Context
from jobs.explain_accounts import explain_accounts, show_account
from jobs.night_summary import (
    CreatorCard,
    NightSummary,
    PairShown,
    SearchShown,
    StageLine,
)
from jobs.runner import RunResult
from store.health import count_accounts_by_platform
from store.summary import (
    count_activity,
    count_confidences,
    count_creators_by_size,
    count_niches,
    count_rejections,
    load_coverage,
    load_current_enrichment,
    load_member_accounts,
    load_showcase_creator,
    load_strongest_pair,
    select_pair_weights,
)
from store.tables import CreatorAccount

WEIGHT_BINS = 24
BANDS = (Triage.SEPARATE, Triage.REVIEW, Triage.LINK)


def summarise_night(
    context: Context,
    result: RunResult,
    *,
    truth_scores: Mapping[str, float] | None = None,
    calibration: Sequence[tuple[float, float, int]] = (),
    searches: Sequence[SearchShown] = (),
) -> NightSummary:
    """One night as plain values. truth_scores, calibration and searches are what only the caller can know."""
    with context.reading_frames() as frames:
        pairs = frames.read(select_pair_weights())
    bins, by_weight = weight_histogram(pairs)
    by_rule = {rule: count for rule, count in rule_counts(pairs).items() if count}
    with context.reading() as session:
        card = _card(session)
        return NightSummary(
            run_id=result.run_id,
            as_of=result.as_of,
            exit_code=result.exit_code,
            stages=tuple(StageLine(r.stage, r.counts, result.seconds[r.stage], r.paid_usd) for r in result.reports),
            accounts_by_platform=count_accounts_by_platform(session),
            creators_by_size=count_creators_by_size(session),
            weight_bins=bins,
            pairs_by_weight=by_weight,
            pairs_by_rule=dict(sorted(by_rule.items(), key=lambda item: -item[1])),
            merges_by_evidence=_detail(result, "resolve_creators", "merges_by_evidence"),
            niches=count_niches(session),
            confidences=count_confidences(session),
            activity=count_activity(session),
            coverage=load_coverage(session),
            rejections=count_rejections(session),
            gate=_gate(result),
            card=card,
            merge=_merge(context, session, card),
            held=_shown_pair(context, session, load_strongest_pair(session, Triage.REVIEW)),
            truth_scores=dict(truth_scores or {}),
            calibration=tuple(calibration),
            searches=tuple(searches),
        )


def weight_histogram(pairs: pa.Table) -> tuple[tuple[float, ...], dict[str, tuple[int, ...]]]:
    """Equal bins over the weights, whole bits at their edges, and the counts of each band in them."""
    weights = pairs["match_weight_bits"].to_numpy()
    low, high = (np.floor(weights.min()), np.ceil(weights.max())) if len(weights) else (0.0, 1.0)
    width = max(1.0, np.ceil((high - low) / WEIGHT_BINS))
    edges = np.arange(low, max(high, low + width) + width, width)
    counted = {
        band.value: np.histogram(
            pairs.filter(pc.equal(pairs["triage"], band.value))["match_weight_bits"].to_numpy(), edges
        )
        for band in BANDS
    }
    return tuple(edges.tolist()), {band: tuple(counts.tolist()) for band, (counts, _) in counted.items()}


def _detail(result: RunResult, stage: str, name: str) -> dict[str, Any]:
    details = next((report.details for report in result.reports if report.stage == stage), {})
    return {key: value for key, value in details.get(name, {}).items() if value}


def _gate(result: RunResult) -> dict[str, Any]:
    """What the publisher measured and did, flat."""
    details = next((report.details for report in result.reports if report.stage == "publish_index"), {})
    flat: dict[str, Any] = {}
    for name, value in details.items():
        flat |= {f"{name}: {key}": part for key, part in value.items()} if isinstance(value, dict) else {name: value}
    return {name: value for name, value in flat.items() if not isinstance(value, list) or value}


def _card(session: Session) -> CreatorCard | None:
    creator = load_showcase_creator(session)
    if creator is None:
        return None
    answer = load_current_enrichment(session, creator.creator_id)
    return CreatorCard(
        creator_id=creator.creator_id,
        name=creator.name,
        niche=answer.primary_niche if answer else None,
        confidence=answer.confidence if answer else None,
        summary=answer.llm_summary if answer else None,
        accounts=tuple(show_account(account) for account in load_member_accounts(session, creator.creator_id)),
    )


def _merge(context: Context, session: Session, card: CreatorCard | None) -> PairShown | None:
    """A link within the creator on the card, so that the story is of one person; any strong link otherwise."""
    among = [account.account_key for account in card.accounts] if card else None
    pair = load_strongest_pair(session, Triage.LINK, among) or load_strongest_pair(session, Triage.LINK)
    return _shown_pair(context, session, pair)


def _shown_pair(context: Context, session: Session, pair: tuple[str, str] | None) -> PairShown | None:
    if pair is None:
        return None
    left, right = (session.get(CreatorAccount, key) for key in pair)
    if left is None or right is None:
        return None
    return PairShown(show_account(left), show_account(right), explain_accounts(context, *pair))
