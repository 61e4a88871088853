"""The members and point weights that did not learn from a photograph, and so may judge it."""

from collections.abc import Sequence

import pandas as pd

from pipeline import paths
from pipeline.data import gallery, tables
from pipeline.identify.stored_tables import StoredTables
from pipeline.params import Params
from pipeline.steps.weigh.point_weights import PointWeigher
from pipeline.steps.weigh.weigh import NOT_HELD_OUT
from pipeline.system.errors import NOT_OF_ONE_RUN, UserError, require_files


def check_members(p: Params) -> None:
    """Raise UserError if a member of match.backbone is not trained yet."""
    require_files(paths.model(p.match.backbone, fold) for fold in p.folds.trained)


def members_for_photograph(digest: str, trained: Sequence[int], stored: StoredTables) -> list[int]:
    """The folds whose members did not train on the photograph or a duplicate of it.

    That which held it out alone, as in the pipeline: by time, those of earlier seasons did not
    train on it either. Raises UserError if every member did.
    """
    (groups,) = duplicate_groups([digest], stored)
    fair = [fold for fold in trained if not groups & _training_groups(stored.folds, fold)]
    if not fair:
        raise UserError(
            f"every member (folds {list(trained)}) was trained on this photograph, so that none "
            "can identify it: train all folds, at random (folds.seasons)"
        )
    own = set(stored.folds.loc[stored.folds["group"].isin(groups), "fold"])
    return [fold for fold in fair if fold in own] or fair


def members_for_pair(
    hashes: Sequence[str], trained: Sequence[int], stored: StoredTables
) -> list[int]:
    """The folds whose members trained on one of two photographs, as on a gallery photograph.

    If there are none, the folds whose members trained on neither. A duplicate of a training
    photograph counts as that photograph. Raises UserError if each member trained on both: it would
    find them more or less alike than photographs that it never saw.
    """
    pair = duplicate_groups(hashes, stored)
    trained_on = {
        fold: sum(bool(groups & _training_groups(stored.folds, fold)) for groups in pair)
        for fold in trained
    }
    for wanted in (1, 0):
        if fair := [fold for fold in trained if trained_on[fold] == wanted]:
            return fair
    raise UserError(
        f"every member (folds.trained: {list(trained)}) was trained on both photographs, so that "
        "none can judge them: train all folds, at random (folds.seasons)"
    )


def _training_groups(folds: pd.DataFrame, fold: int) -> set[int]:
    return set(gallery.training_rows(folds, fold)["group"])


def duplicate_groups(hashes: Sequence[str], stored: StoredTables) -> list[set[int]]:
    """The groups of each photograph; an empty set for one outside the competition.

    Those of its duplicates, and of the encounters that labelled duplicates are in.
    """
    group, names, folds = stored.groups, stored.names_by_hash, stored.folds
    try:
        own = [set(group[names[names.index == digest]]) for digest in hashes]
        labelled = folds["image"].map(group)
        return [groups | set(folds.loc[labelled.isin(groups), "group"]) for groups in own]
    except KeyError as error:
        raise UserError(f"{paths.GROUPS} lacks a photograph ({error}): {NOT_OF_ONE_RUN}") from None


def point_weights_for(hashes: Sequence[str], stored: StoredTables) -> PointWeigher:
    """The point weights that are fitted without the photographs' own pairs.

    Without the cross-fitting part of the first photograph that is a held-out query; for photographs
    outside the competition, the weights fitted on all pairs.
    """
    parts = tables.read_csv(paths.CROSS_FIT_PARTS).set_index("image")["part"]
    names = stored.names_by_hash
    for digest in hashes:
        held_out = parts.reindex(names[names.index == digest]).dropna()
        if len(held_out):
            return PointWeigher.load(paths.point_weights(int(held_out.iloc[0])))
    return PointWeigher.load(paths.point_weights(NOT_HELD_OUT))
