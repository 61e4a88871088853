"""The rows that are added to the leaderboard, on a hand-made run."""

import json

import pandas as pd
import pytest

from pipeline import params, paths
from pipeline.data import tables
from pipeline.leaderboard import history as columns
from pipeline.leaderboard.update import update_leaderboard
from pipeline.system.errors import UserError
from tests.conftest import ROOT, write_columns

CARD = dict.fromkeys(columns.CARD, 0.25) | {"map5": 0.5, "top5": 0.9}


@pytest.fixture
def run(tmp_path, monkeypatch):
    """`card` answered and scored, the other ensembles not; one test image is a duplicate."""
    text = (ROOT / "tests/params.yaml").read_text()
    (tmp_path / "params.yaml").write_text(text.replace("path: data/demo/photos", "path: photos"))
    (tmp_path / "photos").mkdir()
    solution = "Image,Id,Usage\n1.jpg,a,Public\n2.jpg,new_whale,Private\n"
    (tmp_path / "photos/solution.csv").write_text(solution)
    (tmp_path / "submissions").mkdir()
    answers = "Image,Id\n2.jpg,b new_whale a\n1.jpg,a b new_whale\n"
    (tmp_path / "submissions/card.csv").write_text(answers)
    (tmp_path / "submissions/card.json").write_text(json.dumps(CARD))
    duplicates = pd.DataFrame([["1.jpg", "t.jpg", "a"]], columns=tables.COLUMNS["duplicates"])
    monkeypatch.chdir(tmp_path)
    write_columns()
    tables.write("duplicates", duplicates, paths.DUPLICATES)
    write_labels()
    write_rankings("b a")
    return tmp_path


def write_labels(*named: tuple[str, str]) -> None:
    """t.jpg is labelled a; reviewers have named others."""
    rows = [["t.jpg", "a", 0, "competition", ""]]
    rows += [[image, name, 1, "named", ""] for image, name in named]
    labels = pd.DataFrame(rows, columns=tables.COLUMNS["labels"])
    tables.write("labels", labels, paths.LABELS)


def update() -> pd.DataFrame:
    return update_leaderboard(params.load())


def write_rankings(ranking: str) -> None:
    """The ranking of four held-out queries, whose truth is a; two count as new."""
    rows = [
        [f"q{i}.jpg", i, 0, kind, "a", f"a{i}", 1.0, ranking]
        for i, kind in enumerate(["known", "known", "unseen", "unseen"])
    ]
    ranked = pd.DataFrame(rows, columns=tables.COLUMNS["rankings"])
    tables.write("rankings", ranked, paths.rankings("card"))


def history(run) -> pd.DataFrame:
    return pd.read_csv(run / "submissions/leaderboard.csv", keep_default_na=False)


def test_a_photograph_that_a_reviewer_named_has_no_part_in_a_score(run):
    """Image 1, which is right at the first rank, is left out."""
    write_labels(("1.jpg", "a"))
    update()
    (row,) = history(run).to_dict("records")
    assert (row["public"], row["private"], row["hidden"]) == ("", 0.5, 0.5)


def test_scores_by_hand(run):
    """Image 1 is right at the first rank (public, a duplicate), image 2 at the second (private)."""
    table = update()
    (row,) = history(run).to_dict("records")
    assert row["ensemble"] == "card" and row["held_out_map5"] == 0.5 and row["top1"] == 0.25
    assert (row["public"], row["private"], row["hidden"]) == (1, 0.5, 0.75)
    assert row["hidden_without_copies"] == 0.5
    assert table["ensemble"].tolist() == ["card"] and table["hidden"].tolist() == [0.75]


@pytest.mark.fault(
    "evaluation",
    "the leaderboard of an ensemble without new held-out queries",
    "a row without held-out MAP@5, and a warning with the reason",
)
def test_what_is_not_measured_has_no_number_on_the_leaderboard(run, caplog):
    ranked = tables.read("rankings", paths.rankings("card"))
    tables.write("rankings", ranked[ranked["kind"] == "known"], paths.rankings("card"))
    empty = dict.fromkeys(["map5", "map5_low", "map5_high", "top1", "new_share"])
    card = CARD | empty | {"not_measured": "no held-out photograph shows a new individual"}
    (run / "submissions/card.json").write_text(json.dumps(card))
    update()
    (row,) = history(run).to_dict("records")
    assert row["held_out_map5"] == "" and row["map5_known"] == 0.25
    assert "card: no held-out photograph shows a new individual" in caplog.text
    assert "nan" not in (run / "submissions/leaderboard.html").read_text().lower()


def test_what_limits_a_card_is_repeated(run, caplog):
    update()
    assert caplog.messages == []
    limits = {"season": "from 2024-03-01 on"}
    limits |= {"not_converged": "lite0-0: too short", "left_out_train": 2, "left_out_test": 1}
    (run / "submissions/card.json").write_text(json.dumps(CARD | limits))
    update()
    assert caplog.messages == [
        "card: scores are by time: photographs from 2024-03-01 on",
        "card has not converged: lite0-0: too short",
        "card: 2 photographs of the training and 1 of the test can't be read and are left out",
    ]


def test_files_of_another_run_or_missing_ones_are_left_out_with_a_warning(run, caplog):
    """The rankings have 1/2; a card with .6 is of another run. Nothing is added to the history."""
    (run / "submissions/card.json").write_text(json.dumps(CARD | {"map5": 0.6}))
    update()
    assert "card is left out: submissions/card.json has 0.6" in caplog.text
    assert not (run / "submissions/leaderboard.csv").exists()
    paths.rankings("card").unlink()
    update()
    assert "rankings.csv does not exist: run dvc repro" in caplog.text
    paths.DUPLICATES.unlink()
    with pytest.raises(UserError, match="duplicates.csv does not exist: run the pipeline first"):
        update()


def test_the_same_submission_is_added_once(run):
    update()
    update()
    assert len(history(run)) == 1


def test_another_csv_is_another_row(run):
    update()
    (run / "submissions/card.csv").write_text("Image,Id\n2.jpg,new_whale\n1.jpg,a\n")
    update()
    assert history(run)["hidden"].tolist() == [0.75, 1]


def test_a_row_has_its_gain_over_the_previous_one_and_what_changed(run):
    """The held-out answer moves from the second place to the first."""
    update()
    (run / "submissions/card.csv").write_text("Image,Id\n2.jpg,new_whale\n1.jpg,a\n")
    settings = (run / "params.yaml").read_text()
    (run / "params.yaml").write_text(settings.replace("epochs: 10", "epochs: 4", 1))
    (run / ".dvc/tmp").mkdir(parents=True)
    paths.LAST_BUILD.write_text("60")
    write_rankings("a b")
    (run / "submissions/card.json").write_text(json.dumps(CARD | {"map5": 1.0}))
    update()
    first, second = history(run).to_dict("records")
    assert first["difference"] == "" and second["difference"] == "0.5"
    assert "-> 4" in second["changed"] and second["seconds"] == "60"
    page = (run / "submissions/leaderboard.html").read_text()
    assert "+0.500 (+0.500 to +0.500)" in page and "1.0 min" in page


def test_without_a_solution_the_hidden_scores_are_empty(run):
    (run / "photos/solution.csv").unlink()
    update()
    assert history(run)[columns.HIDDEN].iloc[0].tolist() == [""] * 4


def test_the_competition_may_name_new_individuals_otherwise(run):
    for name in ("params.yaml", "photos/solution.csv", "submissions/card.csv"):
        path = run / name
        text = path.read_text().replace("new_whale: new_whale", "new_whale: unknown")
        path.write_text(text if name == "params.yaml" else text.replace("new_whale", "unknown"))
    write_columns("unknown")
    update()
    assert history(run)["hidden"].tolist() == [0.75]
