"""What a submission must be, checked before anything is written."""

from collections.abc import Sequence

import pandas as pd

from pipeline.steps.submission.shift import LENGTH


def check(lists: pd.Series, sample: Sequence[str], vocabulary: set[str]) -> None:
    """Raise ValueError, naming the image, where the answers break the contract.

    Every test image once, and min(5, vocabulary) distinct labels of the vocabulary each.
    """
    if sorted(lists.index) != sorted(sample):
        missing = sorted(set(sample) - set(lists.index))[:5]
        foreign = sorted(set(lists.index) - set(sample))[:5]
        raise ValueError(f"answers must be one a test image: missing {missing}, too many {foreign}")
    length = min(LENGTH, len(vocabulary))
    for image, labels in lists.items():
        if len(labels) != length or len(set(labels)) != length or not set(labels) <= vocabulary:
            raise ValueError(
                f"{image}: {labels} is not {length} distinct labels of the {len(vocabulary)} known"
            )
