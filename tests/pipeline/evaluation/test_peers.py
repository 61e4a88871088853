"""Held-out photographs in clusters: three individuals on a circle, with matches by hand."""

import json

import numpy as np
import pandas as pd
import pytest

from pipeline.evaluation import peers
from pipeline.evaluation.peers import LabelledSet, PeerModel, PeerSet

COLUMNS = ["query", "image", "inliers", "weighted_inliers"]
NOTHING = pd.DataFrame(columns=COLUMNS).astype({"inliers": float, "weighted_inliers": float})


def build_peers(degrees: dict[str, float], *matched: tuple[str, str, float, float]) -> PeerSet:
    angles = np.deg2rad(list(degrees.values()))
    vectors = np.column_stack([np.cos(angles), np.sin(angles)])
    table = pd.DataFrame(matched, columns=COLUMNS) if matched else NOTHING
    return PeerSet(list(degrees), vectors, table)


def build_fold(seed: int) -> LabelledSet:
    """Ten individuals of two photographs; embeddings tell little, inliers nearly all."""
    rng = np.random.default_rng(seed)
    names = [f"{individual}{number}" for individual in "abcdefghij" for number in (0, 1)]
    degrees = {name: float(rng.uniform(0, 90)) for name in names}
    matched = [
        (a, b, inliers, inliers / 2)
        for a in names
        for b in names
        if a < b
        for inliers in [float(rng.poisson(20 if a[0] == b[0] else 2))]
    ]
    return LabelledSet(
        np.array([name[0] for name in names]), build_peers(degrees, *matched).tabulate()
    )


def test_all_pairs_have_a_row_and_two_directions_count_as_their_mean():
    one = build_peers(
        {"a": 0, "b": 60, "c": 90}, ("c", "a", 4, 2), ("a", "c", 6, 3), ("a", "x", 9, 9)
    )
    table = one.tabulate()  # of a and b, a and c, b and c
    assert table["similarity"].tolist() == pytest.approx([0.5, 0, np.cos(np.deg2rad(30))])
    assert table["inliers"].tolist() == [0, 5, 0]
    assert table["weighted_inliers"].tolist() == [0, 2.5, 0]
    assert table["is_matched"].tolist() == [False, True, False]


def test_the_fit_finds_the_individuals_of_another_fold():
    folds = [build_fold(seed) for seed in range(3)]
    scores = peers.measure(folds)
    assert scores["ari"] > 0.9 and scores["precision"] > 0.9 and scores["recall"] > 0.9
    fitted = peers.fit(folds)
    assert fitted.prior == pytest.approx(10 / 190)


def test_a_fold_is_not_judged_by_its_own_fit(monkeypatch):
    folds = [build_fold(seed) for seed in range(3)]
    fits = []

    def note(sets):
        fits.append([[one is fold for fold in folds].index(True) for one in sets])
        return PeerModel(peers.PairModel(), 0.5, None)

    monkeypatch.setattr(peers, "fit", note)
    peers.measure(folds)
    assert fits == [[1, 2], [0, 2], [0, 1]]


def test_one_fold_measures_nothing():
    assert all(np.isnan(value) for value in peers.measure([build_fold(0)]).values())


def test_without_two_photographs_of_one_individual_nothing_is_joined():
    one = build_peers({"a": 0, "b": 0})
    fitted = peers.fit([LabelledSet(np.array(["x", "y"]), one.tabulate())])
    assert fitted.threshold is None
    assert fitted.cluster(one).tolist() == [0, 1]
    assert fitted.cluster(one, same=[("b", "a")]).tolist() == [0, 0]


def test_without_local_features_embeddings_decide():
    fold = build_peers({"a0": 0, "a1": 4, "b0": 60, "b1": 65, "c0": 120, "c1": 123})
    labelled = LabelledSet(np.array(list("aabbcc")), fold.tabulate())
    fitted = peers.fit([labelled, labelled])
    assert fitted.model.weights_[1:].tolist() == [0, 0]
    assert fitted.cluster(build_peers({"u": 10, "v": 90, "w": 12})).tolist() == [0, 1, 0]


def test_decisions_come_before_the_evidence():
    fitted = peers.fit([build_fold(0)])
    alike = build_peers({"a": 0, "b": 0, "c": 50}, ("a", "b", 30, 15))
    assert fitted.cluster(alike).tolist() == [0, 0, 1]
    assert fitted.cluster(alike, different=[("b", "a")]).tolist() == [0, 1, 2]
    assert fitted.cluster(alike, same=[("a", "c")], different=[("a", "b")]).tolist() == [0, 1, 0]


def test_pairs_in_blocks_have_the_log_odds_of_all_at_once(monkeypatch):
    fitted, pairs = peers.fit([build_fold(0)]), build_fold(1).pairs
    at_once = fitted.log_odds(pairs, 20)
    assert np.array_equal(at_once[np.triu_indices(20, 1)], fitted.pair_log_odds(pairs))
    monkeypatch.setattr(peers, "BLOCK", 7)
    assert np.allclose(fitted.log_odds(pairs, 20), at_once, rtol=1e-12)


def test_a_model_is_what_was_written(tmp_path):
    fitted = peers.fit([build_fold(0)])
    again = PeerModel.from_dict(json.loads(json.dumps(fitted.to_dict())))
    pairs = build_fold(1).pairs
    assert np.array_equal(again.log_odds(pairs, 20), fitted.log_odds(pairs, 20))
    assert again.threshold == fitted.threshold


@pytest.mark.parametrize("count", [0, 1])
def test_one_photograph_or_none(count):
    fitted = peers.fit([build_fold(0)])
    assert fitted.cluster(build_peers({"a": 0} if count else {})).tolist() == [0] * count


def test_many_unmatched_pairs_are_sampled_with_their_weight(monkeypatch):
    monkeypatch.setattr(peers, "MOST_UNMATCHED", 2)
    one = build_peers(dict.fromkeys("abcd", 0), ("a", "b", 5, 5))
    table = LabelledSet(np.array(list("aabb")), one.tabulate()).label()
    assert table["weight"].tolist() == [1, 2.5, 2.5]  # five are not matched
