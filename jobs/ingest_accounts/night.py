"""The verb: take in the files of a night, then work out what follows from all of them."""

from collections.abc import Sequence

from base.errors import SourceError
from index.takedowns import read_takedowns
from ingest.files import Delivery
from jobs.context import Context
from jobs.forget_taken_down import forget
from jobs.ingest_accounts.activity import update_activity
from jobs.ingest_accounts.intake import STAGE, Intake, delivered_before, mark_states, rare_collections
from jobs.ingest_accounts.promotion import promote
from jobs.report import JobReport


def ingest_accounts(context: Context, deliveries: Sequence[Delivery]) -> JobReport:
    """Take in files: keep their bytes, write what they say, and work out how often each account is due.

    A file that cannot be read is listed in `details["unreadable"]` while the others go in; SourceError when none can
    be. A row that cannot be taken is counted in `rejected` and kept in `rejected_rows`.
    """
    intake = Intake(context, JobReport(STAGE), delivered_before(context))
    with rare_collections():
        for position, delivery in enumerate(deliveries):
            context.progress(STAGE, position, len(deliveries))
            intake.take(delivery)
    if deliveries and len(intake.unreadable) == len(deliveries):
        first = intake.unreadable[0]
        raise SourceError(f"nothing could be read: {first['reason']}", hint=first["hint"])
    unreadable = {row["source"] for row in intake.unreadable}  # what is missing may stand in there
    mark_states(context, intake, {delivery.source for delivery in deliveries if delivery.mode == "full"} - unreadable)
    promote(context)
    forget(context, read_takedowns(context.snapshots))
    intake.report.details["activity"] = update_activity(context)
    return intake.finished_report()
