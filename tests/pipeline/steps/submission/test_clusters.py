"""Clusters by hand: known individuals, and unknown ones by near vectors."""

import numpy as np
import pandas as pd
import pytest

from pipeline import params
from pipeline.data.gallery import KNOWN, LABELLED_NEW, UNSEEN
from pipeline.data.tables import NEW_WHALE
from pipeline.evaluation import clustering
from pipeline.steps.submission import clusters
from pipeline.steps.submission.queries import Photographs, Queries, Settings
from tests.conftest import ROOT

P = params.load(ROOT / "tests/params.yaml")
NEAR = np.cos(np.deg2rad(10))
# image, fold, kind, individual, angle, log-odds of the candidate "a"
ROWS = [
    (f"{kind}{number}{fold}", fold, *rest)
    for fold in (0, 1)
    for kind, number, *rest in [
        ("k", 0, KNOWN, "a", 0, 4.0),
        ("k", 1, KNOWN, "a", 2, 3.0),
        ("u", 0, UNSEEN, f"x{fold}", 60, -4.0),
        ("u", 1, UNSEEN, f"x{fold}", 64, -3.0),
        ("u", 2, UNSEEN, f"y{fold}", 120, -4.0),
        ("l", 0, LABELLED_NEW, "group 9", 60, -4.0),
    ]
]
ANGLES = {row[0]: row[4] for row in ROWS} | {"t0": 0, "t1": 61, "t2": 64, "t3": 120, "s0": 61}


def embed(folds, images) -> np.ndarray:
    angles = np.deg2rad([ANGLES[image] for image in images])
    return np.column_stack([np.cos(angles), np.sin(angles)])


def build() -> tuple[Queries, Settings, Photographs]:
    """The test has one known photograph, three new ones, and one of another species."""
    truth = pd.DataFrame(ROWS, columns=["image", "fold", "kind", "cluster", "angle", "log_odds"])
    truth = truth.assign(
        species="lynx", truth=truth["cluster"].where(truth["kind"] == KNOWN, NEW_WHALE)
    )
    held_out = truth[["fold", "log_odds"]].assign(query=truth["image"], identity="a")
    test = pd.DataFrame({"query": ["t0", "t1", "t2", "t3", "s0"], "identity": "a", "fold": 0})
    test = test.assign(log_odds=[4.0, -4, -4, -4, -4])
    species = dict.fromkeys([*truth["image"], "t0", "t1", "t2", "t3"], "lynx") | {"s0": "a newt"}
    settings = Settings(
        P.ensembles["card"].new_whale,
        P.submission.model_copy(update={"format": "clusters"}),
        P.evaluation,
    )
    queries = Queries(held_out, test, truth, [NEW_WHALE, "a"])
    return queries, settings, Photographs(test["query"], species, embed, {})


def test_known_ones_share_the_cluster_of_their_individual_and_new_ones_that_of_near_ones():
    firsts = ["b", NEW_WHALE, "a", NEW_WHALE, "b", NEW_WHALE]
    rankings = pd.Series([[first, "c"] for first in firsts])
    vectors = np.column_stack([np.cos(np.deg2rad([0, 0, 0, 3, 90, 50])), np.ones(6)])
    vectors[:, 1] = np.sin(np.deg2rad([0, 0, 0, 3, 90, 50]))
    (found,) = clusters.join(rankings, vectors, [NEAR])
    assert found.tolist() == [0, 1, 2, 1, 0, 3]


def test_a_choice_has_no_part_of_the_fold_that_it_is_for():
    shape = (3, len(clustering.MIN_COSINES))
    best = {("lynx", 0): (0, 3), ("lynx", 1): (2, 7), ("newt", 0): (1, 1), ("newt", 1): (1, 1)}
    scores = {}
    for key, place in best.items():
        scores[key] = np.zeros(shape)
        scores[key][place] = 1 + (key[0] == "newt")
    shifts = np.array([-1.0, 0.0, 1.0])

    def choose(*arguments) -> tuple:
        choice = clusters.choose(scores, shifts, *arguments)
        return choice.shift, clustering.MIN_COSINES.tolist().index(choice.min_cosine)

    assert choose("lynx", {"lynx"}, 0) == (1.0, 7) and choose("lynx", {"lynx"}, 1) == (-1.0, 3)
    assert choose("lynx", set(), 0) == (0.0, 1)  # on all: the newts' is better
    assert clusters.choose({}, shifts, "lynx", set()) == (0.0, clusters.ALONE)


def test_the_test_is_clustered_by_species_with_what_was_right_on_held_out_ones():
    queries, settings, photographs = build()
    held_out, test, choices = clusters.place_for_clusters(queries, settings, photographs)
    assert set(choices) == {("lynx", 0), ("lynx", 1), ("lynx", -1), ("a newt", -1)}
    every = pd.concat([held_out, test])
    first = every.sort_values("posterior").groupby("query")["identity"].last()
    rankings = first.map(lambda label: [label])
    table = clusters.tabulate_clusters(rankings, queries, choices, photographs)
    found = table.set_index("image")["cluster"]
    assert found[["t0", "t1", "t2", "t3"]].tolist() == [f"cluster_lynx_{n}" for n in (0, 1, 1, 2)]
    assert found["s0"] == "cluster_a_newt_0"
    assert found["k00"] == found["k10"] and found["u00"] == found["u10"] != found["u20"]
    assert set(table["image"]) == set(ANGLES)


@pytest.mark.parametrize("method", ["fixed", "never"])
def test_a_method_without_a_choice_keeps_its_shift(method):
    new_whale = params.NewWhale(method=method, shift=1.5)
    assert clusters.list_shifts(new_whale).tolist() == [1.5]
