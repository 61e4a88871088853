"""data/pseudo.csv: what the members of each fold agree on, round by round."""

import pandas as pd
import pytest

from pipeline import params, paths
from pipeline.data import tables
from pipeline.identify import pseudo_labelling
from pipeline.identify.pseudo_labelling import pseudo_label
from pipeline.steps.folds import folds
from pipeline.system.errors import UserError
from tests.conftest import ROOT
from tests.pipeline.steps.ensemble import synthetic

# log-odds against new_whale: 5 is a posterior of .993, 1 one of .73
LOG_ODDS = {
    "best": [("x", 0, "a", 5.0), ("x", 1, "a", 5.0), ("y", 0, "b", 5.0), ("z", 0, "c", 5.0)],
    "card": [("x", 0, "a", 4.0), ("x", 1, "a", 1.0), ("y", 0, "a", 5.0), ("z", 0, "c", 5.0)],
}
FOLDS = pd.DataFrame([("t", "c", 0, "", 1, 0)], columns=tables.COLUMNS["folds"])
PARTITION = folds.hash_partition(FOLDS)


def log_odds(p, name: str) -> pd.DataFrame:
    rows = pd.DataFrame(LOG_ODDS[name], columns=["query", "fold", "identity", "log_odds"])
    return rows.assign(test=True)


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    """Two ensembles that have run; z is a duplicate of a labelled photograph."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pseudo_labelling, "blind_log_odds", log_odds)
    tables.write("folds", FOLDS, paths.FOLDS)
    for path in map(paths.posteriors, LOG_ODDS):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    duplicate = pd.DataFrame([("z", "t", "c")], columns=tables.COLUMNS["duplicates"])
    tables.write("duplicates", duplicate, paths.DUPLICATES)
    tables.write("pseudo", pd.DataFrame(columns=tables.COLUMNS["pseudo"]), paths.PSEUDO)


def written() -> list[list]:
    return tables.read("pseudo", paths.PSEUDO).values.tolist()


def test_all_ensembles_must_agree_in_that_fold(p):
    """x in fold 0 only: in fold 1 the card is unsure; y has two answers, z a label already."""
    labels = pseudo_label(["best", "card"], p, 0.9)
    assert written() == [["x", "a", pytest.approx(0.982, abs=1e-3), 0, 1, PARTITION]]
    assert labels.round == 1 and labels.table["image"].tolist() == ["x"]


def test_the_next_round_has_the_next_number_and_replaces_the_rows(p):
    pseudo_label(["best"], p, 0.9)
    assert [row[:2] + row[3:] for row in written()] == [
        ["x", "a", 0, 1, PARTITION],
        ["y", "b", 0, 1, PARTITION],
        ["x", "a", 1, 1, PARTITION],
    ]
    pseudo_label(["best", "card"], p, 0.9)
    assert [row[3:] for row in written()] == [[0, 2, PARTITION]]


def test_without_a_sure_photograph_only_the_header_is_written(p):
    assert pseudo_label(["best"], p, 0.999).table.empty
    assert written() == []


def test_the_surest_are_labelled_however_sure(p):
    """card's posterior of x in fold 1 is .73; z is a duplicate, and would be the surest c."""
    pseudo_label(["card"], p, 0.99, surest=1)
    assert [row[:2] + row[3:4] for row in written()] == [["y", "a", 0], ["x", "a", 1]]
    with pytest.raises(UserError, match="--surest 0: at least one photograph"):
        pseudo_label(["card"], p, 0.99, surest=0)


def test_members_by_season_get_no_pseudo_labels(p):
    """They may be of any time, and members learn from what is earlier than their season."""
    folds = p.folds.model_copy(update={"seasons": ["2024-03-01", "2025-03-01"]})
    with pytest.raises(UserError, match="nothing was written: folds.seasons: members by season"):
        pseudo_label(["best"], p.model_copy(update={"folds": folds}), 0.9)


def test_unknown_ensembles_and_missing_files_are_named(p):
    with pytest.raises(UserError, match="no ensemble bset; params.yaml has"):
        pseudo_label(["bset"], p, 0.9)
    paths.posteriors("card").unlink()
    with pytest.raises(UserError, match="card/posteriors.parquet does not exist: run the pipeline"):
        pseudo_label(["best", "card"], p, 0.9)


def test_scores_fitted_on_held_out_photographs_are_not_used(monkeypatch):
    """card needs Reptile; best goes without its point weights; single has one fold."""
    monkeypatch.undo()
    p = params.load(ROOT / "params.yaml")
    with pytest.raises(ValueError, match="card: .'reranked or centre'. were fitted"):
        pseudo_labelling.blind_log_odds(p, "card")
    with pytest.raises(ValueError, match="single has one fold"):
        pseudo_labelling.blind_log_odds(p, "single")
    for score in ("reptile", "reranked or nearest", *params.FEW_SHOT):
        recipe = p.ensembles["best"].model_copy(update={"scores": ["nearest", score]})
        fitted = p.model_copy(update={"ensembles": {"best": recipe}})
        with pytest.raises(ValueError, match=f"best: .'{score}'. were fitted"):
            pseudo_labelling.blind_log_odds(fitted, "best")
    used = []
    held_out = [synthetic.build_fold(0)]
    monkeypatch.setattr(pseudo_labelling, "load_fold_evidence", lambda *args: held_out)
    monkeypatch.setattr(pseudo_labelling, "score_blindly", lambda folds, sources, p: folds)
    monkeypatch.setattr(tables, "read", lambda kind, path: None)
    monkeypatch.setattr(
        pseudo_labelling,
        "score_test_without_fold",
        lambda _, tests, blend: used.append(blend.recipe),
    )
    pseudo_labelling.blind_log_odds(p, "best")
    (recipe,) = used
    assert set(recipe.local) == {"votes", "inliers", "edge_votes"}
    assert recipe.scores == p.ensembles["best"].scores
