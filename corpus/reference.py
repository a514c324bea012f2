"""The night the corpus is delivered on, unless another is asked for. Every recorded instant lies before it."""

from datetime import UTC, datetime

#: deliveries end at this instant; a night over the corpus runs with `--as-of` at or after it
REFERENCE = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
#: from this day on YouTube counts every start of a playback as a view, so that channels gain more of them
VIEWS_REDEFINED = datetime(2026, 8, 24, tzinfo=UTC)
SECOND = 1_000_000
DAY = 86_400 * SECOND
WEEK = 7 * DAY
