"""Test photographs and unlabelled ones that are answered by a label: duplicates, and named ones."""

import pandas as pd

from pipeline.data import tables
from pipeline.steps.labels import regrouping, verdicts
from pipeline.steps.labels.labels import add_names


def find_duplicates(
    images: pd.DataFrame, groups: pd.DataFrame, decisions: pd.DataFrame
) -> pd.DataFrame:
    """Build the table "duplicates": images without a label that show a labelled photograph.

    Each has the first image of that photograph that is labelled, and its identity in the
    competition (`labels.csv` has the final one). One that a reviewer has named has itself, and that
    name. A pair that is reviewed as `different` is left out, and an image that is `new`. Raises
    ValueError naming the rows of data/review.csv that can't hold.
    """
    holding = verdicts.select_verdicts(decisions, images)
    table = add_names(
        regrouping.add_groups(images, groups, holding), verdicts.select_names(holding)
    )
    labelled = table[table["identity"] != ""].assign(duplicate_of=table["image"])
    of_group = labelled.drop_duplicates("group")[["group", "duplicate_of", "identity"]]
    without_label = table[table["split"] != "train"]
    named = labelled[labelled["split"] != "train"]
    decided = {*named["image"], *(image for _, image, _ in verdicts.select_pairs(holding, "new"))}
    others = without_label.loc[~without_label["image"].isin(decided), ["image", "group"]]
    found = pd.concat([others.merge(of_group, on="group"), named])
    return found[tables.COLUMNS["duplicates"]].reset_index(drop=True)
