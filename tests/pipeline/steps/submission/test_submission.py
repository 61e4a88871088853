"""Rankings of all queries, and the file that is written or not written."""

import pandas as pd
import pytest

from pipeline import params
from pipeline.data.tables import NEW_WHALE
from pipeline.params import Columns
from pipeline.steps.submission import submission
from pipeline.steps.submission.queries import Photographs, Settings, list_vocabulary
from tests.conftest import ROOT

ENCOUNTER = {name: at for at, name in enumerate(["a0", "a1", "b0", "b1", "c1", "t"])}
P = params.load(ROOT / "tests/params.yaml")
COLUMNS = Columns(image="photo", identity="animal", answer="names", new_whale="unknown")
VOCABULARY = {NEW_WHALE, "a", "b"}
TEST = pd.Series({"2.jpg": [NEW_WHALE, "b", "a"], "1.jpg": ["a", NEW_WHALE, "b"]})


FREQUENT = [NEW_WHALE, "b", "a"]
CLUSTERS = pd.DataFrame({"image": ["1.jpg", "2.jpg", "h"], "cluster": ["c_0", "c_1", "c_0"]})


def build_answers() -> submission.Answers:
    none = pd.DataFrame()
    return submission.Answers(none, TEST, none, none, VOCABULARY, CLUSTERS, none, FREQUENT)


def compare(queries, images):
    raise AssertionError("only clusters compare queries with each other")


def decide(images):
    raise AssertionError("only clusters ask what reviewers decided")


@pytest.mark.parametrize(
    ("form", "lines"),
    [("single", "1.jpg,a\n2.jpg,unknown\n"), ("clusters", "1.jpg,c_0\n2.jpg,c_1\n")],
)
def test_the_file_has_one_label_in_the_other_formats(form, lines, tmp_path):
    path = tmp_path / "answers.csv"
    submission.write_submission(build_answers(), ["1.jpg", "2.jpg"], COLUMNS, form, path)
    assert path.read_text() == f"photo,names\n{lines}"


def test_the_file_has_the_names_of_the_competition_and_the_order_of_the_sample(tmp_path):
    path = tmp_path / "answers.csv"
    submission.write_submission(build_answers(), ["1.jpg", "2.jpg"], COLUMNS, "map5", path)
    assert path.read_text() == "photo,names\n1.jpg,a unknown b\n2.jpg,unknown b a\n"


def test_nothing_is_written_if_the_contract_is_broken(tmp_path):
    path = tmp_path / "answers.csv"
    with pytest.raises(ValueError):
        submission.write_submission(build_answers(), ["1.jpg", "3.jpg"], COLUMNS, "map5", path)
    assert not list(tmp_path.iterdir())


def test_the_vocabulary_begins_with_the_most_photographed():
    folds = pd.DataFrame({"identity": ["b", "c", "c", "a", NEW_WHALE, NEW_WHALE, NEW_WHALE]})
    assert list_vocabulary(folds) == [NEW_WHALE, "c", "a", "b"]


@pytest.fixture
def folds() -> pd.DataFrame:
    """a and b in both folds; c in fold 1 only: held out there, it is new."""
    rows = [("a0", "a", 0), ("a1", "a", 1), ("b0", "b", 0), ("b1", "b", 1), ("c1", "c", 1)]
    table = pd.DataFrame(rows, columns=["image", "identity", "fold"])
    return table.assign(group=range(5), only_fold="", part=0)


def build_log_odds(folds: pd.DataFrame) -> pd.DataFrame:
    rows = [(image, fold, False, "a", 1.0) for image, fold in folds[["image", "fold"]].values]
    rows += [("t", fold, True, "b", 2.0) for fold in (0, 1)]
    return pd.DataFrame(rows, columns=["query", "fold", "test", "identity", "log_odds"])


def rank(log_odds: pd.DataFrame, folds: pd.DataFrame, trained=(0, 1), capacity=0, **new_whale):
    settings = Settings(
        P.ensembles["card"].new_whale.model_copy(update=new_whale),
        P.submission.model_copy(update={"capacity": capacity}),
        P.evaluation,
    )
    return submission.rank_queries(
        log_odds,
        folds,
        list(trained),
        settings,
        Photographs(["t"], {}, compare, ENCOUNTER, decide),
    )


@pytest.mark.parametrize("method", ["posterior", "fixed", "swept", "prior"])
def test_every_query_is_ranked(folds, method):
    answers = rank(build_log_odds(folds), folds, method=method)
    assert answers.held_out["image"].tolist() == ["a0", "b0", "a1", "b1", "c1"]
    assert answers.held_out["truth"].tolist() == ["a", "b", "a", "b", NEW_WHALE]
    assert all(len(row.split(" ")) == 4 for row in answers.held_out["ranking"])
    assert len(answers.test["t"]) == 4 and set(answers.test["t"]) == answers.vocabulary
    assert answers.vocabulary == {NEW_WHALE, "a", "b", "c"}
    by_query = answers.posteriors.groupby("query")["posterior"]
    assert set(by_query.groups) == {"a0", "b0", "a1", "b1", "c1", "t"}
    assert by_query.sum().to_numpy() == pytest.approx(1)
    weights = answers.held_out["weight"]
    assert weights[4] / weights.sum() == pytest.approx(P.evaluation.new_whale_prior)


def test_with_one_trained_fold_only_its_queries_are_ranked(folds):
    log_odds = build_log_odds(folds)
    method = P.ensembles["single"].new_whale.method
    answers = rank(log_odds[log_odds["fold"] == 0], folds, [0], method=method)
    assert answers.held_out["image"].tolist() == ["a0", "b0"]
    assert answers.test["t"][0] == "b"


def test_unlabelled_photographs_are_not_in_the_submission(folds):
    """u is scored like a test photograph, for pseudo-labels; the submission has t only."""
    log_odds = build_log_odds(folds)
    unlabelled = log_odds[log_odds["test"]].assign(query="u")
    answers = rank(pd.concat([log_odds, unlabelled], ignore_index=True), folds)
    assert answers.test.index.tolist() == ["t"] and "u" not in set(answers.posteriors["query"])


def test_never_puts_new_whale_after_all_identities(folds):
    answers = rank(build_log_odds(folds), folds, method="never")
    assert answers.test["t"] == ["b", "a", "c", NEW_WHALE]
    answers = rank(build_log_odds(folds), folds, capacity=1, method="never")
    assert answers.test["t"] == ["b", "a", "c", NEW_WHALE]
    assert not answers.held_out["ranking"].str.startswith(NEW_WHALE).any()


def test_queries_of_one_fold_are_balanced_among_themselves(folds):
    """Every held-out query has a first; with a capacity of 1, one query per fold keeps it."""
    answers = rank(build_log_odds(folds), folds, capacity=1)
    first = answers.held_out["ranking"].str.split(" ").str[0]
    assert (first == "a").groupby(answers.held_out["fold"]).sum().tolist() == [1, 1]
    unbalanced = rank(build_log_odds(folds), folds)
    assert (unbalanced.held_out["ranking"].str.split(" ").str[0] == "a").all()


@pytest.mark.parametrize(
    ("method", "labels"),
    [("posterior", [NEW_WHALE, *"abc"]), ("never", [*"abc", NEW_WHALE])],
)
def test_the_most_frequent_labels_come_first(folds, method, labels):
    assert rank(build_log_odds(folds), folds, method=method).frequent == labels


@pytest.mark.parametrize(
    ("form", "answer"),
    [("map5", "unknown b a"), ("single", "unknown"), ("clusters", "cluster_unread_0")],
)
def test_a_photograph_that_cannot_be_read_keeps_its_row(form, answer, tmp_path, capsys):
    sample, path = ["1.jpg", "broken", "2.jpg"], tmp_path / "answers.csv"
    answers = submission.answer_unread(build_answers(), {"broken"}, "card")
    submission.write_submission(answers, sample, COLUMNS, form, path)
    assert path.read_text().splitlines()[2] == f"broken,{answer}"
    said = "submission card: 1 photographs of the test can't be read and are answered new_whale b a"
    assert said in capsys.readouterr().out
    assert submission.answer_unread(answers, set(), "card") is answers
