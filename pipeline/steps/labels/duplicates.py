"""Photographs of the test, or without a label, that are in the training set too."""

import pandas as pd

from pipeline.data import tables
from pipeline.steps.labels import review


def twins(images: pd.DataFrame, groups: pd.DataFrame, decisions: pd.DataFrame) -> pd.DataFrame:
    """The twins table: each nameless image of a labelled photograph, with the first image of it in
    train and that image's identity as the competition has it (`labels.csv` says what is kept).

    A pair that review calls `different` is none. Raises ValueError naming the rows of
    data/review.csv that can't hold.
    """
    table = review.grouped(images, groups, review.current(decisions, images))
    first = table[table["identity"] != ""].drop_duplicates("group")
    first = first[["group", "image", "identity"]].rename(columns={"image": "duplicate_of"})
    found = table.loc[table["split"] != "train", ["image", "group"]].merge(first, on="group")
    return found[tables.COLUMNS["duplicates"]]
