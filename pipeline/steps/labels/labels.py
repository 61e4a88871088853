"""The step `labels`: the competition's labels with reviewers' decisions and pseudo-labels."""

import pandas as pd

from pipeline.data import tables
from pipeline.data.named import NAMED
from pipeline.steps.labels import conflicts, corrections, pseudo_labels, regrouping, review
from pipeline.steps.labels.verdicts import select_names, select_pairs, select_verdicts


def resolve_labels(
    images: pd.DataFrame,
    groups: pd.DataFrame,
    conflicts_policy: str,
    decisions: pd.DataFrame,
    pseudo: pd.DataFrame,
) -> pd.DataFrame:
    """Build the table "labels": labelled images in their order, then accepted pseudo-labels.

    0. review `name`: photographs without a label in the competition are labelled photographs;
    1. review `different`: pairs that are not the same photograph split their group;
    2. review of a photograph whose label is in doubt: the wrong one is removed;
    3. review `same`: identities that are one individual get one name;
    4. conflicts_policy: one identity for each photograph (majority, first or drop);
    5. review `new`: the last word on one photograph;
    6. pseudo-labels of test images, each for the fold of the member that gave it, unless review
       `different` contradicts.

    Raises ValueError naming the rows of data/review.csv or data/pseudo.csv that can't hold.
    """
    verdicts = select_verdicts(decisions, images)
    table = regrouping.add_groups(images, groups, verdicts)
    names_of_test = select_names(verdicts)
    table = add_names(table, names_of_test)
    labels = table[table["identity"] != ""].assign(provenance="competition", only_fold="")
    same, different = review.select_identity_pairs(labels, groups, verdicts)
    labels = corrections.correct_labels(labels, same, different, conflicts_policy)
    names = review.find_new_names(labels, verdicts)
    labels = review.rename_identities(labels, names)
    labels = conflicts.resolve_conflicts(labels, conflicts_policy)
    labels = review.mark_new(labels, verdicts)
    corrections.check_different(labels, different)
    is_named = labels["image"].isin(list(names_of_test))
    labels = labels.assign(provenance=labels["provenance"].mask(is_named, NAMED))
    if pseudo.empty:
        return labels[tables.COLUMNS["labels"]].reset_index(drop=True)
    renamed = {node: name for node, name in names.items() if isinstance(node, str)}
    contradicted = [(a, b) for _, a, b in select_pairs(verdicts, "different")]
    accepted = pseudo_labels.accept(pseudo, table, labels, renamed, contradicted)
    return pd.concat([labels, accepted], ignore_index=True)[tables.COLUMNS["labels"]]


def add_names(table: pd.DataFrame, names: dict[str, str]) -> pd.DataFrame:
    """The table of images with the names that reviewers gave, by photograph."""
    if not names:
        return table
    given = table["image"].map(names)
    return table.assign(identity=given.fillna(table["identity"]))
