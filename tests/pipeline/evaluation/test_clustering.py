import numpy as np
import pytest

from pipeline.evaluation import clustering


def at(*degrees: float) -> np.ndarray:
    """Unit vectors at these angles."""
    angles = np.deg2rad(degrees)
    return np.column_stack([np.cos(angles), np.sin(angles)])


@pytest.mark.parametrize("method", clustering.METHODS)
def test_near_ones_are_one_group_and_others_are_alone(method):
    found = clustering.groups(at(90, 0, 93, 40, 2), np.cos(np.deg2rad(10)), method)
    assert found.tolist() == [0, 1, 0, 2, 1]


def test_steps_chain_and_means_do_not():
    # 0 and 24 are far apart, but each step of 8 is near
    row, floor = at(0, 8, 16, 24), np.cos(np.deg2rad(9))
    assert clustering.groups(row, floor, "dbscan").tolist() == [0, 0, 0, 0]
    assert clustering.groups(row, floor, "average").tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize("method", clustering.METHODS)
@pytest.mark.parametrize("count", [0, 1])
def test_one_or_none(method, count):
    assert (
        clustering.groups(at(*range(count)).reshape(count, 2), 0.5, method).tolist() == [0] * count
    )


@pytest.mark.parametrize("method", clustering.METHODS)
def test_equal_vectors_are_one_group_at_the_highest_floor(method):
    same = np.repeat(at(33).astype(np.float32), 3, axis=0)
    assert clustering.groups(same, 1.0, method).tolist() == [0, 0, 0]


def test_agreement_knows_the_same_groups_by_other_numbers():
    told = clustering.agreement(np.array([5, 5, 2, 2]), np.array(["a", "a", "b", "b"]))
    assert told == {"ari": 1.0, "nmi": pytest.approx(1.0)}
    apart = clustering.agreement(np.array([0, 1, 0, 1]), np.array(["a", "a", "b", "b"]))
    assert apart["ari"] == pytest.approx(-0.5) and apart["nmi"] == pytest.approx(0)


def test_the_floor_parts_individuals():
    """Two photographs 5 degrees apart, individuals 30: the floor lies between."""
    lesson = at(0, 5, 30, 35, 60, 65), np.array(list("aabbcc"))
    floor = clustering.best_floor([lesson], "average")
    assert floor == 0.925  # .875 to .95 part them: the middle one


def test_nothing_to_learn_from_is_said():
    with pytest.raises(ValueError, match="no two held-out photographs"):
        clustering.best_floor([(at(0, 5), np.array(["a", "b"]))], "dbscan")


def test_members_cosines_are_averaged():
    first, second = at(0, 60), at(0, 90)
    both = clustering.side_by_side([first, second])
    assert both @ both.T == pytest.approx(np.array([[1, 0.25], [0.25, 1]]))


def test_an_unknown_method_is_named():
    with pytest.raises(ValueError, match="kmeans.*dbscan"):
        clustering.groups(at(0, 1), 0.5, "kmeans")


def test_pairs_put_together_by_hand():
    """Together: 0-1, 0-2, 1-2, 3-4; one individual: 0-1, 3-4, 3-5, 4-5."""
    told = clustering.of_pairs(np.array([7, 7, 7, 1, 1, 2]), np.array(list("aabccc")))
    assert told == {"precision": 0.5, "recall": 0.5}
    alone = clustering.of_pairs(np.arange(3), np.array(list("abc")))
    assert np.isnan(alone["precision"]) and np.isnan(alone["recall"])
