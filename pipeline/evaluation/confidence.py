"""Confidence intervals of a mean."""

import numpy as np
from scipy.special import stdtrit


def half_width(values: np.ndarray) -> float:
    """Half of the 95 % interval of the mean of two or more independent values; NaN if one is NaN.

    By Student's t, since there may be few values.
    """
    count = len(values)
    return float(stdtrit(count - 1, 0.975) * values.std(ddof=1) / np.sqrt(count))
