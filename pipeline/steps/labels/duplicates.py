"""Duplicates of training photographs in the test set or among unlabelled photographs."""

import pandas as pd

from pipeline.data import tables
from pipeline.steps.labels import regrouping, verdicts


def find_duplicates(
    images: pd.DataFrame, groups: pd.DataFrame, decisions: pd.DataFrame
) -> pd.DataFrame:
    """Build the table "duplicates": images without a label that show a labelled photograph.

    Each has the first image of that photograph in train, and its identity in the competition
    (`labels.csv` has the final one). A pair that is reviewed as `different` is left out. Raises
    ValueError naming the rows of data/review.csv that can't hold.
    """
    table = regrouping.add_groups(images, groups, verdicts.select_verdicts(decisions, images))
    first = table[table["identity"] != ""].drop_duplicates("group")
    first = first[["group", "image", "identity"]].rename(columns={"image": "duplicate_of"})
    without_label = table.loc[table["split"] != "train", ["image", "group"]]
    return without_label.merge(first, on="group")[tables.COLUMNS["duplicates"]]
