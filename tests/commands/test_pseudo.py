"""data/pseudo.csv: what the members of each fold agree on, round by round."""

import pandas as pd
import pytest

from commands import pseudo
from pipeline import params, paths
from pipeline.data import tables
from pipeline.steps.folds import folds
from tests.conftest import ROOT

# log-odds against new_whale: 5 is a posterior of .993, 1 one of .73
SAID = {
    "best": [("x", 0, "a", 5.0), ("x", 1, "a", 5.0), ("y", 0, "b", 5.0), ("z", 0, "c", 5.0)],
    "card": [("x", 0, "a", 4.0), ("x", 1, "a", 1.0), ("y", 0, "a", 5.0), ("z", 0, "c", 5.0)],
}
FOLDS = pd.DataFrame([("t", "c", 0, "", 1)], columns=tables.COLUMNS["folds"])
OWN = folds.partition(FOLDS)


def answers(p, name: str) -> pd.DataFrame:
    rows = pd.DataFrame(SAID[name], columns=["query", "fold", "identity", "log_odds"])
    return rows.assign(test=True)


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    """Two ensembles that have run; z is a copy of a labelled photograph."""
    (tmp_path / "params.yaml").write_text((ROOT / "tests/params.yaml").read_text())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pseudo, "answers", answers)
    tables.write("folds", FOLDS, paths.FOLDS)
    for path in map(paths.placed_posteriors, SAID):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    twin = pd.DataFrame([("z", "t", "c")], columns=tables.COLUMNS["duplicates"])
    tables.write("duplicates", twin, paths.DUPLICATES)
    tables.write("pseudo", pd.DataFrame(columns=tables.COLUMNS["pseudo"]), paths.PSEUDO)


def written() -> list[list]:
    return tables.read("pseudo", paths.PSEUDO).values.tolist()


def test_all_named_ensembles_must_agree_in_that_fold(capsys):
    """x in fold 0 alone: in fold 1 the card is unsure; y has two names, z a label already."""
    pseudo.main(["best", "card"], 0.9)
    assert written() == [["x", "a", pytest.approx(0.982, abs=1e-3), 0, 1, OWN]]
    assert (
        "round 1, 1 test photographs of 1 identities, 1 labels in 1 folds"
        in capsys.readouterr().out
    )


def test_the_next_round_has_the_next_number_and_starts_anew():
    pseudo.main(["best"], 0.9)
    assert [row[:2] + row[3:] for row in written()] == [
        ["x", "a", 0, 1, OWN],
        ["y", "b", 0, 1, OWN],
        ["x", "a", 1, 1, OWN],
    ]
    pseudo.main(["best", "card"], 0.9)
    assert [row[3:] for row in written()] == [[0, 2, OWN]]


def test_nobody_sure_leaves_a_header_alone(capsys):
    pseudo.main(["best"], 0.999)
    assert written() == [] and "0 labels in 0 folds" in capsys.readouterr().out


def test_the_surest_are_labelled_however_sure(capsys):
    """card is sure of x in fold 1 by .73 alone; z is a copy, and would have been the surest c."""
    pseudo.main(["card"], 0.99, surest=1)
    assert [row[:2] + row[3:4] for row in written()] == [["y", "a", 0], ["x", "a", 1]]
    with pytest.raises(SystemExit, match="--surest 0: at least one photograph"):
        pseudo.main(["card"], 0.99, surest=0)


def test_what_is_not_there_is_told():
    with pytest.raises(SystemExit, match="no ensembles .'bset'.; params.yaml has"):
        pseudo.main(["bset"], 0.9)
    paths.placed_posteriors("card").unlink()
    with pytest.raises(SystemExit, match="card/posteriors.parquet is not there: run the pipeline"):
        pseudo.main(["best", "card"], 0.9)


def test_what_was_fitted_on_the_held_out_photographs_has_no_say(monkeypatch):
    """card needs Reptile's word; best goes without its weighed points; single has one fold."""
    monkeypatch.undo()
    p = params.load(ROOT / "params.yaml")
    with pytest.raises(ValueError, match="card: .'reranked or centre'. were fitted"):
        pseudo.answers(p, "card")
    with pytest.raises(ValueError, match="single has one fold"):
        pseudo.answers(p, "single")
    for score in ("reptile", "reranked or nearest", *params.FEW_SHOT):
        recipe = p.ensembles["best"].model_copy(update={"scores": ["nearest", score]})
        fitted = p.model_copy(update={"ensembles": {"best": recipe}})
        with pytest.raises(ValueError, match=f"best: .'{score}'. were fitted"):
            pseudo.answers(fitted, "best")
    seen = []
    monkeypatch.setattr(pseudo, "load_fold_evidence", lambda recipe, trained, folds: [])
    monkeypatch.setattr(tables, "read", lambda kind, path: None)
    monkeypatch.setattr(
        pseudo, "score_test_without_fold", lambda _, blend: seen.append(blend.recipe)
    )
    pseudo.answers(p, "best")
    assert (
        set(seen[0].local) == {"votes", "inliers"} and seen[0].scores == p.ensembles["best"].scores
    )
