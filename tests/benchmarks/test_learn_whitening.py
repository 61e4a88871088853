"""What the shipped map of descriptors is learned from."""

import numpy as np
import pandas as pd
import pytest

from benchmarks import learn_whitening
from pipeline import params
from pipeline.data.features import Features
from tests.conftest import ROOT

SECTION = params.load(ROOT / "tests/params.yaml").match
POINTS = 40


def tabulate(identities: list[str]) -> pd.DataFrame:
    """The table "folds" of photographs "0", "1" ... of these identities."""
    images = [str(i) for i in range(len(identities))]
    table = pd.DataFrame({"image": images, "identity": identities, "only_fold": ""})
    return table.assign(group=range(len(table)))


@pytest.fixture
def features() -> Features:
    """Three photographs, the first two of one individual: the same points, one byte brighter."""
    rng = np.random.default_rng(0)
    points = rng.uniform(10, 90, (2, POINTS, 2))[[0, 0, 1]]
    descriptors = rng.integers(0, 250, (2, POINTS, 128))[[0, 0, 1]]
    descriptors[1] += 1
    starts = np.arange(4) * POINTS
    return Features(
        names=np.array(["0", "1", "2"]),
        starts=starts,
        ends=starts[1:],
        points=points.reshape(-1, 2).astype(np.float32),
        descriptors=descriptors.reshape(-1, 128).astype(np.uint8),
        canvases=np.zeros((3, 2, 3)),
        sizes=np.full((3, 2), 100),
    )


def test_pairs_show_one_individual_and_no_duplicates():
    folds = tabulate(["a", "a", "a", "b", "b", "new_whale", "new_whale", "c", "c", "d"])
    folds.loc[4, "group"] = 3
    folds.loc[8, "only_fold"] = "1"
    pairs = learn_whitening.draw_pairs(folds, 0)
    assert sorted(map(sorted, pairs)) == [["0", "1"], ["0", "2"], ["1", "2"]]


def test_a_photograph_has_a_limited_number_of_partners():
    pairs = learn_whitening.draw_pairs(tabulate(["a"] * 20), 0)
    firsts = [first for first, _ in pairs]
    assert max(map(firsts.count, firsts)) == learn_whitening.PARTNERS
    assert len(pairs) == len(set(map(frozenset, pairs))) == 5 * 15 + 4 + 3 + 2 + 1


def test_matched_descriptors_are_subtracted(features):
    found = learn_whitening.collect_differences(features, [("0", "1"), ("0", "2")], SECTION)
    # only the first pair fits, and gives no more than its share of 40 matches
    assert found.shape == (learn_whitening.MATCHES_PER_PAIR, 128) and (found == -1).all()
    assert learn_whitening.collect_differences(features, [], SECTION).shape == (0, 128)
