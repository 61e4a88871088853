"""The labels that everything later uses, from the competition's, people's and the models' own."""

import pandas as pd

from pipeline.data import tables
from pipeline.steps.labels import conflicts, corrections, pseudo_labels, review


def resolve(
    images: pd.DataFrame,
    groups: pd.DataFrame,
    conflicts_policy: str,
    decisions: pd.DataFrame,
    pseudo: pd.DataFrame,
) -> pd.DataFrame:
    """The labels table: training images in their order, then accepted pseudo-labels in theirs.

    1. review `different`: pairs that may not be the same photograph split their group;
    2. review of a photograph whose label is in doubt: the wrong one goes;
    3. review `same`: identities that are one individual get one name;
    4. conflicts_policy: one identity for each photograph (majority, first or drop);
    5. review `new`: a person's word on one photograph is the last;
    6. pseudo-labels of test images, each for the one fold that gave it, but for those that review
       `different` contradicts.

    Raises ValueError naming the rows of data/review.csv or data/pseudo.csv that can't hold.
    """
    verdicts = review.current(decisions, images)
    table = review.grouped(images, groups, verdicts)
    labels = table[table["identity"] != ""].assign(provenance="competition", only_fold="")
    same, apart = review.about(labels, groups, verdicts)
    labels = corrections.mended(labels, same, apart, conflicts_policy)
    names = review.names(labels, verdicts)
    labels = review.join(labels, names)
    labels = conflicts.settle(labels, conflicts_policy)
    labels = review.make_new(labels, verdicts)
    joined = {node: name for node, name in names.items() if isinstance(node, str)}
    parted = verdicts.loc[verdicts["decision"] == "different", ["image_a", "image_b"]]
    different = list(parted.itertuples(index=False, name=None))
    accepted = pseudo_labels.accept(pseudo, table, labels, joined, different)
    return pd.concat([labels, accepted], ignore_index=True)[tables.COLUMNS["labels"]]
