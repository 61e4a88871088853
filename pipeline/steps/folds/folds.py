"""The step `folds`: assign every labelled image to a fold of the evaluation protocol, and a part.

Duplicates of one photograph share a fold, and so do the photographs of one encounter. An identity
with several photographs is spread over as many folds as possible, so that almost every held-out
query has a relative in the gallery. Identities with one photograph, and new_whale images, are
distributed evenly: held out, they are truly new. Where they leave a fold with few new queries,
whole identities are held out (`whole.py`).

Photographs that reviewers have named (`pipeline/data/named.py`) are never held out, nor is what
shares an encounter or a photograph with one: it would find that one in its gallery.

By time, a fold is a season instead (`seasons.py`).

A fold is split into parts. The gallery of a held-out query lacks its part alone, so that it is
nearly that of the test's queries, which lacks nothing.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256

import numpy as np
import pandas as pd

from pipeline.data import encounters, gallery, identity_names
from pipeline.data.named import is_named
from pipeline.data.tables import NEW_WHALE, is_pseudo
from pipeline.params import Folds
from pipeline.steps.folds import seasons
from pipeline.steps.folds.distribution import distribute
from pipeline.steps.folds.whole import choose_whole
from pipeline.system.errors import UserError


def split(labels: pd.DataFrame, date: Mapping[str, str], settings: Folds) -> pd.DataFrame:
    """Build the table "folds" from the table "labels", at random or by time.

    date : of every image that has one, by its name

    Raises UserError as `assign_folds` and `seasons.assign_seasons`.
    """
    if settings.seasons:
        return seasons.assign_seasons(labels, date, settings)
    table = assign_folds(labels, settings.count, settings.seed)
    return assign_parts(table, settings.parts, settings.seed)


def describe(folds: pd.DataFrame, date: Mapping[str, str], settings: Folds) -> list[str]:
    """Lines of the log about the table "folds"."""
    if settings.seasons:
        return list(seasons.describe_seasons(folds, date, settings.seasons))
    whole = describe_whole(folds)
    return [whole] if whole else []


def join_encounters(labels: pd.DataFrame, encounter: Mapping[str, int]) -> pd.DataFrame:
    """The table "labels" with one group for all that is never on both sides.

    encounter : of every image, by its name

    Duplicates are of one group already; those of all photographs of an encounter become one, with
    the lowest of their numbers.
    """
    rows = labels.reset_index(drop=True)
    own = rows["image"].map(encounter)
    if own.is_unique:  # no dates
        return labels
    start = encounters.join(len(rows), [rows["group"], own])
    return labels.assign(group=rows["group"].groupby(start).transform("min").to_numpy())


def choose_representatives(labelled: pd.DataFrame) -> pd.DataFrame:
    """One row per group, by the name of its images.

    An encounter may have several individuals: the one with the fewest groups, which needs to be
    spread most, stands for it; new_whale only where it is alone.
    """
    rows = labelled.sort_values("image").drop_duplicates(["group", "identity"])
    number = rows.groupby("identity")["group"].transform("nunique")
    number = number.mask(rows["identity"] == NEW_WHALE, len(rows) + 1)
    chosen = number.sort_values(kind="stable").index
    first = rows.loc[chosen].drop_duplicates("group").index
    return rows[rows.index.isin(first)]


def assign_folds(labels: pd.DataFrame, count: int, seed: int) -> pd.DataFrame:
    """Build the table "folds" from the table "labels".

    Pseudo-labels, which are for one fold only, are never held out: their fold is -1. So is that of
    named photographs and of what is in a group with one; all others have the fold that they would
    have without the names. Raises UserError if there are fewer photographs than folds, or if the
    names leave none to hold out.
    """
    named = is_named(labels)
    is_labelled = ~is_pseudo(labels) & ~named
    labelled = labels[is_labelled]
    # by name, so that the result does not depend on the order of the rows
    photographs = choose_representatives(labelled)
    if len(photographs) < count:
        raise UserError(f"{len(photographs)} labelled photographs do not fill {count} folds")
    identities = photographs["identity"]
    distributed = distribute(identities, count, seed)
    if whole := choose_whole(identities, distributed, count, seed):
        distributed = distribute(identities, count, seed, whole)
    fold_of = dict(zip(photographs["group"], distributed, strict=True))
    is_held_out = is_labelled & ~labels["group"].isin(labels.loc[named, "group"])
    fold = np.where(is_held_out, labels["group"].map(fold_of).fillna(-1), -1)
    if named.any() and len(np.unique(fold[is_held_out])) < count:
        raise UserError(
            "data/review.csv names photographs of so many encounters that a fold has no other "
            "photograph to hold out: take some names back, or lower folds.count"
        )
    return labels[["image", "identity", "group", "only_fold"]].assign(fold=fold.astype(int))


def assign_parts(folds: pd.DataFrame, count: int, seed: int) -> pd.DataFrame:
    """Add the column "part" to the table "folds"; fewer than `count` parts in a small fold.

    Duplicates share a part. The photographs of an identity in one fold are spread over the parts:
    each has the others in its gallery. An identity that is held out whole stays in one part. The
    part of pseudo-labels is -1.
    """
    held = choose_representatives(folds[folds["fold"] >= 0])
    in_one_fold = held.groupby("identity")["fold"].transform("nunique") == 1
    several = held["identity"].duplicated(keep=False)
    whole = frozenset(held.loc[in_one_fold & several, "identity"]) - {NEW_WHALE}
    part_of: dict[int, int] = {}
    for fold, rows in held.groupby("fold"):
        parts = distribute(rows["identity"], count, [seed, 2, int(str(fold))], whole)
        part_of |= dict(zip(rows["group"], parts.tolist(), strict=True))
    part = np.where(folds["fold"] >= 0, folds["group"].map(part_of).fillna(-1), -1)
    return folds.assign(part=part.astype(int))


def hash_partition(folds: pd.DataFrame) -> str:
    """Return ten hexadecimal digits that change if a held-out image changes its fold."""
    rows = folds.loc[folds["fold"] >= 0, ["image", "fold"]].sort_values("image")
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

    folds : with its parts
    trained : the folds that are held out in turn
    """
    for fold in trained:
        names = sorted(set(gallery.trained_gallery_rows(folds, fold)["identity"]))
        if too_few := identity_names.count_fault(names):
            raise UserError(f"with fold {fold} held out, a member would learn from {too_few}")


def describe_whole(folds: pd.DataFrame) -> str:
    """One sentence about the identities that are held out as a whole; "" if there are none."""
    rows = folds[(folds["fold"] >= 0) & (folds["identity"] != NEW_WHALE)]
    counts = rows.groupby("identity").agg({"group": "nunique", "fold": "nunique", "image": "size"})
    whole = counts[(counts["group"] > 1) & (counts["fold"] == 1)]
    if whole.empty:
        return ""
    return (
        f"{len(whole)} individuals with {whole['image'].sum()} photographs are held out whole: "
        "too few labelled photographs show a new individual to learn the place of "
        f"{NEW_WHALE} from"
    )
