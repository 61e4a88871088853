"""The collection of a finished run, and the decisions on its photographs."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from pipeline import paths
from pipeline.data import tables
from pipeline.data.gallery import Embeddings
from pipeline.population import finished_run
from pipeline.population.count import Survey
from pipeline.population.live import LiveCount
from pipeline.population.unnamed_pairs import LEAST
from pipeline.system.errors import UserError

# a and b are known; n is labelled new_whale; u shows a, v and w one new animal; x duplicates a0
DEGREES = {"a0": 0, "a1": 8, "b0": 60, "b1": 66, "n": 200, "u": 5, "v": 120, "w": 124, "x": 0}
LABELS = {"a0": "a", "a1": "a", "b0": "b", "b1": "b", "n": "new_whale"}
EMPTY = pd.DataFrame(columns=tables.COLUMNS["review"])


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    labels = pd.DataFrame(LABELS.items(), columns=["image", "identity"])
    labels = labels.assign(group=range(5), provenance="competition", only_fold="")
    tables.write("labels", labels, paths.LABELS)
    folds = labels.drop(columns="provenance").assign(fold=[0, 0, 0, 0, 1], part=0)
    tables.write("folds", folds[tables.COLUMNS["folds"]], paths.FOLDS)
    split = ["train" if image in LABELS else "test" for image in DEGREES]
    images = pd.DataFrame(dict.fromkeys(tables.COLUMNS["images"], 1), range(len(split)))
    tables.write("images", images.assign(image=list(DEGREES), split=split), paths.IMAGES)
    groups = pd.DataFrame({"image": list(DEGREES), "group": [0, 1, 2, 3, 4, 5, 6, 7, 0]})
    tables.write("groups", groups, paths.GROUPS)
    tables.write("review", EMPTY, paths.REVIEW)
    angles = np.deg2rad(list(DEGREES.values()))
    vectors = np.column_stack([np.cos(angles), np.sin(angles)]).astype(np.float32)
    for backbone, fold in itertools.product(["lite0", "regnet", "mobilenet"], range(3)):
        Embeddings(np.array(list(DEGREES)), vectors).save(paths.embeddings(backbone, fold))
    rows = [
        ("u", "a", 0.9),
        ("u", "new_whale", 0.1),
        ("v", "a", 0.2),
        ("v", "b", 0.1),
        ("n", "a", 0),
    ]
    posteriors = pd.DataFrame(rows, columns=["query", "identity", "posterior"])
    tables.write_parquet(posteriors, paths.posteriors("best"))


@pytest.fixture
def named(p):
    return finished_run.load("best", p)


def write_decisions(*rows):
    table = pd.DataFrame(rows, columns=["image_a", "image_b", "decision"])
    tables.write("review", table.assign(who="me", when="now"), paths.REVIEW)


def find(named, image):
    return next(node for node, images in enumerate(named.images) if image in images)


def test_known_individuals_come_first_with_their_photographs_and_duplicates(named):
    assert named.collection.known == 2
    assert named.images[:2] == [["a0", "a1", "x"], ["b0", "b1"]]
    assert sorted(named.images[2:]) == [["n"], ["u"], ["v"], ["w"]]


def test_known_individuals_have_the_posterior_of_the_ensemble(named):
    log_odds = named.collection.log_odds
    assert log_odds[find(named, "u"), 0] == pytest.approx(logit(0.9))
    assert log_odds[0, find(named, "v")] == pytest.approx(logit(0.2))
    assert log_odds[find(named, "w"), 0] == LEAST
    assert log_odds[0, 1] == LEAST


def test_photographs_without_a_name_are_compared_by_their_embeddings(named):
    v, w, n = (find(named, image) for image in "vwn")
    assert expit(named.collection.log_odds[v, w]) > 0.5 > expit(named.collection.log_odds[v, n])
    assert (named.collection.log_odds == named.collection.log_odds.T).all()


def test_a_question_shows_the_known_individuals_nearest_photograph(named):
    assert named.show(find(named, "u"), 0)[0] == "u"
    assert named.show(find(named, "v"), 0) == ("v", "a1")
    assert named.show(find(named, "w"), find(named, "v")) == ("w", "v")


def test_decisions_count_by_photograph_and_individual(named):
    write_decisions(
        ("u", "a0", "same"), ("a1", "u", "different"), ("u", "b0", "unsure"), ("v", "w", "same"),
        ("v", "w", "same"), ("a0", "b0", "different"), ("n", "", "new"), ("a0", "a1", "same"),
    )  # fmt: skip
    u = find(named, "u")
    late, early = sorted([find(named, "v"), find(named, "w")], reverse=True)
    assert named.read_decisions() == {u: {0: (1, 1, 0), 1: (0, 0, 1)}, late: {early: (2, 0, 0)}}


def test_an_undo_takes_back_what_was_decided_before(named):
    write_decisions(("u", "a0", "same"), ("a0", "u", "undo"), ("u", "a0", "different"))
    assert named.read_decisions() == {find(named, "u"): {0: (0, 1, 0)}}


def test_questions_are_a_table_of_photographs(named):
    review = Survey(named.collection, 0, 1e-9).review(named.read_decisions())
    table = finished_run.tabulate_questions(named, review)
    assert list(table.columns) == ["photograph", "other", "probability", "reason"]
    assert set(table["photograph"]) == {"n", "u", "v", "w"}
    assert table[table["photograph"] == "u"].iloc[0]["other"] in ("a0", "a1", "x")


def test_a_run_that_has_not_finished_is_named(p):
    with pytest.raises(UserError, match="single/posteriors.parquet does not exist"):
        finished_run.load("single", p)
    with pytest.raises(UserError, match="no ensemble bset"):
        finished_run.load("bset", p)


def test_a_count_follows_the_decisions(named, monkeypatch):
    live = LiveCount(named, Survey(named.collection, 0, 0.1))
    before = live.list_questions()
    assert len(before) and before["gain"].isna().all()
    assert live.describe().startswith("So far ") and "0 decisions on 4 of 4" in live.describe()
    first = before.iloc[0]
    write_decisions((first["photograph"], first["other"], "same"))
    after = live.list_questions()
    pair = (after["photograph"] == first["photograph"]) & (after["other"] == first["other"])
    assert not pair.any() and live.count().decisions == 1
    monkeypatch.setattr(Survey, "review", None)  # nothing is computed again
    assert live.list_questions().equals(after)
