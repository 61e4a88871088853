"""The step `weigh` on small folds."""

import numpy as np
import pandas as pd
import pytest

from pipeline import params
from pipeline.data import gallery
from pipeline.data.tables import NEW_WHALE
from pipeline.params import Boosting
from pipeline.steps.match.points import INLIER_COLUMNS
from pipeline.steps.weigh import weigh
from tests.conftest import ROOT

EVALUATION = params.load(ROOT / "tests/params.yaml").evaluation
PARAMS = Boosting(rounds=40, leaves=4, learning_rate=0.2, min_leaf=20)
IDENTITIES, POINTS = 4, 6


def fold(number: int, queries: int = 40, seed: int = 0) -> weigh.FoldPairs:
    """Queries of four individuals, each paired with one photograph of every individual.

    The points of the same individual lie high on the query, the others' low. The last query is the
    test's.
    """
    rng = np.random.default_rng([seed, number])
    names = [f"q{number}_{i}" for i in range(queries)]
    kind = [gallery.KNOWN] * (queries - 1) + [gallery.TEST]
    truth = [f"a{i % IDENTITIES}" for i in range(queries)]
    rows = pd.DataFrame({"image": names, "kind": kind, "truth": truth})
    rows.loc[queries - 1, "truth"] = ""
    rows["group"] = np.where(rows["kind"] == gallery.TEST, -1, np.arange(queries) + 100 * number)
    points, pairs = [], []
    for i, query in enumerate(names):
        for identity in range(IDENTITIES):
            image = f"g{identity}"
            pairs.append((query, image, f"a{identity}", False))
            y = rng.uniform(0, 0.5) if i % IDENTITIES == identity else rng.uniform(0.5, 1)
            points += [
                (query, image, own, rng.random(), y, *rng.random(4)) for own in range(POINTS)
            ]
    return weigh.FoldPairs(
        pd.DataFrame(pairs, columns=["query", "image", "identity", "random"]),
        pd.DataFrame(points, columns=["query", "image", *INLIER_COLUMNS]),
        rows,
    )


def scores(table: pd.DataFrame) -> pd.DataFrame:
    assert (table["source"] == "weighted_inliers").all() and (table["member"] == "local").all()
    return table.pivot(index="query", columns="identity", values="score")


def test_the_same_individual_weighs_most_for_held_out_and_test_queries():
    found = weigh.weigh_folds({0: fold(0), 1: fold(1)}, PARAMS, EVALUATION)
    for number in (0, 1):
        table = scores(found.evidence[number])
        assert len(table) == 40
        for i in range(40):
            assert table.loc[f"q{number}_{i}"].idxmax() == f"a{i % IDENTITIES}"


def test_a_later_photograph_is_weighed_as_the_tests_are():
    """With the weigher fitted on all, q0_39, the test's query, gets the same evidence again."""
    data = fold(0)
    found = weigh.weigh_folds({0: data}, PARAMS, EVALUATION)
    pairs, points = (table[table["query"] == "q0_39"] for table in (data.pairs, data.points))
    again = weigh.weigh_pairs(pairs, points, found.weighers[weigh.NOT_HELD_OUT])
    before = scores(found.evidence[0]).loc["q0_39"]
    assert scores(again).loc["q0_39"].to_dict() == pytest.approx(before.to_dict())


def test_a_query_does_not_affect_its_own_weights():
    """Another truth of one query changes the others' weights, but not its own."""
    data, other = fold(0), fold(0)
    other.queries.loc[0, "truth"] = NEW_WHALE
    first, second = (
        scores(weigh.weigh_folds({0: changed}, PARAMS, EVALUATION).evidence[0])
        for changed in (data, other)
    )
    pd.testing.assert_series_equal(first.loc["q0_0"], second.loc["q0_0"])
    assert not np.array_equal(first.to_numpy(), second.to_numpy())


def test_a_duplicate_does_not_affect_a_querys_weights():
    """q0_0 and q0_1 are one photograph."""
    data, other = fold(0), fold(0)
    for fold_pairs in (data, other):
        fold_pairs.queries.loc[1, "group"] = fold_pairs.queries["group"][0]
    other.queries.loc[1, "truth"] = NEW_WHALE
    first, second = (
        scores(weigh.weigh_folds({0: changed}, PARAMS, EVALUATION).evidence[0])
        for changed in (data, other)
    )
    pd.testing.assert_frame_equal(first.loc[["q0_0", "q0_1"]], second.loc[["q0_0", "q0_1"]])
    assert not np.array_equal(first.to_numpy(), second.to_numpy())


def test_a_pair_counts_the_same_however_many_points_it_has():
    """One of four pairs is the same: prior odds of 1 to 3, however many points the others have."""
    data = fold(0)
    other = data.points["image"] == "g3"
    crowd = pd.concat([data.points, *[data.points[other]] * 9], ignore_index=True)
    crowded = weigh.FoldPairs(data.pairs, crowd, data.queries)
    found = weigh.weigh_folds({0: crowded}, PARAMS, EVALUATION)
    held = 39  # ten of them show a0, ten a1, ten a2, nine a3
    assert found.weighers[weigh.NOT_HELD_OUT].prior_ == pytest.approx(np.log(held / (3 * held)))


def test_the_same_pair_the_other_way_round_does_not_affect_a_querys_weights():
    """In fold 1 q0_0 is a gallery photograph that q1_0 is compared with."""

    def scores_if_paired_with(identity: str) -> pd.DataFrame:
        other = fold(1)
        other.pairs.loc[0, ["image", "identity"]] = ["q0_0", identity]
        other.points.loc[: POINTS - 1, "image"] = "q0_0"
        found = weigh.weigh_folds({0: fold(0), 1: other}, PARAMS, EVALUATION)
        return scores(found.evidence[0])

    first, second = scores_if_paired_with("a0"), scores_if_paired_with("a3")
    pd.testing.assert_series_equal(first.loc["q0_0"], second.loc["q0_0"])
    assert not np.array_equal(first.to_numpy(), second.to_numpy())


def test_a_point_of_the_query_counts_once_per_individual():
    """Points 0 and 1 of the query; 0 matches both photographs of a, with weights 2 and 3."""
    pairs = [("q", "a_0", "a", False), ("q", "a_1", "a", False), ("q", "b_0", "b", False)]
    pairs = pd.DataFrame(pairs, columns=["query", "image", "identity", "random"])
    rows = [("q", "a_0", "a", False, 0, 2.0), ("q", "a_1", "a", False, 0, 3.0)]
    rows += [("q", "a_1", "a", False, 1, 0.5)]
    table = pd.DataFrame(
        rows, columns=["query", "image", "identity", "random", "query_point", "weight"]
    )
    found = scores(weigh.build_evidence(pairs, table))
    assert found.loc["q"].to_dict() == {"a": 3.5, "b": 0}
    weights = weigh.sum_weights(pairs, table)
    assert weights["weighted_inliers"].tolist() == [2, 3.5, 0]


def test_peers_are_weighed_without_the_part_of_their_first_photograph():
    """A weigher gives every point its own number; t is no held-out photograph."""

    class Weigher:
        def __init__(self, weight: float) -> None:
            self.weight = weight

        def weigh(self, points: pd.DataFrame) -> np.ndarray:
            return np.full(len(points), self.weight)

    weighers = {weigh.NOT_HELD_OUT: Weigher(0.5), 0: Weigher(2), 1: Weigher(3)}
    weighted = weigh.WeightedFolds(weighers, pd.Series({"a": 0, "b": 1}), {}, {})
    pairs = pd.DataFrame({"query": list("abta"), "image": list("bauu"), "inliers": [2, 1, 1, 0]})
    points = pd.DataFrame({"query": list("aabt"), "image": list("bbau")})
    found = weigh.weigh_peers(pairs, points, weighted)
    assert found["weighted_inliers"].tolist() == [4, 3, 0.5, 0]
    assert found["inliers"].tolist() == [2, 1, 1, 0]


def test_random_pairs_are_weighed_but_are_no_evidence():
    data = fold(0)
    data.pairs.loc[data.pairs["identity"] == "a1", "random"] = True
    found = weigh.weigh_folds({0: data}, PARAMS, EVALUATION)
    assert "a1" not in set(found.evidence[0]["identity"])
    sampled = found.pairs[0][data.pairs["random"].to_numpy()]
    without = data.points.drop(data.points.index[data.points["image"] == "g1"])
    alone = weigh.weigh_folds(
        {0: weigh.FoldPairs(data.pairs, without, data.queries)}, PARAMS, EVALUATION
    )
    pd.testing.assert_frame_equal(scores(alone.evidence[0]), scores(found.evidence[0]))
    assert len(found.pairs[0]) == len(data.pairs) and sampled["weighted_inliers"].max() > 0


@pytest.mark.parametrize("queries", [40, 1])
def test_without_points_or_held_out_queries_all_weights_are_0(queries):
    """A single query is the test's."""
    data = fold(0, queries=queries)
    if queries > 1:
        data = weigh.FoldPairs(data.pairs, data.points[:0], data.queries)
    found = weigh.weigh_folds({0: data}, PARAMS, EVALUATION)
    assert len(found.evidence[0]) == queries * IDENTITIES
    assert not found.evidence[0]["score"].any() and not found.pairs[0]["weighted_inliers"].any()


def test_without_local_features_there_is_no_evidence():
    """`match` then writes tables without rows."""
    data = fold(0)
    pairs = pd.DataFrame(columns=data.pairs.columns)
    points = pd.DataFrame(columns=data.points.columns)
    found = weigh.weigh_folds({0: weigh.FoldPairs(pairs, points, data.queries)}, PARAMS, EVALUATION)
    assert found.evidence[0].empty and found.pairs[0].empty


def test_the_same_pairs_give_the_same_weights():
    first, second = (
        weigh.weigh_folds({0: fold(0)}, PARAMS, EVALUATION).evidence[0] for _ in range(2)
    )
    pd.testing.assert_frame_equal(first, second)


@pytest.mark.fault(
    "evaluation",
    "all matched pairs of one animal are in one part of the cross-fit",
    "no point has a weight: learned weights and zeros cannot be compared",
)
def test_if_one_fit_has_no_same_pair_none_has_weights():
    """Only query 0 shows an individual of the gallery: the fit without it sees no same pair."""
    one = fold(0)
    one.queries.loc[1:, "truth"] = "new_whale"
    found = weigh.weigh_folds({0: one}, PARAMS, EVALUATION)
    assert all(weigher.trees_ is None for weigher in found.weighers.values())
    assert (found.evidence[0]["score"] == 0).all()
