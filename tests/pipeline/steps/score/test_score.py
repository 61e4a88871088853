"""The numbers of the score card on four queries, by hand."""

import json

import numpy as np
import pandas as pd
import pytest

from pipeline import params
from pipeline.data import tables
from pipeline.data.gallery import KNOWN, LABELLED_NEW, UNSEEN
from pipeline.data.tables import NEW_WHALE
from pipeline.evaluation import protocol
from pipeline.steps.score import score
from tests.conftest import ROOT

EVALUATION = params.load(ROOT / "tests/params.yaml").evaluation


@pytest.fixture
def rankings() -> pd.DataFrame:
    """a is first, b second; one new query is right, the other third."""
    rows = [
        (KNOWN, "a", "a", 1.5, "a b c d e"),
        (KNOWN, "b", "b", 1.5, f"a b {NEW_WHALE} d e"),
        (LABELLED_NEW, NEW_WHALE, "group 7", 0.5, f"{NEW_WHALE} a b c d"),
        (UNSEEN, NEW_WHALE, "z", 0.5, f"a b {NEW_WHALE} c d"),
    ]
    return pd.DataFrame(rows, columns=["kind", "truth", "cluster", "weight", "ranking"])


def test_the_numbers_by_hand(rankings):
    """Precisions 1, 1/2, 1, 1/3 with weights 1.5, 1.5, .5, .5 of 4."""
    found = score.compute_score_card(rankings, EVALUATION)
    assert found["map5"] == pytest.approx((1.5 + 0.75 + 0.5 + 0.5 / 3) / 4, abs=1e-5)
    assert found["top1"] == pytest.approx(2 / 4)
    assert found["top5"] == 1
    assert found["map5_known"] == 0.75
    assert found["top1_known"] == 0.5
    assert found["recall_labelled_new"] is None  # of a single photograph
    assert found["recall_unseen"] is None
    assert found["baks"] == 0.5
    assert found["baus"] == 0.5
    assert found["new_share"] == pytest.approx(0.5 / 4)
    assert found["prior"] == EVALUATION.new_whale_prior
    assert (found["queries_known"], found["queries_labelled_new"], found["queries_unseen"]) == (
        2, 1, 1,
    )  # fmt: skip
    assert score.NOT_MEASURED not in found


def test_recalls_of_both_kinds_of_new_individuals(rankings):
    twice = pd.concat([rankings, rankings.assign(cluster=rankings["cluster"] + "2")])
    found = score.compute_score_card(twice, EVALUATION)
    assert (found["recall_labelled_new"], found["recall_unseen"]) == (1, 0)


def test_scores_of_known_individuals_ignore_the_weights(rankings):
    rankings["weight"] = [3.0, 0.1, 0.5, 0.4]
    assert score.compute_score_card(rankings, EVALUATION)["map5_known"] == 0.75


def test_json_has_no_nan(rankings):
    """Without new queries their scores are null."""
    known = rankings[rankings["kind"] == KNOWN]
    found = score.compute_score_card(known, EVALUATION)
    text = json.dumps(found, allow_nan=False)
    assert found["recall_unseen"] is None and found["baus"] is None
    assert json.loads(text) == found


MIXED = ["map5", "map5_low", "map5_high", "visible", "top1", "top5", "new_share"]


@pytest.mark.fault(
    "evaluation",
    "no held-out photograph shows a new individual, or a known one",
    "no score over both kinds, and the card and the log say why",
)
@pytest.mark.parametrize(
    "rows, reason, measured",
    [
        ([0, 1], "no held-out photograph shows a new individual: MAP@5", {"map5_known": 0.75}),
        ([2, 3], "no held-out photograph shows a known individual: MAP@5", {"baus": 0.5}),
        ([0, 1, 3], "the held-out photographs show a single new individual: MAP@5", {"baks": 0.5}),
        ([0, 2, 3], "the held-out photographs show a single known individual: MAP@5", {}),
        ([0], "a single known individual and no held-out photograph shows a new", {}),
    ],
)
def test_a_score_needs_two_individuals_of_each_of_its_kinds(rankings, rows, reason, measured):
    found = score.compute_score_card(rankings.iloc[rows], EVALUATION)
    assert [found[name] for name in MIXED] == [None] * len(MIXED)
    assert {name: found[name] for name in measured} == measured
    if 1 not in rows:
        assert found["map5_known"] is None and found["baks"] is None
    assert reason in found[score.NOT_MEASURED]
    assert reason in score.describe("card", found)


def test_the_log_has_the_score(rankings):
    found = score.compute_score_card(rankings, EVALUATION)
    assert score.describe("card", found).startswith("score card: held-out MAP@5 0.729 (")


def test_the_interval_resamples_individuals_not_photographs(rankings):
    """Ten photographs of one individual are no more evidence than one: the interval is as wide."""
    repeated = pd.concat([rankings.iloc[:1]] * 10 + [rankings.iloc[1:]], ignore_index=True)
    repeated["weight"] = [0.15] * 10 + [1.5, 0.5, 0.5]
    few, many = (score.compute_score_card(table, EVALUATION) for table in (rankings, repeated))
    assert few["map5_low"] < few["map5_high"]
    assert (few["map5_low"], few["map5_high"]) == (many["map5_low"], many["map5_high"])


def test_the_interval_is_a_bootstrap_over_clusters(rankings):
    found = score.compute_score_card(rankings, EVALUATION)
    precision, weights = np.array([1, 0.5, 1, 1 / 3]), rankings["weight"].to_numpy()
    known = (rankings["kind"] == KNOWN).to_numpy()

    def mean(times):
        """Known and new ones apart, each with the weight that its kind has altogether."""
        kinds = [kind for kind in (known, ~known) if times[kind].any()]
        if len(kinds) < 2:
            return np.nan
        return sum(
            weights[kind].sum() / 4 * np.average(precision[kind], weights=(weights * times)[kind])
            for kind in kinds
        )

    samples = protocol.bootstrap(
        mean, ["a", "b", "group 7", "z"], EVALUATION.bootstrap, EVALUATION.seed
    )
    low, high = np.nanpercentile(samples, [2.5, 97.5])
    assert (found["map5_low"], found["map5_high"]) == pytest.approx((low, high), abs=1e-5)
    assert found["visible"] == pytest.approx(2.8 * np.nanstd(samples), abs=1e-5)


def test_scores_have_five_digits():
    assert score.round_score(1 / 3) == 0.33333
    assert score.round_score(float("nan")) is None


def test_calibration_errors_by_hand():
    first = pd.DataFrame(
        {"probability": [0.2, 0.8], "frequency": [0.1, 1.0], "fraction": [0.5, 0.5]}
    )
    pairs = pd.DataFrame(
        {
            "score": ["b", "a"],
            "probability": [0.5, 0.1],
            "frequency": [0.25, 0.1],
            "fraction": [1.0, 1.0],
        }
    )
    assert score.compute_calibration_errors(first, pairs) == {
        "calibration_error": 0.15,
        "calibration_error_b": 0.25,
        "calibration_error_a": 0,
    }


def test_an_empty_diagram_has_no_error():
    empty = pd.DataFrame({"score": [], "probability": [], "frequency": [], "fraction": []})
    assert score.compute_calibration_errors(empty, empty) == {"calibration_error": None}


def test_verify_scores_have_the_name_of_the_stage():
    scores = score.name_verify_scores({"auc": 0.987654321, "eer": None}, "verify")
    assert scores == {"verify_auc": 0.98765, "verify_eer": None}


def test_few_shot_accuracies_are_the_means_of_members():
    members = [
        {"way5_shot1": 0.5, "way5_shot1_half_width": 0.03, "way20_shot1": 0.25}
        | {"way20_shot1_half_width": 0.01},
        {"way5_shot1": 1.0, "way5_shot1_half_width": 0.01, "way20_shot1": None}
        | {"way20_shot1_half_width": None},
    ]
    scores = score.average_few_shot_accuracy(members)
    assert scores["way5_shot1"] == 0.75
    assert (scores["way5_shot1_low"], scores["way5_shot1_high"]) == (0.73, 0.77)
    assert {scores[name] for name in scores if name.startswith("way20")} == {None}


def test_the_card_counts_conflicts_and_names_their_policy():
    table = pd.DataFrame([[3, "a.jpg b.jpg", "w1 w2"]], columns=tables.COLUMNS["conflicts"])
    assert score.summarise_conflicts(table, "drop") == {
        "label_conflicts": 1,
        "label_conflicts_policy": "drop",
    }


def test_photographs_that_are_left_out_are_counted_by_split(rankings):
    """u and the file that no table lists are neither trained on nor answered."""
    rows = [("a", "train"), ("b", "train"), ("c", "test"), ("u", "unlabelled"), ("x", "")]
    table = pd.DataFrame(rows, columns=["file", "where"]).assign(reason="zero bytes")
    counts = score.count_left_out(table)
    assert counts == {"left_out_train": 2, "left_out_test": 1}
    card = score.compute_score_card(rankings, EVALUATION) | counts
    assert score.describe("card", card).endswith(
        "score card: 2 photographs of the training and 1 of the test can't be read and are left out"
    )
    assert score.count_left_out(table[3:]) == score.count_left_out(table[:0]) == {}


def summary(views: float, fit: float | None, reason: str = "") -> dict:
    return {"views_per_identity": views, "fit": fit, "not_converged": reason}


@pytest.mark.fault(
    "training",
    "training ends while the network does not yet fit its training set",
    "the log, the score card and the report name the member and the way out",
)
def test_members_that_have_not_converged_are_named():
    members = {"a-0": summary(40, 0.98), "b-0": summary(12.5, 0.4, "train longer")}
    members |= {"b-1": summary(13, 0.5, "train longer"), "c-0": summary(40, 0.5, "slower")}
    card = score.summarise_training(members)
    assert card["views_per_identity"] == 12.5 and card["training_fit"] == 0.4
    few = "b-0 (training fit 0.40), b-1 (training fit 0.50): train longer"
    assert card[score.NOT_CONVERGED] == f"{few}; c-0 (training fit 0.50): slower"
    text = score.describe("best", {**card, "map5": 0.5, "map5_low": 0.4, "map5_high": 0.6})
    assert text.splitlines() == [
        "score best: held-out MAP@5 0.500 (0.400 to 0.600)",
        f"score best: not converged: {few}; c-0 (training fit 0.50): slower",
    ]


def test_a_fit_that_no_training_has_is_null_and_no_member_is_named():
    card = score.summarise_training({"a-0": summary(40, None), "b-0": summary(50, None)})
    assert card == {"views_per_identity": 40, "training_fit": None}
    assert score.describe("x", card | {score.NOT_MEASURED: "why"}) == "score x: why"
