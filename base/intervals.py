"""How sure a counted share is: Wilson's interval, which stays honest near 0 and 1 and for few cases."""

import math

#: two-sided 95%
Z = 1.959964


def wilson(right: int, cases: int, z: float = Z) -> tuple[float, float]:
    """The interval in which the true share lies, given `right` of `cases`; (0, 1) when nothing was counted.

    Source: Wilson (1927), "Probable Inference, the Law of Succession, and Statistical Inference", JASA 22(158).

    >>> [round(bound, 3) for bound in wilson(98, 100)]
    [0.93, 0.994]
    """
    if not cases:
        return 0.0, 1.0
    share, wide = right / cases, z * z / cases
    middle = share + wide / 2
    reach = z * math.sqrt(share * (1 - share) / cases + wide / (4 * cases))
    return max((middle - reach) / (1 + wide), 0.0), min((middle + reach) / (1 + wide), 1.0)
