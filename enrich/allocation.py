"""Who comes first among those who are due: the overdue, then by reason, worth, age and id.

Arrays in, arrays out, one entry per creator that is due.
"""

import numpy as np
import numpy.typing as npt

from enrich.columns import Counts, Numbers

UNMEASURED_DRIFT = 1.0  # what a shift above chance is taken to be where none was measured


def queue(urgency: Counts, worth: Numbers, age: Numbers, waiting: Numbers, places: Counts) -> npt.NDArray[np.intp]:
    """The order in which they are served.

    urgency: 0 is most urgent. age: NaN without an answer. waiting: microseconds since 1970 for the overdue, who are
    served in the order in which they began to wait; NaN for the others. places: breaks ties, all different.
    """
    is_overdue = ~np.isnan(waiting)
    return np.lexsort((places, -np.nan_to_num(age), -worth, urgency, np.where(is_overdue, waiting, 0), ~is_overdue))


def worth_of(drift: Numbers, followers: Counts) -> Numbers:
    """(T - 1) · log10(followers + 10): what is known to be wrong, by how many would read it."""
    excess = np.where(np.isnan(drift), UNMEASURED_DRIFT, np.maximum(drift - 1, 0))
    worth: Numbers = excess * np.log10(np.maximum(followers, 0) + 10.0)
    return worth
