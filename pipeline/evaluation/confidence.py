"""How far the mean of a few values is to be trusted."""

import numpy as np
from scipy import stats


def margin(values: np.ndarray) -> float:
    """Half of the 95 % interval of the mean of two or more independent values: Student's t, as they
    may be few. NaN where a value is.
    """
    count = len(values)
    return float(stats.t.ppf(0.975, count - 1) * values.std(ddof=1) / np.sqrt(count))
