"""The nearest photograph, with and without those of the query's encounter."""

import numpy as np
import pandas as pd
import pytest

from pipeline.data.gallery import SEASON
from pipeline.steps.score.splits import compare_splits

# angles: q is nearest to its mate of the same encounter, and then to another individual
ANGLES = {"q": 0.0, "mate": 1.0, "copy": 0.0, "other": 5.0, "own": 30.0, "far": 90.0, "far2": 95.0}
IDENTITY = {"other": "b", "far": "b", "far2": "b"}
PHOTOGRAPH = {name: at for at, name in enumerate(ANGLES)} | {"copy": 0}
ENCOUNTER = {"q": 0, "mate": 0, "copy": 0, "other": 1, "own": 2, "far": 3, "far2": 4}


def embed(fold, images):
    turned = np.radians([ANGLES[image] for image in images])
    return np.stack([np.cos(turned), np.sin(turned)], axis=1)


def build_folds():
    rows = [
        (name, IDENTITY.get(name, "a"), ENCOUNTER[name], int(name in ("own", "far")), 0)
        for name in ANGLES
    ]
    table = pd.DataFrame(rows, columns=["image", "identity", "group", "fold", "part"])
    table.loc[table["image"].isin(["other", "far2"]), "part"] = 1
    return table.assign(only_fold="")


def test_a_photograph_of_the_same_minute_flatters():
    """q, mate and copy: 5 degrees to another individual, 30 to their own of another occasion."""
    scores = compare_splits(build_folds(), [0], PHOTOGRAPH, ENCOUNTER, {}, embed)
    # other finds `own` (25 degrees) nearer than far (85) and q's part: wrong; far2 finds far
    assert scores["top1_nearest_encounters_split"] == pytest.approx(1 / 5)
    assert scores["top1_nearest_photographs_split"] == pytest.approx(4 / 5)
    assert scores["same_encounter"] == pytest.approx(3 / 5)


def test_by_time_the_nearest_is_searched_in_earlier_seasons():
    """As above, but all queries of season 0 lack `other` and `far2`, which are of it."""
    folds = build_folds().assign(part=SEASON)
    scores = compare_splits(folds, [0], PHOTOGRAPH, ENCOUNTER, {}, embed)
    # other finds `own`, as all but far2, which finds far: wrong
    assert scores["top1_nearest_encounters_split"] == pytest.approx(4 / 5)
    assert scores["same_encounter"] == pytest.approx(3 / 5)


def test_a_copy_of_the_query_is_never_compared():
    """Without the mate, q and its copy have no other photograph of their encounter."""
    folds = build_folds()
    folds = folds[folds["image"] != "mate"].reset_index(drop=True)
    assert compare_splits(folds, [0], PHOTOGRAPH, ENCOUNTER, {}, embed) == {}


def test_different_viewpoints_are_not_compared():
    sides = {"q": "left", "mate": "right", "copy": "left", "other": "right", "own": "left"}
    scores = compare_splits(build_folds(), [0], PHOTOGRAPH, ENCOUNTER, sides, embed)
    assert scores == {} or scores["same_encounter"] == 0


def test_every_fold_is_embedded_by_its_own_members():
    folds, seen = build_folds(), []

    def embed_and_note(fold, images):
        seen.append(fold)
        return embed(fold, images)

    compare_splits(folds, [0, 1], PHOTOGRAPH, ENCOUNTER, {}, embed_and_note)
    assert set(seen) == {0, 1}


def test_without_encounters_nothing_is_scored():
    alone = {name: at for at, name in enumerate(ANGLES)}
    assert compare_splits(build_folds(), [0, 1], PHOTOGRAPH, alone, {}, embed) == {}
