"""Clusters by hand: known individuals, and unknown ones that are probably one individual."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pipeline import params
from pipeline.data import gallery
from pipeline.data.gallery import KNOWN, LABELLED_NEW, UNSEEN
from pipeline.data.tables import NEW_WHALE
from pipeline.evaluation import partition, peers
from pipeline.evaluation.clustering import weighted_ari
from pipeline.evaluation.pair_model import PairModel
from pipeline.evaluation.peers import LabelledSet, PeerModel, PeerSet
from pipeline.paths import TEST
from pipeline.steps.submission import clusters
from pipeline.steps.submission.clusters import HeldOut
from pipeline.steps.submission.queries import Photographs, Queries, Settings
from tests.conftest import ROOT

P = params.load(ROOT / "tests/params.yaml")
MATCHED = ["query", "image", "inliers", "weighted_inliers"]
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


def compare(angles=ANGLES, matched=()):
    """Photographs on a circle, of which some pairs have inliers."""
    table = pd.DataFrame([*matched], columns=MATCHED)
    table = table.astype({"inliers": float, "weighted_inliers": float})

    def compare_some(queries, images) -> PeerSet:
        own = np.deg2rad([angles[image] for image in images])
        return PeerSet(images, np.column_stack([np.cos(own), np.sin(own)]), table)

    return compare_some


def decide_nothing(images):
    return [], []


def build(comparing=None, decide=decide_nothing) -> tuple[Queries, Settings, Photographs]:
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
    return (
        queries,
        settings,
        Photographs(test["query"], species, comparing or compare(), {}, decide),
    )


def cluster(queries, settings, photographs) -> pd.Series:
    """The cluster of every photograph, by its name."""
    held_out, test, choices = clusters.place_for_clusters(queries, settings, photographs)
    every = pd.concat([held_out, test])
    first = every.sort_values("posterior").groupby("query")["identity"].last()
    rankings = first.map(lambda label: [label])
    table = clusters.tabulate_clusters(rankings, queries, choices, photographs)
    return table.set_index("image")["cluster"]


def test_known_ones_share_the_cluster_of_their_individual_and_new_ones_that_of_their_group():
    first = np.array(["b", NEW_WHALE, "a", NEW_WHALE, "b", NEW_WHALE], dtype=object)
    assert clusters.join(first, np.array([0, 0, 1])).tolist() == [0, 1, 2, 1, 0, 3]
    assert clusters.join(first[:1], np.array([], int)).tolist() == [0]
    assert clusters.join(first[:0], np.array([], int)).tolist() == []


def test_the_test_is_clustered_by_species_with_what_was_right_on_held_out_ones():
    queries, settings, photographs = build()
    _, _, choices = clusters.place_for_clusters(queries, settings, photographs)
    assert set(choices) == {("lynx", 0), ("lynx", 1), ("lynx", TEST), ("a newt", TEST)}
    found = cluster(queries, settings, photographs)
    assert found[["t0", "t1", "t2", "t3"]].tolist() == [f"cluster_lynx_{n}" for n in (0, 1, 1, 2)]
    assert found["s0"] == "cluster_a_newt_0"
    assert found["k00"] == found["k10"] and found["u00"] == found["u10"] != found["u20"]
    # whom a labelled new_whale shows is not known, and it was not matched with the others
    assert set(found.index) == set(ANGLES) - {"l00", "l01"}


def test_photographs_that_embeddings_tell_nothing_about_are_grouped_by_their_matches():
    """All unknown ones are 20 degrees apart or the same; t1 and t3 share what t1 and t2 do not."""
    angles = ANGLES | {f"u{n}{fold}": 60 + 20 * n for n in range(3) for fold in (0, 1)}
    angles |= {"t1": 60, "t2": 60, "t3": 80}
    pairs = [("u00", "u10"), ("u01", "u11"), ("t3", "t1"), ("k00", "k10"), ("k01", "k11")]
    matched = [(*pair, 30.0, 20.0) for pair in pairs]
    matched += [("t1", "t2", 0.0, 0.0), ("s0", "t1", 90.0, 90.0)]
    found = cluster(*build(compare(angles, matched)))
    assert found["t1"] == found["t3"] != found["t2"]
    assert found["s0"] == "cluster_a_newt_0"  # whatever it shares with another species


def test_reviewers_have_the_last_word_in_the_test_alone():
    asked = []

    def decide(images):
        asked.append(sorted(images))
        same = [("t1", "t3")] if "t1" in images else []
        different = [("t1", "t2")] if "t1" in images else []
        return same, different

    found = cluster(*build(decide=decide))
    assert found["t1"] == found["t3"] != found["t2"]
    assert asked == [["s0"], ["t1", "t2", "t3"]]  # t0 is known


def test_a_choice_has_no_part_of_the_fold_that_it_is_for():
    measured = {(species, fold): (species, fold) for species in ("lynx", "newt") for fold in (0, 1)}

    def used(*arguments) -> list:
        return clusters.select_used(measured, *arguments)

    assert used({"lynx"}, "lynx", 0) == [("lynx", 1)] and used({"lynx"}, "lynx", 1) == [("lynx", 0)]
    assert used(set(), "lynx", 0) == [("lynx", 1), ("newt", 1)]
    assert used({"lynx"}, "lynx", TEST) == [("lynx", 0), ("lynx", 1)]
    assert used({"lynx"}, "", TEST) == list(measured.values())


def test_nothing_is_grouped_where_nothing_is_measured():
    choice = clusters.choose([], [], np.array([-1.0, 0.0, 1.0]))
    assert choice.shift == 0 and choice.model.threshold is None


def test_of_the_best_choices_the_one_in_their_middle_is_made():
    """The eleventh of 4 x 5 places, row by row, is at their edge."""
    scores = np.zeros((6, 8))
    scores[1:5, 2:7] = 0.5
    best = np.argwhere(scores == 0.5)
    assert best[len(best) // 2].tolist() == [3, 2]
    assert clusters.find_middle(scores) == (2, 4)  # (3, 4) is as near to (2.5, 4)
    scores[5, 2:7] = 0.5
    assert clusters.find_middle(scores) == (3, 4)
    scores[0, 7] = 0.6
    assert clusters.find_middle(scores) == (0, 7)


def test_of_best_choices_that_surround_others_one_of_them_is_made():
    scores = np.ones((3, 3))
    scores[1, 1] = 0
    assert clusters.find_middle(scores) == (0, 1)


def test_every_choice_is_scored_as_its_clusters_are():
    """Against the clusters that the model itself makes of what is answered new_whale."""
    rng = np.random.default_rng(3)
    names = [f"p{number}" for number in range(14)]
    angles = dict(zip(names, rng.uniform(0, 120, 14), strict=True))
    pairs = [(a, b) for a in names for b in names if a < b and rng.random() < 0.3]
    matched = [(*pair, float(rng.poisson(8)), float(rng.poisson(4))) for pair in pairs]
    comparing = compare(angles, matched)
    individuals = np.array([f"i{number // 2}" for number in range(14)], dtype=object)
    rows = pd.DataFrame({"image": names, "cluster": individuals, "weight": rng.uniform(1, 2, 14)})
    one = HeldOut(rows, LabelledSet(individuals, comparing(0, names).tabulate()))
    rankings = [
        pd.Series([[str(label)] for label in rng.choice(["a", "b", NEW_WHALE], 14, p=p)], names)
        for p in ([0.2, 0.2, 0.6], [0, 0, 1], [0.5, 0.5, 0])
    ]
    model = PairModel()
    model.weights_, model.intercept_ = np.array([3.0, 1.0, 0.5]), -3.0
    fitted = PeerModel(model, 0.4, None)
    scores = clusters.score(one, rankings, fitted)
    assert scores.shape == (3, len(partition.THRESHOLDS))
    for row, ranked in enumerate(rankings):
        new = [name for name in names if ranked[name] == [NEW_WHALE]]
        for column in range(0, len(partition.THRESHOLDS), 8):
            own = replace(fitted, threshold=float(partition.THRESHOLDS[column]))
            groups = own.cluster(comparing(0, new))
            label = {name: f"group {group}" for name, group in zip(new, groups, strict=True)}
            found = [label.get(name, ranked[name][0]) for name in names]
            expected = weighted_ari(found, individuals, rows["weight"].to_numpy())
            assert scores[row, column] == pytest.approx(expected)
    choice = clusters.choose([one], rankings, np.array([5.0, 6.0, 7.0]))
    refitted = peers.fit_pairs([one.pairs])
    scores = clusters.score(one, rankings, refitted)
    place = (
        [5.0, 6.0, 7.0].index(choice.shift),
        list(partition.THRESHOLDS).index(choice.model.threshold),
    )
    assert scores[place] == scores.max()


def test_of_a_large_fold_only_what_was_compared_is_measured_and_in_the_table(monkeypatch):
    monkeypatch.setattr(gallery, "MOST_PEERS", 2)
    queries, settings, photographs = build()
    compared = set(clusters.select_compared(queries.truth)["image"])
    assert len(compared) < 10  # of ten that have a name
    found = cluster(queries, settings, photographs)
    assert set(found.index) == compared | {"t0", "t1", "t2", "t3", "s0"}


@pytest.mark.parametrize("method", ["fixed", "never"])
def test_a_method_without_a_choice_keeps_its_shift(method):
    new_whale = params.NewWhale(method=method, shift=1.5)
    assert clusters.list_shifts(new_whale).tolist() == [1.5]
