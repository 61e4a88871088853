"""The scores of one name and of clusters, by species, by hand."""

import numpy as np
import pandas as pd
import pytest

from pipeline import params
from pipeline.data.gallery import KNOWN, LABELLED_NEW, UNSEEN
from pipeline.data.tables import NEW_WHALE
from pipeline.steps.score import formats
from tests.conftest import ROOT

EVALUATION = params.load(ROOT / "tests/params.yaml").evaluation
NONE = pd.DataFrame({"image": [], "cluster": []}, dtype=str)
# kind, fold, individual, first answer
ROWS = [
    (KNOWN, 0, "a", "a"),
    (KNOWN, 0, "a", "b"),
    (KNOWN, 1, "b", "b"),
    (UNSEEN, 0, "x", NEW_WHALE),
    (UNSEEN, 0, "x", NEW_WHALE),
    (UNSEEN, 1, "y", "a"),
    (LABELLED_NEW, 1, "group 1", NEW_WHALE),
]


def build(prefix: str = "") -> pd.DataFrame:
    table = pd.DataFrame(ROWS, columns=["kind", "fold", "cluster", "ranking"])
    truth = table["cluster"].where(table["kind"] == KNOWN, NEW_WHALE)
    images = [f"{prefix}{number}" for number in range(len(table))]
    return table.assign(truth=truth, image=images, cluster=prefix + table["cluster"])


def test_five_names_have_no_score_of_their_own():
    assert formats.score_format("map5", build(), {}, NONE, EVALUATION) == {}
    assert formats.describe("card", "map5", {}) == []


def test_the_geometric_mean_by_hand():
    """BAKS (1/2 + 1) / 2; BAUS of x, y and group 1: 2/3."""
    card = formats.score_format("single", build(), {}, NONE, EVALUATION)
    assert card["geometric_mean"] == pytest.approx(np.sqrt(3 / 4 * 2 / 3), abs=1e-5)
    assert 0 <= card["geometric_mean_low"] <= card["geometric_mean"] <= card["geometric_mean_high"]
    assert set(card) == {"geometric_mean", "geometric_mean_low", "geometric_mean_high"}
    (line,) = formats.describe("card", "single", card)
    assert line.startswith("score card: held-out geometric mean of BAKS and BAUS 0.707 (")


def test_the_mean_is_over_species_and_those_without_individuals_are_named():
    both = pd.concat([build(), build("n").assign(ranking=NEW_WHALE), build("z")[:1]])
    species = {image: {"n": "newt", "z": "lizard"}.get(image[0], "lynx") for image in both["image"]}
    card = formats.score_format("single", both, species, NONE, EVALUATION)
    assert card["geometric_mean_lynx"] == pytest.approx(np.sqrt(1 / 2), abs=1e-5)
    assert card["geometric_mean_newt"] == 0 and card["geometric_mean_lizard"] is None
    assert card["geometric_mean"] == pytest.approx(np.sqrt(1 / 2) / 2, abs=1e-5)
    reason = card["not_measured_geometric_mean"]
    assert reason.endswith("new individuals of lizard")


def test_species_that_are_measured_only_together_are_scored_together():
    species = {image: "lynx" if image in ("0", "1", "3") else "newt" for image in build()["image"]}
    card = formats.score_format("single", build(), species, NONE, EVALUATION)
    assert card["geometric_mean"] == pytest.approx(np.sqrt(1 / 2), abs=1e-5)
    assert "lynx, newt: it is measured over all" in card["not_measured_geometric_mean"]


def test_clusters_are_scored_fold_by_fold_and_new_whales_are_left_out():
    """Fold 0 is right whatever its labels in fold 1; fold 1 shows no pair; group 1 is unknown."""
    labels = pd.DataFrame({"image": list("0123456"), "cluster": list("ppqqqqp")})
    labels.loc[3:4, "cluster"] = "r"
    card = formats.score_format("clusters", build(), {}, labels, EVALUATION)
    assert card["ari"] == 1 and card["ari_low"] == card["ari_high"] == 1
    (line,) = formats.describe("card", "clusters", card)
    assert line == "score card: held-out ari 1.000 (1.000 to 1.000)"


def test_photographs_without_a_cluster_have_no_part():
    """5 is wrong: fold 0 has its score only as long as 5 was compared with the others."""
    labels = pd.DataFrame({"image": list("0123456"), "cluster": list("ppqqqqp")})
    right = formats.score_format("clusters", build(), {}, labels, EVALUATION)["ari"]
    wrong = labels.assign(cluster=labels["cluster"].where(labels["image"] != "0", "other"))
    worse = formats.score_format("clusters", build(), {}, wrong, EVALUATION)["ari"]
    without = formats.score_format("clusters", build(), {}, wrong[1:], EVALUATION)["ari"]
    assert worse < right and without == right


@pytest.mark.fault(
    "evaluation",
    "clusters with a single trained fold",
    "no score, and the card and the log say why",
)
def test_clusters_of_one_fold_have_no_score():
    one = build().assign(fold=0)
    labels = pd.DataFrame({"image": list("0123456"), "cluster": "p"})
    card = formats.score_format("clusters", one, {}, labels, EVALUATION)
    assert card["ari"] is None and "another to choose by" in card["not_measured_ari"]
    assert "another to choose by" in formats.describe("card", "clusters", card)[0]
