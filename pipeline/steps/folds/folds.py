"""The step `folds`: assign every labelled image to a fold of the evaluation protocol.

Duplicates of one photograph share a fold. An identity with several photographs is spread over as
many folds as possible, so that almost every held-out query has a relative in the gallery.
Identities with one photograph, and new_whale images, are distributed evenly: held out, they are
truly new. Where they leave a fold without a new query, whole identities are held out (`whole.py`).
"""

from collections.abc import Sequence
from hashlib import sha256

import numpy as np
import pandas as pd

from pipeline.data import identity_names
from pipeline.data.tables import NEW_WHALE
from pipeline.steps.folds.whole import choose_whole
from pipeline.system.errors import UserError


def assign_folds(labels: pd.DataFrame, count: int, seed: int) -> pd.DataFrame:
    """Build the table "folds" from the table "labels".

    Pseudo-labels, which are for one fold only, are never held out: their fold is -1. Raises
    UserError if there are fewer photographs than folds.
    """
    labelled = labels[labels["only_fold"] == ""]
    # by name, so that the result does not depend on the order of the rows
    photographs = labelled.sort_values("image").drop_duplicates("group")[["group", "identity"]]
    if len(photographs) < count:
        raise UserError(f"{len(photographs)} labelled photographs do not fill {count} folds")
    identities = photographs["identity"]
    distributed = _distribute(identities, count, seed)
    if whole := choose_whole(identities, distributed, count, seed):
        distributed = _distribute(identities, count, seed, whole)
    fold_of = dict(zip(photographs["group"], distributed, strict=True))
    fold = np.where(labels["only_fold"] == "", labels["group"].map(fold_of).fillna(-1), -1)
    return labels[["image", "identity", "group", "only_fold"]].assign(fold=fold.astype(int))


def hash_partition(folds: pd.DataFrame) -> str:
    """Return ten hexadecimal digits that change if a labelled image changes its fold."""
    rows = folds.loc[folds["only_fold"] == "", ["image", "fold"]].sort_values("image")
    text = "\n".join(f"{image} {fold}" for image, fold in rows.itertuples(index=False))
    return sha256(text.encode()).hexdigest()[:10]


def check_partition(pseudo: pd.DataFrame, folds: pd.DataFrame) -> None:
    """Raise UserError if a row of data/pseudo.csv was made with other folds.

    A pseudo-label is for members that were not trained on its fold, which only holds with the folds
    that it was made with.
    """
    partition = hash_partition(folds)
    others = pseudo.index[pseudo["partition"] != partition]
    if len(others):
        raise UserError(
            f"data/pseudo.csv, row {others[0] + 2}: made with the folds "
            f"{pseudo['partition'][others[0]]!r}, these are {partition!r}. A member of these may "
            "have been trained on what that fold held out: git checkout data/pseudo.csv, run the "
            "pipeline, then tailprint pseudo-label"
        )


def check_training(folds: pd.DataFrame, trained: Sequence[int]) -> None:
    """Raise UserError if a member would learn from fewer than two individuals.

    trained : the folds that are held out in turn
    """
    known = folds[(folds["identity"] != NEW_WHALE) & (folds["only_fold"] == "")]
    for fold in trained:
        names = sorted(set(known.loc[known["fold"] != fold, "identity"]))
        if too_few := identity_names.count_fault(names):
            raise UserError(f"with fold {fold} held out, a member would learn from {too_few}")


def describe_whole(folds: pd.DataFrame) -> str:
    """One sentence about the identities that are held out as a whole; "" if there are none."""
    rows = folds[(folds["only_fold"] == "") & (folds["identity"] != NEW_WHALE)]
    counts = rows.groupby("identity").agg({"group": "nunique", "fold": "nunique", "image": "size"})
    whole = counts[(counts["group"] > 1) & (counts["fold"] == 1)]
    if whole.empty:
        return ""
    return (
        f"{len(whole)} individuals with {whole['image'].sum()} photographs are held out whole: "
        "too few labelled photographs show a new individual, and without any the place of "
        f"{NEW_WHALE} could not be learned"
    )


def _distribute(
    identities: pd.Series, count: int, seed: int, whole: frozenset[str] = frozenset()
) -> np.ndarray:
    """Assign each photograph (n identities) to a fold: each identity's go to the emptiest folds.

    Repeated identities, single ones, new_whale and the `whole` ones, which stay together, are
    counted separately, so that every fold gets the same fraction of each.
    """
    rng = np.random.default_rng(seed)
    folds = np.empty(len(identities), dtype=int)
    sizes = {kind: np.zeros(count) for kind in ("repeated", "single", NEW_WHALE, "whole")}
    by_identity = pd.Series(np.arange(len(identities))).groupby(identities.to_numpy())
    names = sorted(set(identities))
    for name in (names[i] for i in rng.permutation(len(names))):
        rows = rng.permutation(by_identity.get_group(name).to_numpy())
        kind = "whole" if name in whole else find_kind(name, len(rows))
        for batch in [rows] if name in whole else np.split(rows, range(count, len(rows), count)):
            total = np.sum(list(sizes.values()), axis=0)
            order = np.lexsort((rng.random(count), total, sizes[kind]))
            emptiest = order[:1] if name in whole else order[: len(batch)]
            folds[batch] = emptiest
            np.add.at(sizes[kind], np.broadcast_to(emptiest, len(batch)), 1)
    return folds


def find_kind(identity: str, photographs: int) -> str:
    """The kind of an identity: new_whale, repeated or single."""
    if identity == NEW_WHALE:
        return NEW_WHALE
    return "repeated" if photographs > 1 else "single"
