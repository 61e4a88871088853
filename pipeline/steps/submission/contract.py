"""The rules for a submission, checked before anything is written."""

from collections.abc import Collection

import pandas as pd

from pipeline.steps.submission.shift import LENGTH
from pipeline.system.errors import NOT_OF_ONE_RUN, UserError


def check_rankings(rankings: pd.Series, sample: Collection[str], vocabulary: set[str]) -> None:
    """Raise ValueError, naming the image, for answers that break the contract.

    Every test image once, with min(5, vocabulary) distinct labels of the vocabulary.
    """
    if sorted(rankings.index) != sorted(sample):
        missing = sorted(set(sample) - set(rankings.index))[:5]
        extra = sorted(set(rankings.index) - set(sample))[:5]
        raise UserError(
            f"answers must be one per test image: missing {missing}, extra {extra}: "
            f"{NOT_OF_ONE_RUN}"
        )
    length = min(LENGTH, len(vocabulary))
    for image, labels in rankings.items():
        if len(labels) != length or len(set(labels)) != length or not set(labels) <= vocabulary:
            raise ValueError(
                f"{image}: {labels} is not {length} distinct labels of the {len(vocabulary)} known"
            )
