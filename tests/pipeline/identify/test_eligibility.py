"""The members and point weights that may judge a photograph."""

import pandas as pd
import pytest

from pipeline import paths
from pipeline.data import tables
from pipeline.data.gallery import SEASON
from pipeline.identify import eligibility
from pipeline.identify.stored_tables import StoredTables
from pipeline.steps.weigh.point_weights import PointWeigher
from pipeline.system.errors import UserError

pytestmark = pytest.mark.usefixtures("three_folds")


@pytest.mark.parametrize(
    ("name", "folds"), [("a0", [0]), ("b1", [1]), ("t", [0, 1, 2]), ("elsewhere", [0, 1, 2])]
)
def test_members_that_trained_on_the_photograph_are_left_out(name, folds):
    assert eligibility.members_for_photograph(f"hash {name}", [0, 1, 2], StoredTables()) == folds


@pytest.mark.parametrize(
    ("name", "folds"), [("a0", [0]), ("a1", [1]), ("t", [0, 1]), ("elsewhere", [0, 1])]
)
def test_by_time_a_held_out_photograph_is_for_the_member_of_its_season(name, folds):
    """Season 0 is the last: the member of season 1 has trained on neither."""
    table = tables.read("folds", paths.FOLDS).assign(part=SEASON)
    table.loc[len(table)] = ["old", "a", 9, "", 2, SEASON]
    tables.write("folds", table, paths.FOLDS)
    assert eligibility.members_for_photograph(f"hash {name}", [0, 1], StoredTables()) == folds


def test_a_photograph_that_all_members_trained_on_is_refused():
    with pytest.raises(UserError, match="trained on this photograph, so that none can identify it"):
        eligibility.members_for_photograph("hash a0", [1], StoredTables())


@pytest.mark.parametrize(
    ("pair", "folds"),
    [
        (("a0", "t"), [1, 2]),  # trained on a0, not on t
        (("a0", "a1"), [0, 1]),  # each trained on the other
        (("a1", "b1"), [1]),  # trained on neither; 0 and 2 trained on both
        (("t", "elsewhere"), [0, 1, 2]),
        (("copy of a0", "t"), [1, 2]),
        (("a1", "a1"), [1]),
    ],
)
def test_members_that_trained_on_one_of_the_two_come_first(pair, folds):
    hashes = [f"hash {name}" for name in pair]
    assert eligibility.members_for_pair(hashes, [0, 1, 2], StoredTables()) == folds


def test_members_that_trained_on_both_cannot_judge():
    with pytest.raises(UserError, match="every member .folds.trained: .0.. was trained on both"):
        eligibility.members_for_pair(["hash a1", "hash b1"], [0], StoredTables())


def test_members_that_are_not_trained_yet_are_named(p):
    with pytest.raises(UserError, match="model.safetensors does not exist: run the pipeline first"):
        eligibility.check_members(p)


@pytest.mark.parametrize(
    ("pair", "part"), [(("a0", "b1"), 2), (("t", "b1"), 0), (("t", "elsewhere"), -1)]
)
def test_point_weights_are_fitted_without_either_photograph(pair, part):
    """a0 is in part 2, b1 in part 0; each weigher is recognised by its prior."""
    parts = pd.DataFrame({"image": ["a0", "a1", "b1"], "part": [2, 1, 0]})
    tables.write_csv(parts, paths.CROSS_FIT_PARTS)
    for number in (-1, 0, 1, 2):
        weigher = PointWeigher()
        weigher.prior_ = float(number)
        weigher.save(paths.point_weights(number))
    hashes = [f"hash {name}" for name in pair]
    assert eligibility.point_weights_for(hashes, StoredTables()).prior_ == part


def test_a_photograph_has_the_group_of_its_encounter_beside_that_of_its_duplicates():
    """a1 and b1 were taken together; a0 and its copy were not."""
    folds = tables.read("folds", paths.FOLDS)
    folds.loc[folds["image"] == "b1", "group"] = 1
    tables.write("folds", folds, paths.FOLDS)
    hashes = [f"hash {name}" for name in ("b1", "copy of a0", "t")]
    found = eligibility.duplicate_groups(hashes, StoredTables())
    assert found == [{1, 2}, {0}, {3}]
