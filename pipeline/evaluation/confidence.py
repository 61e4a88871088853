"""Confidence intervals of a mean."""

import numpy as np
from scipy import stats


def half_width(values: np.ndarray) -> float:
    """Half of the 95 % interval of the mean of two or more independent values; NaN if one is NaN.

    By Student's t, since there may be few values.
    """
    count = len(values)
    return float(stats.t.ppf(0.975, count - 1) * values.std(ddof=1) / np.sqrt(count))
