"""Labels as columns: a frame of subjects in, a frame of their labels out, for many creators and in any process."""

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from base.fingerprint import canonical_json
from enrich.labeller import LocalLabeller, Outcome
from enrich.schema import CreatorLabels
from enrich.subjects import read_subjects

#: one row per creator, as the labels stand in the store
LABEL_ROWS = pa.schema(
    [
        ("creator_id", pa.string()),
        ("input_fingerprint", pa.string()),
        ("primary_niche", pa.string()),
        ("secondary_niches", pa.string()),
        ("content_style", pa.string()),
        ("llm_summary", pa.string()),
        ("account_kind", pa.string()),
        ("language", pa.string()),
        ("confidence", pa.string()),
        ("evidence", pa.string()),
        ("flags", pa.string()),
    ]
)


@dataclass(frozen=True, slots=True)
class LabelRows:
    """A kernel: a `subject_frame` in, its LABEL_ROWS out, in its order."""

    #: never fails
    labeller: LocalLabeller

    def __call__(self, frame: pa.Table) -> pa.Table:
        outcomes = self.labeller.label(list(read_subjects(frame)))
        return pa.Table.from_pylist([label_row(one, one.labels) for one in outcomes if one.labels], LABEL_ROWS)


def label_row(outcome: Outcome, labels: CreatorLabels) -> dict[str, Any]:
    """The labels of one outcome as a row of LABEL_ROWS."""
    return {
        "creator_id": outcome.creator_id,
        "input_fingerprint": outcome.input_fingerprint,
        "primary_niche": labels.primary_niche,
        "secondary_niches": canonical_json(labels.secondary_niches),
        "content_style": labels.content_style,
        "llm_summary": labels.llm_summary,
        "account_kind": labels.account_kind,
        "language": labels.language,
        "confidence": labels.confidence,
        "evidence": canonical_json(labels.evidence),
        "flags": canonical_json(list(outcome.flags)),
    }
