"""How a catalogue's photographs become a training and a test set."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.data import splits


@dataclass(frozen=True)
class Split:
    """How photographs are split into training and test.

    method: "closed", "open" or "date"; ratio: fraction of the photographs that trains; new:
    fraction of photographs of new individuals (open); as_published: leave duplicates where they
    fall, instead of moving them to the training side; folder: in place of all that, one of new
    photographs that are the test, whose individuals are not known
    """

    method: str = "closed"
    ratio: float = 0.8
    new: float = 0.1
    seed: int = splits.SEED
    as_published: bool = False
    folder: Path | None = None

    def select_test(self, table: pd.DataFrame) -> np.ndarray:
        """True for the photographs (n, bool) of the test. Raises ValueError without dates."""
        if self.method == "date":
            if "date" not in table:
                raise ValueError("--split date needs a CSV and --date, the name of its column")
            return splits.split_by_date(table["identity"], table["date"], self.ratio)
        if self.method == "open":
            return splits.split_open(table["identity"], self.ratio, self.new, self.seed)
        return splits.split_closed(table["identity"], self.ratio, self.seed)
