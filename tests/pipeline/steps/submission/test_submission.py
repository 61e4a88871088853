"""The whole placing, and the file that is written or not written."""

import pandas as pd
import pytest

from pipeline import params
from pipeline.data.tables import NEW_WHALE
from pipeline.params import Columns
from pipeline.steps.submission import submission
from tests.conftest import ROOT

P = params.load(ROOT / "tests/params.yaml")
COLUMNS = Columns(image="photo", identity="animal", answer="names", new_whale="unknown")
VOCABULARY = {NEW_WHALE, "a", "b"}
LISTS = pd.Series({"2.jpg": [NEW_WHALE, "b", "a"], "1.jpg": ["a", NEW_WHALE, "b"]})


def test_the_file_has_the_competitions_names_and_the_samples_order(tmp_path):
    path = tmp_path / "answers.csv"
    submission.write(LISTS, ["1.jpg", "2.jpg"], COLUMNS, VOCABULARY, path)
    assert path.read_text() == "photo,names\n1.jpg,a unknown b\n2.jpg,unknown b a\n"


def test_nothing_is_written_where_the_contract_is_broken(tmp_path):
    path = tmp_path / "answers.csv"
    with pytest.raises(ValueError):
        submission.write(LISTS, ["1.jpg", "3.jpg"], COLUMNS, VOCABULARY, path)
    assert not list(tmp_path.iterdir())


def test_the_vocabulary_is_most_photographed_first():
    folds = pd.DataFrame({"identity": ["b", "c", "c", "a", NEW_WHALE, NEW_WHALE, NEW_WHALE]})
    assert submission.vocabulary_of(folds) == [NEW_WHALE, "c", "a", "b"]


@pytest.fixture
def folds() -> pd.DataFrame:
    """a and b in both folds; c in fold 1 alone: held out there, it is new."""
    rows = [("a0", "a", 0), ("a1", "a", 1), ("b0", "b", 0), ("b1", "b", 1), ("c1", "c", 1)]
    table = pd.DataFrame(rows, columns=["image", "identity", "fold"])
    return table.assign(group=range(5), only_fold="")


def log_odds(folds: pd.DataFrame) -> pd.DataFrame:
    rows = [(image, fold, False, "a", 1.0) for image, fold in folds[["image", "fold"]].values]
    rows += [("t", fold, True, "b", 2.0) for fold in (0, 1)]
    return pd.DataFrame(rows, columns=["query", "fold", "test", "identity", "log_odds"])


@pytest.mark.parametrize("method", ["posterior", "fixed", "swept", "prior"])
def test_every_query_is_ranked(folds, method):
    section = P.ensembles["card"].new_whale.model_copy(update={"method": method})
    placed = submission.place(
        log_odds(folds), folds, [0, 1], section, P.submission, P.evaluation, {}, ["t"]
    )
    assert placed.held_out["image"].tolist() == ["a0", "b0", "a1", "b1", "c1"]
    assert placed.held_out["truth"].tolist() == ["a", "b", "a", "b", NEW_WHALE]
    assert all(len(row.split(" ")) == 4 for row in placed.held_out["ranking"])
    assert len(placed.test["t"]) == 4 and set(placed.test["t"]) == placed.vocabulary
    assert placed.vocabulary == {NEW_WHALE, "a", "b", "c"}
    answered = placed.posteriors.groupby("query")["posterior"]
    assert set(answered.groups) == {"a0", "b0", "a1", "b1", "c1", "t"}
    assert answered.sum().to_numpy() == pytest.approx(1)
    weights = placed.held_out["weight"]
    assert weights[4] / weights.sum() == pytest.approx(P.evaluation.new_whale_prior)


def test_one_trained_fold_ranks_its_own_queries_alone(folds):
    section = P.ensembles["single"].new_whale
    rows = log_odds(folds)
    placed = submission.place(
        rows[rows["fold"] == 0], folds, [0], section, P.submission, P.evaluation, {}, ["t"]
    )
    assert placed.held_out["image"].tolist() == ["a0", "b0"]
    assert placed.test["t"][0] == "b"


def test_unlabelled_photographs_are_not_asked_for(folds):
    """u is answered like a test photograph, for pseudo-labels; the submission knows t alone."""
    rows = log_odds(folds)
    rows = pd.concat([rows, rows[rows["test"]].assign(query="u")], ignore_index=True)
    section = P.ensembles["card"].new_whale
    placed = submission.place(rows, folds, [0, 1], section, P.submission, P.evaluation, {}, ["t"])
    assert placed.test.index.tolist() == ["t"] and "u" not in set(placed.posteriors["query"])


def test_never_means_never_before_the_list_runs_out(folds):
    section = P.ensembles["card"].new_whale.model_copy(update={"method": "never"})
    placed = submission.place(
        log_odds(folds), folds, [0, 1], section, P.submission, P.evaluation, {}, ["t"]
    )
    assert placed.test["t"] == ["b", "a", "c", NEW_WHALE]
    capped = P.submission.model_copy(update={"capacity": 1})
    placed = submission.place(
        log_odds(folds), folds, [0, 1], section, capped, P.evaluation, {}, ["t"]
    )
    assert placed.test["t"] == ["b", "a", "c", NEW_WHALE]
    assert not placed.held_out["ranking"].str.startswith(NEW_WHALE).any()


def test_what_is_asked_together_is_rearranged_together(folds):
    """Every held-out query says a; with room for one a fold, one of each fold keeps it."""
    section = P.ensembles["card"].new_whale
    capped = P.submission.model_copy(update={"capacity": 1})
    placed = submission.place(
        log_odds(folds), folds, [0, 1], section, capped, P.evaluation, {}, ["t"]
    )
    first = placed.held_out["ranking"].str.split(" ").str[0]
    assert (first == "a").groupby(placed.held_out["fold"]).sum().tolist() == [1, 1]
    free = submission.place(
        log_odds(folds), folds, [0, 1], section, P.submission, P.evaluation, {}, ["t"]
    )
    assert (free.held_out["ranking"].str.split(" ").str[0] == "a").all()
