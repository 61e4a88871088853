"""Matched points that count by where they lie: no query's own truth is in the weights of it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pipeline.data.gallery import KNOWN, UNSEEN
from pipeline.naming.comparing import Compared
from pipeline.naming.queries import NameQuery, tabulate
from pipeline.naming.settings import Options, build_settings
from pipeline.naming.weighing import weigh_new, weigh_own
from pipeline.steps.ensemble.assemble import FoldEvidence
from pipeline.steps.match.points import INLIER_COLUMNS

QUERIES, ANIMALS = 40, 5
COLUMN = "local.weighted_inliers"


@pytest.fixture(scope="module")
def p():
    settings = build_settings(Options())
    weigh = settings.weigh.model_copy(update={"rounds": 10, "min_leaf": 5})
    return settings.model_copy(update={"weigh": weigh})


def compare(kind, offset=0):
    """Queries compared with one photograph each of all animals; points above are of the same."""
    rng = np.random.default_rng(offset)
    queries, pairs, points, place, identity = [], [], [], [], []
    for number in range(QUERIES):
        image, truth = f"p{number}", str(number % ANIMALS)
        queries.append(NameQuery(image, (image,), kind, truth, truth, number))
        for animal in map(str, range(ANIMALS)):
            if kind == UNSEEN and animal == truth:
                continue
            pairs.append((image, f"g{animal}", animal, False))
            place.append(number)
            identity.append(animal)
            for point in range(4):
                y = rng.uniform(0, 0.5) + (animal != truth) * 0.5 * (rng.random() < 0.8)
                points.append((image, f"g{animal}", point, 0.5, y, 0.5, 0.5, 1.0, 0.5))
    evidence = FoldEvidence(
        -1,
        tabulate(queries),
        np.array(place),
        np.array(identity, object),
        pd.DataFrame({"local.inliers": np.full(len(place), 4.0)}),
    )
    return Compared(
        evidence,
        pd.DataFrame(pairs, columns=["query", "image", "identity", "random"]),
        pd.DataFrame(points, columns=["query", "image", *INLIER_COLUMNS]),
    )


def of_query(evidence, image):
    rows = evidence.queries["image"].to_numpy()[evidence.query] == image
    return evidence.scores.loc[rows, COLUMN].to_numpy()


def test_points_where_those_of_one_animal_lie_weigh_more(p):
    own = [compare(KNOWN), compare(UNSEEN, 1)]
    (known, new), weigher = weigh_own(own, p)
    truth = known.queries["truth"].to_numpy()[known.query]
    right = known.identity == truth
    assert known.scores[COLUMN][right].mean() > 2 * known.scores[COLUMN][~right].mean()
    assert (new.scores[COLUMN] >= 0).all() and len(new.scores) == QUERIES * (ANIMALS - 1)
    # a new photograph's are the sums of its points' weights by the fit on everything
    fresh = compare("test", 2)
    points = fresh.points.assign(weight=weigher.weigh(fresh.points))
    expected = points[points["query"] == "p3"].groupby("image")["weight"].sum()
    np.testing.assert_allclose(of_query(weigh_new(fresh, weigher), "p3"), expected)


def test_a_querys_own_truth_never_reaches_its_weights(p):
    """With another truth of one query, its own weights stay, and those of others change."""
    own = [compare(KNOWN), compare(UNSEEN, 1)]
    queries = own[0].evidence.queries
    wrong = queries.assign(truth=queries["truth"].mask(queries["image"] == "p7", "0"))
    changed = replace(own[0], evidence=replace(own[0].evidence, queries=wrong))
    (first, first_new), _ = weigh_own(own, p)
    (second, second_new), _ = weigh_own([changed, own[1]], p)
    np.testing.assert_array_equal(of_query(first, "p7"), of_query(second, "p7"))
    np.testing.assert_array_equal(of_query(first_new, "p7"), of_query(second_new, "p7"))
    assert not np.array_equal(first.scores[COLUMN], second.scores[COLUMN])
