"""The points of small folds, through the step."""

import numpy as np
import pandas as pd
import pytest

from pipeline import params
from pipeline.data import gallery
from pipeline.data.tables import NEW_WHALE
from pipeline.params import Boosting
from pipeline.steps.match.points import POINT
from pipeline.steps.weigh import weigh
from tests.conftest import ROOT

EVALUATED = params.load(ROOT / "tests/params.yaml").evaluation
PARAMS = Boosting(rounds=40, leaves=4, learning_rate=0.2, min_leaf=20)
IDENTITIES, POINTS = 4, 6


def fold(number: int, queries: int = 40, seed: int = 0) -> weigh.Fold:
    """Queries of four individuals, each against one photograph of everybody: the points of the
    same individual lie high on the query, the others' low. The last query is the test's."""
    rng = np.random.default_rng([seed, number])
    names = [f"q{number}_{i}" for i in range(queries)]
    kind = [gallery.KNOWN] * (queries - 1) + [gallery.TEST]
    truth = [f"a{i % IDENTITIES}" for i in range(queries)]
    asked = pd.DataFrame({"image": names, "kind": kind, "truth": truth})
    asked.loc[queries - 1, "truth"] = ""
    asked["group"] = np.where(asked["kind"] == gallery.TEST, -1, np.arange(queries) + 100 * number)
    rows, pairs = [], []
    for i, query in enumerate(names):
        for identity in range(IDENTITIES):
            image = f"g{identity}"
            pairs.append((query, image, f"a{identity}", False))
            y = rng.uniform(0, 0.5) if i % IDENTITIES == identity else rng.uniform(0.5, 1)
            for own in range(POINTS):
                rows.append((query, image, own, rng.random(), y, *rng.random(4)))
    return weigh.Fold(
        pd.DataFrame(pairs, columns=["query", "image", "identity", "drawn"]),
        pd.DataFrame(rows, columns=["query", "image", *POINT]),
        asked,
    )


def scores(table: pd.DataFrame) -> pd.DataFrame:
    assert (table["source"] == "weighted_inliers").all() and (table["member"] == "local").all()
    return table.pivot(index="query", columns="identity", values="score")


def test_the_same_individual_weighs_most_for_held_out_and_test_queries():
    found = weigh.weigh({0: fold(0), 1: fold(1)}, PARAMS, EVALUATED)
    for number in (0, 1):
        table = scores(found.evidence[number])
        assert len(table) == 40
        for i in range(40):
            assert table.loc[f"q{number}_{i}"].idxmax() == f"a{i % IDENTITIES}"


def test_a_photograph_that_comes_later_is_weighed_as_the_tests_are():
    """By the scale of all: q0_39, the test's last query, gets its evidence again."""
    one = fold(0)
    found = weigh.weigh({0: one}, PARAMS, EVALUATED)
    own = [table[table["query"] == "q0_39"] for table in (one.pairs, one.points)]
    again = weigh.by_scale(*own, found.scales[weigh.NONE])
    before = scores(found.evidence[0]).loc["q0_39"]
    assert scores(again).loc["q0_39"].to_dict() == pytest.approx(before.to_dict())


def test_a_query_has_no_say_in_its_own_weights():
    """Another truth of one query changes the others' weights, and its own not at all."""
    one, other = fold(0), fold(0)
    other.queries.loc[0, "truth"] = NEW_WHALE
    first, second = (
        scores(weigh.weigh({0: own}, PARAMS, EVALUATED).evidence[0]) for own in (one, other)
    )
    pd.testing.assert_series_equal(first.loc["q0_0"], second.loc["q0_0"])
    assert not np.array_equal(first.to_numpy(), second.to_numpy())


def test_nor_has_a_copy_of_it():
    """q0_0 and q0_1 are one photograph."""
    one, other = fold(0), fold(0)
    for own in (one, other):
        own.queries.loc[1, "group"] = own.queries["group"][0]
    other.queries.loc[1, "truth"] = NEW_WHALE
    first, second = (
        scores(weigh.weigh({0: own}, PARAMS, EVALUATED).evidence[0]) for own in (one, other)
    )
    pd.testing.assert_frame_equal(first.loc[["q0_0", "q0_1"]], second.loc[["q0_0", "q0_1"]])
    assert not np.array_equal(first.to_numpy(), second.to_numpy())


def test_a_pair_of_many_points_teaches_no_more_than_one_of_few():
    """One of four pairs is the same: odds of 1 to 3 before, however many points the others have."""
    one = fold(0)
    other = one.points["image"] == "g3"
    crowd = pd.concat([one.points, *[one.points[other]] * 9], ignore_index=True)
    crowded = weigh.Fold(one.pairs, crowd, one.queries)
    found = weigh.weigh({0: crowded}, PARAMS, EVALUATED)
    held = 39  # ten of them show a0, ten a1, ten a2, nine a3
    assert found.scales[weigh.NONE].prior_ == pytest.approx(np.log(held / (3 * held)))


def test_nor_has_the_same_pair_the_other_way_round():
    """In fold 1 q0_0 is a gallery photograph that q1_0 is compared with."""

    def again(identity: str) -> pd.DataFrame:
        there = fold(1)
        there.pairs.loc[0, ["image", "identity"]] = ["q0_0", identity]
        there.points.loc[: POINTS - 1, "image"] = "q0_0"
        found = weigh.weigh({0: fold(0), 1: there}, PARAMS, EVALUATED)
        return scores(found.evidence[0])

    first, second = again("a0"), again("a3")
    pd.testing.assert_series_equal(first.loc["q0_0"], second.loc["q0_0"])
    assert not np.array_equal(first.to_numpy(), second.to_numpy())


def test_a_point_of_the_query_speaks_for_an_individual_once():
    """Points 0 and 1 of the query, 0 in both photographs of a, where it weighs 2 and 3."""
    pairs = [("q", "a_0", "a", False), ("q", "a_1", "a", False), ("q", "b_0", "b", False)]
    pairs = pd.DataFrame(pairs, columns=["query", "image", "identity", "drawn"])
    rows = [("q", "a_0", "a", False, 0, 2.0), ("q", "a_1", "a", False, 0, 3.0)]
    rows += [("q", "a_1", "a", False, 1, 0.5)]
    table = pd.DataFrame(rows, columns=["query", "image", "identity", "drawn", "own", "weight"])
    said = scores(weigh.spoken(pairs, table))
    assert said.loc["q"].to_dict() == {"a": 3.5, "b": 0}
    weights = weigh.weights(pairs, table)
    assert weights["weighted_inliers"].tolist() == [2, 3.5, 0]


def test_pairs_drawn_by_lot_are_weighed_but_are_no_evidence():
    one = fold(0)
    one.pairs.loc[one.pairs["identity"] == "a1", "drawn"] = True
    found = weigh.weigh({0: one}, PARAMS, EVALUATED)
    assert "a1" not in set(found.evidence[0]["identity"])
    drawn = found.pairs[0][one.pairs["drawn"].to_numpy()]
    without = one.points.drop(one.points.index[one.points["image"] == "g1"])
    alone = weigh.weigh({0: weigh.Fold(one.pairs, without, one.queries)}, PARAMS, EVALUATED)
    pd.testing.assert_frame_equal(scores(alone.evidence[0]), scores(found.evidence[0]))
    assert len(found.pairs[0]) == len(one.pairs) and drawn["weighted_inliers"].max() > 0


@pytest.mark.parametrize("queries", [40, 1])
def test_without_points_or_held_out_queries_every_pair_weighs_nothing(queries):
    """One query alone is the test's."""
    one = fold(0, queries=queries)
    if queries > 1:
        one = weigh.Fold(one.pairs, one.points[:0], one.queries)
    found = weigh.weigh({0: one}, PARAMS, EVALUATED)
    assert len(found.evidence[0]) == queries * IDENTITIES
    assert not found.evidence[0]["score"].any() and not found.pairs[0]["weighted_inliers"].any()


def test_switched_off_it_says_nothing():
    """`match` writes tables without rows where there are no local features."""
    one = fold(0)
    pairs = pd.DataFrame(columns=one.pairs.columns)
    points = pd.DataFrame(columns=one.points.columns)
    found = weigh.weigh({0: weigh.Fold(pairs, points, one.queries)}, PARAMS, EVALUATED)
    assert found.evidence[0].empty and found.pairs[0].empty


def test_the_same_pairs_give_the_same_weights():
    first, second = (weigh.weigh({0: fold(0)}, PARAMS, EVALUATED).evidence[0] for _ in range(2))
    pd.testing.assert_frame_equal(first, second)
