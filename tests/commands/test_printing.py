"""What the commands print of the library's results."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from commands import duplicate_identities, import_catalogue, verify
from pipeline import paths
from pipeline.catalogue import convert
from pipeline.catalogue.split import Split
from pipeline.data import tables
from pipeline.identify import enrolment, pseudo_labelling, unknown_individuals
from pipeline.identify.unknown_individuals import UnknownIndividuals
from pipeline.leaderboard import history, kaggle
from pipeline.leaderboard.history import digest
from pipeline.steps.match.geometry import PairMatches
from pipeline.steps.match.point_matches import PointMatches
from pipeline.training import lr_sweep
from tests.conftest import write_columns


def test_verify_prints_what_its_probability_rests_on(tmp_path):
    points = PointMatches(np.zeros((5, 2), int), np.zeros(5), np.zeros(5))
    matches = PairMatches(points, inlier=np.arange(5) < 3, background=2)
    pair = SimpleNamespace(matches=matches)
    found = SimpleNamespace(prior=0.5, similarities={"lite0-1": 0.25}, pair=pair)
    assert verify.format_evidence(found, tmp_path)[:3] == [
        "(its probability before the comparison was 0.5)",
        "lite0-1: similarity 0.250",
        f"3 of 5 matched points fit one transform: {tmp_path}",
    ]
    assert "2 more were set aside" in verify.format_evidence(found, tmp_path)[3]


def test_cluster_unknown_prints_groups_of_two_or_more(tailprint, monkeypatch):
    groups = pd.DataFrame({"image": ["t0", "t1", "t2"], "group": [1, 1, 2]})
    groups = groups.assign(probability=[0.9, 0.9, np.nan])
    found = UnknownIndividuals(groups, 0.31, 0.5, 0.25)
    monkeypatch.setattr(unknown_individuals, "cluster_unknown", lambda *args: found)
    result = tailprint("cluster-unknown", "best")
    assert result.output.startswith("1: t0, t1\n")
    assert "3 photographs of unknown individuals in 2 groups" in result.output
    for text in ("is 50%, pair recall", "25%, and the adjusted Rand index 0.31"):
        assert text in result.output
    table = pd.read_csv("submissions/best_unknown.csv")
    pd.testing.assert_frame_equal(table, groups)


def test_cluster_unknown_says_if_the_quality_is_unknown():
    found = UnknownIndividuals(pd.DataFrame(), np.nan, np.nan, np.nan)
    assert "is unknown: measuring it needs held-out" in found.describe_quality()


def test_duplicate_identities_prints_the_photographs_if_any_were_matched():
    pair = dict(first="a", second="b", second_for_first=0.4, first_for_second=0.3, queries=2)
    lines = duplicate_identities.format_pair(
        pd.Series(pair | dict(query="a1.jpg", image="b2.jpg", inliers=9.0))
    )
    assert lines == [
        "a and b: 0.40 and 0.30 of the posterior go to the other, 2 photographs",
        "    a1.jpg and b2.jpg: 9 matched points",
    ]
    assert len(duplicate_identities.format_pair(pd.Series(pair | dict(query=None)))) == 1


def test_pseudo_label_prints_how_many(tailprint, monkeypatch):
    table = pd.DataFrame({"image": ["x", "x", "y"], "identity": ["a", "a", "b"], "fold": [0, 1, 0]})
    labels = pseudo_labelling.PseudoLabels(2, table)
    calls = []
    monkeypatch.setattr(
        pseudo_labelling, "pseudo_label", lambda *args: calls.append(args) or labels
    )
    result = tailprint("pseudo-label", "best", "card")
    assert "round 2, 2 test photographs of 2 identities, 3 labels in 2 folds" in result.output
    tailprint("pseudo-label", "best", "--surest", "3")
    assert [(args[0], *args[2:]) for args in calls] == [
        (["best", "card"], 0.95, None),
        (["best"], 0.95, 3),
    ]
    both = tailprint("pseudo-label", "best", "--surest", "3", "--confidence", "0.9")
    assert both.exit_code == 2 and len(calls) == 2


def test_import_prints_a_prior_for_the_preset(tailprint, monkeypatch):
    summary = convert.Summary(12, 3, 4, 1, {"left": 10, "unknown": 6})
    calls = []
    monkeypatch.setattr(convert, "convert", lambda *args: calls.append(args) or summary)
    result = tailprint("import", "list.csv", "out", "--split", "open", "--viewpoint", "flank")
    source, split, out, _, skip_bad = calls[0]
    assert (str(source.location), source.viewpoint, str(out)) == ("list.csv", "flank", "out")
    assert split == Split("open") and not skip_bad
    assert "12 training photographs of 3 individuals, 4 test photographs, 1 of them new" in (
        result.output
    )
    assert "evaluation.new_whale_prior of a preset for it: 0.25" in result.output
    assert "viewpoints: 10 left, 6 unknown" in result.output


@pytest.mark.fault(
    "import", "few, no or only new individuals in the test", "a prior that is neither 0 nor 1"
)
@pytest.mark.parametrize(
    "new, prior", [(0, "0.01"), (1, "0.00333"), (150, "0.5"), (299, "0.997"), (300, "0.99")]
)
def test_a_printed_prior_is_one_that_a_preset_may_have(new, prior):
    text = import_catalogue.describe(Path("out"), convert.Summary(12, 3, 300, new, {}))
    assert text.endswith(f"preset for it: {prior}")


def test_lr_range_prints_the_rate_beside_the_current_one(tailprint, monkeypatch):
    monkeypatch.setattr(lr_sweep, "run_sweep", lambda *args: 2e-3)
    result = tailprint("lr-range", "lite0")
    assert result.output.startswith("train.learning_rate: 2.0e-03 (now ")
    assert "data/lr_range/lite0.csv and .png" in result.output


def test_enroll_prints_the_file(tailprint, monkeypatch):
    monkeypatch.setattr(enrolment, "enroll", lambda photograph, identity, p: "stored.npz")
    result = tailprint("enroll", "params.yaml", "w_new")
    assert result.output == "params.yaml: enrolled as w_new (stored.npz)\n"


@pytest.fixture
def submission(project):
    """`card` has a valid submission of one answer that is on the leaderboard."""
    settings = (project / "params.yaml").read_text()
    settings = settings.replace("source: directory", "source: kaggle")
    settings = settings.replace("path: data/demo/photos", "path: data/kaggle")
    (project / "params.yaml").write_text(settings)
    tables.write_csv(pd.DataFrame({"image": ["1.jpg"]}), paths.SAMPLE)
    folds = pd.DataFrame([["x.jpg", "a", 0, "", 0, 0]], columns=tables.COLUMNS["folds"])
    tables.write("folds", folds, paths.FOLDS)
    write_columns()
    csv = paths.submission("card")
    csv.parent.mkdir(exist_ok=True)
    csv.write_text("Image,Id\n1.jpg,a new_whale\n")
    row = {"ensemble": "card", "csv": digest(csv)}
    history.append(pd.DataFrame([row], columns=history.COLUMNS), paths.LEADERBOARD)


@pytest.mark.usefixtures("submission")
def test_submit_prints_what_is_sent_and_a_dry_run_sends_nothing(tailprint, monkeypatch):
    def fail(*args):
        raise AssertionError("something was sent")

    monkeypatch.setattr(kaggle, "submit", fail)
    result = tailprint("submit", "card", "-m", "first try", "--dry-run")
    assert "message: first try" in result.output
    assert "nothing was sent (--dry-run)" in result.output
    history.record_upload("card", history.read(paths.LEADERBOARD)["csv"][0], 7, paths.LEADERBOARD)
    assert "nothing was sent" in tailprint("submit", "card", "--ref", "7", "--dry-run").output
    assert tailprint("submit", "card").exit_code == 2  # without a message


@pytest.mark.usefixtures("submission")
def test_submit_prints_the_scores(tailprint, monkeypatch):
    scores = {"kaggle_public": "0.81", "kaggle_private": ""}
    monkeypatch.setattr(kaggle, "submit", lambda *args: scores)
    result = tailprint("submit", "card", "-m", "first try")
    assert result.output.endswith("public 0.81, private unknown yet\n")


@pytest.mark.usefixtures("submission")
def test_leaderboard_prints_its_rows_and_files(tailprint):
    paths.LEADERBOARD.unlink()
    card = dict.fromkeys(history.CARD, 0.25) | {"map5": 0.5}
    paths.score_card("card").write_text(json.dumps(card))
    # a score needs two individuals of each kind; each is second here
    rows = [
        ["p.jpg", 0, 0, "known", "a", "a", 1.0, "b a"],
        ["q.jpg", 1, 0, "known", "c", "c", 1.0, "b c"],
        ["r.jpg", 2, 0, "unseen", "new_whale", "d", 1.0, "b new_whale"],
        ["s.jpg", 3, 0, "unseen", "new_whale", "e", 1.0, "b new_whale"],
    ]
    rankings = pd.DataFrame(rows, columns=tables.COLUMNS["rankings"])
    tables.write("rankings", rankings, paths.rankings("card"))
    duplicates = pd.DataFrame(columns=tables.COLUMNS["duplicates"])
    tables.write("duplicates", duplicates, paths.DUPLICATES)
    output = tailprint("leaderboard").output
    assert "held_out_map5" in output and "0.5" in output
    assert "submissions: submissions/card.csv" in output
    assert "history: submissions/leaderboard.csv, submissions/leaderboard.html" in output
