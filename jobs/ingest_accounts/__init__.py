"""Raw bytes first, then accounts, content and metrics; and the same again from the raw bytes alone.

The store after a night does not depend on the order in which files were delivered: each field is the newest that was
seen. Bytes that were taken in whole are not read twice. Read `night.py` (the verb), `intake.py` (one file), `batch.py`
(one transaction), `promotion.py` and `activity.py` (after the last file), `months.py`, then `renormalize.py`.
"""

from jobs.ingest_accounts.months import forget_month, take_month_back
from jobs.ingest_accounts.night import ingest_accounts
from jobs.ingest_accounts.renormalize import renormalize

__all__ = ["forget_month", "ingest_accounts", "renormalize", "take_month_back"]
