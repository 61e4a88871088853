"""A tiny project is run with two members at once, and everything that must hold is tested."""

import importlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import networkx
import numpy as np
import pandas as pd
import pytest
from dvc.repo import Repo
from ruamel.yaml import YAML
from typer.testing import CliRunner, Result

from benchmarks import naming
from benchmarks.report_size import read_content
from commands.main import app
from pipeline import params, paths
from pipeline.data import artefacts, enrolled_photo
from pipeline.identify.gallery import load_gallery
from pipeline.identify.identification import choose_recipe
from pipeline.identify.stored_tables import StoredTables
from pipeline.steps.ensemble.assemble import select_tests
from pipeline.steps.ensemble.blend import Blend
from pipeline.steps.ensemble.ensemble import score_queries
from pipeline.steps.ensemble.load import load_fold_evidence
from pipeline.steps.submission.place import compute_posteriors
from tests.conftest import ROOT
from tests.pipeline.steps.report.browser import open_browser
from tests.stages import tiny

STAGES = YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"]
ENSEMBLES = list(tiny.RECIPES)
OPENED = "opened.txt"

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # DVC's own

# Python imports sitecustomize by itself: every stage logs the files that it opens
SPY = f"""
import os, sys
stage = next((word for word in sys.orig_argv if word.startswith("stages.")), None)
if stage:
    log = os.open(os.path.join(os.path.dirname(__file__), "{OPENED}"), os.O_CREAT | os.O_APPEND | 1)
    sys.addaudithook(
        lambda event, args: event == "open" and os.write(log, f"{{stage}} {{args[0]}}\\n".encode())
    )
"""


def run(project: Path, module: str, *words: str) -> str:
    """The output of a program; `python` in DVC's stages is the one that runs the tests."""
    home = Path(sys.executable).parent
    env = os.environ | {
        "PATH": f"{home}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(project / "spy"),
        "DVC_NO_ANALYTICS": "1",
    }
    command = [sys.executable, "-m", module, *words]
    result = subprocess.run(command, cwd=project, env=env, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


BROKEN = {"train": "torn.jpg", "test": "broken.jpg"}  # photographs that can't be read


def spoil(competition: Path) -> None:
    """Add to training and test a photograph each that can't be read, and one in no table."""
    for split, name in BROKEN.items():
        (competition / split / name).write_bytes(b"no photograph")
    shutil.copy(competition / "test/test01.jpg", competition / "test/surplus.jpg")
    for file, row in (
        ("train.csv", f"{BROKEN['train']},w1"),
        ("sample_submission.csv", f"{BROKEN['test']},new_whale"),
        ("solution.csv", f"{BROKEN['test']},w1,Private"),
    ):
        (competition / file).write_text(f"{(competition / file).read_text()}{row}\n")


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """The tiny project after its first run, two members at once."""
    root = tmp_path_factory.mktemp("project")
    tiny.make_project(root)
    spoil(root / "data/competition")
    (root / "spy").mkdir()
    (root / "spy/sitecustomize.py").write_text(SPY)
    run(root, "commands", "run", "--at-once", "2")
    return root


@pytest.fixture
def edited(project):
    """A function that edits params.yaml ("rerank.top", 5); the test's end restores the file."""
    path = project / "params.yaml"
    before = path.read_text()

    def edit(key: str, value: object) -> None:
        settings = YAML(typ="safe").load(before)
        *parents, last = key.split(".")
        section = settings
        for parent in parents:
            section = section[parent]
        section[last] = value
        YAML().dump(settings, path)

    yield edit
    path.write_text(before)


@pytest.mark.parametrize("name", ENSEMBLES)
def test_the_submission_keeps_the_contract(project, name):
    submission = pd.read_csv(project / f"submissions/{name}.csv")
    sample = pd.read_csv(project / "data/competition/sample_submission.csv")
    assert submission.columns.tolist() == ["Image", "Id"]
    assert submission["Image"].tolist() == sample["Image"].tolist()
    allowed = {f"w{i}" for i in range(tiny.IDENTITIES)} | {"new_whale"}
    for labels in submission["Id"].str.split(" "):
        assert len(labels) == len(set(labels)) == 5 and set(labels) <= allowed
    answers = submission.set_index("Image")["Id"]
    assert answers["copy.jpg"].startswith("w0 ")
    assert answers["broken.jpg"] == "new_whale w0 w1 w2 w3"


@pytest.mark.parametrize("name", ENSEMBLES)
def test_the_score_card_counts_every_held_out_query(project, name):
    card = json.loads((project / f"submissions/{name}.json").read_text())
    labelled = tiny.IDENTITIES * tiny.PHOTOGRAPHS + tiny.NEW
    counted = sum(card[key] for key in card if key.startswith("queries_"))
    assert counted == (labelled if name == "card" else labelled / 2)
    assert 0 <= card["map5_low"] <= card["map5"] <= card["map5_high"] <= 1
    assert (card["left_out_train"], card["left_out_test"]) == (1, 1)


def test_files_that_are_not_used_are_listed(project):
    table = pd.read_csv(project / paths.LEFT_OUT, keep_default_na=False)
    assert dict(zip(table["file"], table["where"], strict=True)) == {
        "test/broken.jpg": "test",
        "test/surplus.jpg": "",
        "train/torn.jpg": "train",
    }


def test_the_report_shows_every_photograph(project):
    """With five answers each, duplicates too; a browser opens it without a fault."""
    path = project / paths.report("card")
    content = read_content(path.read_text())
    test = pd.read_csv(project / "submissions/card.csv")["Image"].tolist()
    test.remove(BROKEN["test"])
    labelled = pd.read_csv(project / "data/competition/train.csv")["Image"].tolist()
    labelled.remove(BROKEN["train"])
    assert sorted(query["q"] for query in content["queries"]) == sorted(labelled + test)
    assert all(len(query["a"]) == 5 for query in content["queries"])
    first = {query["q"]: query["a"][0] for query in content["queries"]}
    assert first["copy.jpg"]["i"] == "w0" and first["copy.jpg"]["p"] > 0.9
    matched = [answer for query in content["queries"] for answer in query["a"] if "g" in answer]
    scored = [answer["s"] for answer in matched if "s" in answer]
    assert scored and all(len(scores) == len(content["sources"]) for scores in scored)
    assert any("b" in query for query in content["queries"])
    (group,) = content["duplicates"]
    assert set(group["g"]) == {"train00.jpg", "copy.jpg"} and not group["c"]
    assert len(content["map"]["p"]) == len(labelled + test) + len(tiny.UNLABELLED)
    assert content["attention"] and set(content["masks"]) == {"n", "m", "b", "source", "p"}
    with open_browser() as (tab, faults):
        tab.goto(path.as_uri())
        tab.locator(".card").first.click()
        assert tab.locator("#answers > li").count() == 5
        assert "1 of the test can't be read" in tab.locator("#summary").text_content()
        assert faults == []


def test_no_stage_opens_the_hidden_truth(project):
    opened = (project / "spy" / OPENED).read_text().splitlines()
    by_stage = {
        name: [row for row in opened if row.startswith(f"stages.{name} ")] for name in STAGES
    }
    assert all(by_stage.values())
    assert any("sample_submission.csv" in row for row in by_stage["competition"])
    hidden = [row for row in opened if "solution.csv" in row or "/truth" in row]
    assert not hidden


def test_a_second_run_has_nothing_to_do(project):
    with Repo(str(project)) as repo:
        assert repo.status() == {}
    assert "up to date" in run(project, "dvc", "repro")


def members(stage: str) -> set[str]:
    return {f"{stage}@tiny-{fold}" for fold in (0, 1)}


def for_card(*stages: str) -> set[str]:
    return {f"{stage}@card" for stage in stages}


def for_ensembles(*stages: str) -> set[str]:
    return {f"{stage}@{name}" for stage in stages for name in ENSEMBLES}


AFTER = ("submission", "score")
REPORT = for_card("report")
PLACED = for_ensembles(*AFTER) | REPORT
LATER = for_ensembles("ensemble") | PLACED
ANSWERED = ("ensemble", "submission")
MATCHED, VERIFIED = {"match"}, {"weigh", "verify"}
SEARCHED = members("neighbours") | members("rerank") | MATCHED | VERIFIED | LATER
TRAINED = members("train") | members("embed") | SEARCHED
PRETRAINED = {"pretrain@tiny"}
OTHER = {"pretrain@other"} | {
    f"{stage}@other-{fold}"
    for stage in ("train", "embed", "neighbours", "rerank")
    for fold in (0, 1)
}
# stages that read the settings of `train`; `rerank` needs the siamese head, `report` the net
READ_TRAIN = members("train") | members("embed") | members("rerank") | REPORT

# stages that read the list of an ensemble's members: `score` averages their few-shot accuracies,
# `submission` groups unknown individuals by their embeddings
READ_MEMBERS = for_card("ensemble", "submission", "score", "report")
SCORED_CARD = for_card("score", "report")

# stages that read which folds are held out: `folds` checks that each can be
READ_TRAINED = {"folds"} | for_ensembles(*ANSWERED, "score") | MATCHED | VERIFIED | REPORT
TRAINED_FIRST = {stage for stage in TRAINED if not stage.endswith("-1")}

# edit: the stages that read the edited value, and those that come after them
EDITS = {
    "demo.seed": (5, set(), set()),
    "dedup.hash_distance": (3, {"dedup"}, {"labels", "folds"} | TRAINED),
    "crop.height": (48, {"crop"}, {"keypoints"} | PRETRAINED | TRAINED),
    "folds.seed": (1, {"folds"}, TRAINED),
    "pretrain.clusters": (7, PRETRAINED, TRAINED),
    "train.epochs": (2, READ_TRAIN, SEARCHED - READ_TRAIN),
    "backbones.tiny.weights": ("x.pth", PRETRAINED | READ_TRAIN, SEARCHED - READ_TRAIN),
    "embed.flip": ("none", members("embed"), SEARCHED),
    "neighbours.vote": (3, members("neighbours"), members("rerank") | MATCHED | VERIFIED | LATER),
    "keypoints.count": (30, {"keypoints"}, MATCHED | VERIFIED | LATER),
    "match.ratio": (0.8, MATCHED, VERIFIED | LATER),
    "weigh.rounds": (5, {"weigh"}, {"verify"} | LATER),
    "rerank.top": (5, members("rerank"), LATER),
    "ensemble.boosting.rounds": (6, for_ensembles("ensemble"), PLACED),
    "ensembles.card.backbones": ({"tiny": 0.5}, READ_MEMBERS, set()),
    "ensembles.card.new_whale.method": ("prior", for_card("submission"), SCORED_CARD),
    "evaluation.bootstrap": (200, for_ensembles("score"), REPORT),
    "evaluation.new_whale_prior": (0.15, LATER - REPORT, REPORT),
    "report.queries": (5, REPORT, set()),
    "backbones.other": (tiny.BACKBONES["tiny"], OTHER | REPORT, LATER - REPORT),
    "folds.trained": ([0], READ_TRAINED, TRAINED_FIRST - READ_TRAINED),
}  # fmt: skip


@pytest.mark.parametrize("key", EDITS)
def test_an_edit_reaches_the_stages_that_depend_on_it_alone(project, edited, key):
    value, reading, later = EDITS[key]
    if key == "folds.trained":
        edited("ensembles.card.folds", [0])
    edited(key, value)
    with Repo(str(project)) as repo:
        changed = {address.rpartition(":")[2] for address in repo.status()}
        graph = repo.index.graph
        reached = {
            stage.name
            for start in graph
            if start.name in changed
            for stage in networkx.ancestors(graph, start)
        }
    assert changed == reading
    assert reached - changed == later


@pytest.fixture(scope="module")
def again(project, tmp_path_factory) -> Path:
    """The same project with its stages called one after another in this process."""
    root = tmp_path_factory.mktemp("again")
    (root / "data").mkdir()
    for name in ("params.yaml", "data/competition", *tiny.INPUTS):
        (root / name).symlink_to(project / name)
    calls = tiny.calls(STAGES, YAML(typ="safe").load(project / "params.yaml"))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        for stage, words in calls:
            importlib.import_module(f"stages.{stage}").main(*words)
    return root


@pytest.mark.parametrize("name", ENSEMBLES)
@pytest.mark.parametrize("kind", ["csv", "json"])
def test_the_same_seed_gives_the_same_bytes(project, again, name, kind):
    first, second = (root / f"submissions/{name}.{kind}" for root in (project, again))
    assert first.read_bytes() == second.read_bytes()


@pytest.fixture
def fixed_pair_model(again, monkeypatch):
    """A finished project with fixed weights of the model: a fit on so few pairs is random."""
    monkeypatch.chdir(again)
    model = json.loads(paths.PAIR_MODEL.read_text())
    assert list(model) == ["centre_", "spread_", "weights_", "intercept_"]
    paths.PAIR_MODEL.write_text(
        json.dumps(model | {"weights_": [1.0, 1.0, 1.0], "intercept_": 0.0})
    )


def tailprint(*arguments: object) -> Result:
    """Call the program in the current folder."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.mark.usefixtures("fixed_pair_model")
def test_two_photographs_are_compared():
    """The same photograph twice is more probably one animal than two different ones are."""
    first, probabilities = Path("data/competition/train/train00.jpg"), []
    for other in (first, first.with_name("train13.jpg")):
        output = tailprint("verify", first, other, "--picture", "pair.png").stdout
        probabilities.append(float(output.split("probability ")[1].split("\n")[0]))
        assert "matched points fit one transform: pair.png" in output
        assert cv2.imread("pair.png").shape[2] == 3
    assert probabilities[0] > probabilities[1]


def test_an_unknown_animal_is_enrolled_and_identified_by_another_photograph(
    again, monkeypatch, tmp_path
):
    """A drawing that is not in the competition, and the same one a little brighter."""
    monkeypatch.chdir(again)
    rng = np.random.default_rng(99)
    drawing = cv2.GaussianBlur(rng.integers(0, 255, (120, 200, 3), dtype=np.uint8), (0, 0), 4)
    first, second = tmp_path / "first.png", tmp_path / "second.png"
    cv2.imwrite(str(first), drawing)
    cv2.imwrite(str(second), cv2.convertScaleAbs(drawing, alpha=0.9, beta=10))
    before = identify(second)
    assert "enrolled as w_newcomer" in tailprint("enroll", first, "w_newcomer").stdout
    after = identify(second)
    assert "w_newcomer" not in before and next(iter(after)) == "w_newcomer"
    assert sum(after.values()) <= 1.003  # five roundings
    # embedded by other members: extracted again from the stored copy
    (enrolled,) = enrolled_photo.load_enrolled(paths.ENROLLED)
    replace(enrolled, made_with="others", vectors=-enrolled.vectors).save(paths.ENROLLED)
    assert identify(second) == after
    assert identify(first)  # is not compared with itself
    assert "w_newcomer" not in identify(first)
    known = tailprint("enroll", "data/competition/train/train00.jpg", "w_newcomer")
    assert known.exit_code == 1 and "in the competition as" in known.output


WITHOUT_POINTS = {
    "black": np.zeros((64, 128, 3), np.uint8),
    "grey": np.full((64, 128, 3), 128, np.uint8),
    "fog": np.tile(np.linspace(150, 170, 128, dtype=np.uint8)[None, :, None], (64, 1, 3)),
    "six_by_four": np.random.default_rng(0).integers(0, 255, (4, 6, 3), dtype=np.uint8),
    "one_pixel": np.full((1, 1, 3), 90, np.uint8),
}


@pytest.mark.parametrize("name", ENSEMBLES)
@pytest.mark.parametrize("kind", WITHOUT_POINTS)
@pytest.mark.fault(
    "identify",
    "a photograph without local features: blank, dark, foggy, a few pixels",
    "five answers by the other scores, and a line that no local features were found",
)
def test_a_photograph_without_local_features_is_answered(again, monkeypatch, tmp_path, kind, name):
    monkeypatch.chdir(again)
    photograph = tmp_path / f"{kind}.png"
    cv2.imwrite(str(photograph), WITHOUT_POINTS[kind])
    result = tailprint("identify", photograph, "--ensemble", name, "--picture", tmp_path / "x.png")
    assert result.exit_code == 0, result.output
    assert f"{kind}.png: no local features were found" in result.output
    answers = [line for line in result.stdout.splitlines() if line.startswith("  ")]
    assert len(answers) == 5 and sum(float(line.split()[0]) for line in answers) <= 1.003
    assert all("0 points fit" in line for line in answers if "similarity" in line)


@pytest.mark.usefixtures("fixed_pair_model")
@pytest.mark.fault(
    "identify",
    "two photographs without local features are compared",
    "a probability by the embeddings, and a line that no local features were found",
)
def test_photographs_without_local_features_are_compared(tmp_path):
    photograph = tmp_path / "grey.png"
    cv2.imwrite(str(photograph), WITHOUT_POINTS["grey"])
    picture = tmp_path / "pair.png"
    other = "data/competition/train/train00.jpg"
    for second in (photograph, other):
        result = tailprint("verify", photograph, second, "--picture", picture)
        assert result.exit_code == 0, result.output
        assert "grey.png: no local features were found" in result.output
        assert "0 of 0 matched points fit one transform" in result.output


@pytest.mark.parametrize("name", ENSEMBLES)
def test_a_held_out_photograph_gets_the_answer_of_the_pipeline(again, monkeypatch, name):
    """By the same blend without re-ranking; everything fitted is cross-fitted."""
    monkeypatch.chdir(again)
    p = params.load()
    recipe = choose_recipe(name, p)
    folds = artefacts.load_folds()
    parts = load_fold_evidence(recipe, p.folds.trained, folds, ("neighbours",))
    no_duplicates = artefacts.load_duplicates()[:0]
    blend = Blend(recipe, p.ensemble, p.evaluation, select_tests(parts))
    odds = score_queries(parts, blend, no_duplicates)
    answers = compute_posteriors(odds[~odds["test"]], 0.0).groupby("query")
    stored, known = load_gallery(recipe, {}, p), StoredTables()
    for image, rows in list(answers)[::5]:
        expected = rows.set_index("identity")["posterior"]
        answer = naming.identify_stored(image, stored, known, recipe, p)
        assert answer.to_dict() == pytest.approx(expected.to_dict(), abs=1e-6)


def identify(photograph: Path) -> dict[str, float]:
    """The answers that `tailprint identify` prints, in their order."""
    options = ("--ensemble", "card", "--prior", "0.3", "--picture", "match.png")
    lines = tailprint("identify", photograph, *options).stdout.splitlines()[1:]
    answers = [line.split() for line in lines if line.startswith("  ")]
    return {identity: float(probability) for probability, identity, *_ in answers}


def test_the_leaderboard_lists_every_ensemble(again, monkeypatch):
    monkeypatch.chdir(again)
    assert tailprint("leaderboard").exit_code == 0
    history = pd.read_csv("submissions/leaderboard.csv")
    assert history["ensemble"].tolist() == ENSEMBLES
    assert history["hidden"].between(0, 1).all()


def test_other_hidden_truth_changes_no_answer(project):
    """The last test, since it edits the competition."""
    before = {name: (project / f"submissions/{name}.csv").read_bytes() for name in ENSEMBLES}
    truth = project / "data/competition/solution.csv"
    truth.write_text(truth.read_text().replace("w1,", "w2,"))
    (project / "data/competition/truth/duplicates.csv").unlink()
    output = run(project, "dvc", "repro")
    ran = {line.split("'")[1] for line in output.splitlines() if line.startswith("Running stage")}
    assert ran == {"competition"}
    after = {name: (project / f"submissions/{name}.csv").read_bytes() for name in ENSEMBLES}
    assert after == before
