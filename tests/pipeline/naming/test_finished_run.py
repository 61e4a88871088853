"""The answers of a finished run, with decisions, as a folder that is exported like others."""

import cv2
import numpy as np
import pandas as pd
import pytest

from pipeline import params, paths
from pipeline.data import tables
from pipeline.data.competition_directory import ORIGIN
from pipeline.data.gallery import Embeddings
from pipeline.evaluation.pair_model import PairModel
from pipeline.evaluation.peers import PeerModel
from pipeline.exchange import captures, named_folder
from pipeline.naming import catalogue_page, embeddings_table
from pipeline.naming.finished_run import write_answers
from pipeline.system.errors import UserError
from tests.conftest import ROOT

# a and b are known; u shows a, v and w one new animal, x nobody knows; d is a duplicate of b0
DEGREES = {"a0": 0, "a1": 8, "b0": 60, "u": 5, "v": 120, "w": 124, "x": 40, "d": 60}
LABELS = {"a0": "a", "a1": "a", "b0": "b"}
POSTERIORS = {
    "u": {"a": 0.9, "b": 0.05, "new_whale": 0.05},
    "v": {"a": 0.1, "b": 0.1, "new_whale": 0.8},
    "w": {"a": 0.1, "b": 0.2, "new_whale": 0.7},
    "x": {"a": 0.4, "b": 0.25, "new_whale": 0.35},
    "d": {"b": 0.6, "new_whale": 0.4},
}


@pytest.fixture
def p(tmp_path, monkeypatch):
    p = params.load(ROOT / "tests/params.yaml")
    monkeypatch.chdir(tmp_path)
    names = list(DEGREES)
    images = pd.DataFrame({"image": names, "identity": [LABELS.get(name, "") for name in names]})
    split = ["train" if name in LABELS else "test" for name in names]
    images = images.assign(split=split, sha256=[f"sha-{name}" for name in names], width=9)
    images = images.assign(height=9, bytes=9, path=[f"{name}.png" for name in names])
    tables.write("images", images, paths.IMAGES)
    for seed, name in enumerate(names):
        cv2.imwrite(f"{name}.png", np.full((9, 9, 3), 20 * seed, np.uint8))
    groups = images[["image"]].assign(group=[0, 1, 2, 3, 4, 5, 6, 2])
    tables.write("groups", groups, paths.GROUPS)
    labels = groups[:3].assign(identity=list(LABELS.values()), provenance="competition")
    tables.write("labels", labels.assign(only_fold=""), paths.LABELS)
    duplicates = pd.DataFrame([("d", "b0", "b")], columns=tables.COLUMNS["duplicates"])
    tables.write("duplicates", duplicates, paths.DUPLICATES)
    tables.write("pseudo", pd.DataFrame(columns=tables.COLUMNS["pseudo"]), paths.PSEUDO)
    write_scores(p)
    write_encounters({})
    decide()
    return p


def write_encounters(dates, rows=()):
    """Of photographs with a date, those of one day are an encounter; rows: its answers."""
    taken = pd.DataFrame(dates.items(), columns=["image", "date"])
    taken = taken.reindex(columns=tables.COLUMNS["occasions"], fill_value="")
    tables.write("occasions", taken, paths.OCCASIONS)
    days = [dates.get(name, name) for name in DEGREES]
    table = pd.DataFrame({"image": list(DEGREES), "encounter": pd.factorize(pd.Series(days))[0]})
    tables.write("encounters", table, paths.ENCOUNTERS)
    number = dict(table.itertuples(index=False))
    rows = [(image, number[image], *rest) for image, *rest in rows]
    answers = pd.DataFrame(rows, columns=tables.COLUMNS["encounter_rankings"])
    tables.write("encounter_rankings", answers, paths.encounter_rankings("best"))


def write_scores(p):
    rows = [(query, *one) for query, own in POSTERIORS.items() for one in own.items()]
    posteriors = pd.DataFrame(rows, columns=["query", "identity", "posterior"])
    tables.write_parquet(posteriors, paths.posteriors("best"))
    first = {query: max(own, key=own.get) for query, own in POSTERIORS.items()}
    rankings = pd.DataFrame(first.items(), columns=["image", "ranking"])
    tables.write("test_rankings", rankings, paths.test_rankings("best"))
    pairs = pd.DataFrame(
        [("u", "a0", "a", 3), ("u", "a1", "a", 7), ("x", "b0", "b", 2)],
        columns=["query", "image", "identity", "inliers"],
    )
    tables.write_parquet(pairs, paths.matched_pairs(paths.TEST))
    angles = np.deg2rad(list(DEGREES.values()))
    vectors = np.column_stack([np.cos(angles), np.sin(angles)]).astype(np.float32)
    recipe = p.ensembles["best"]
    backbones = {*recipe.active_backbones(), p.match.backbone}
    for backbone in backbones:
        for fold in {*recipe.fold_list(p.folds.trained), *p.folds.trained}:
            Embeddings(np.array(list(DEGREES)), vectors).save(paths.embeddings(backbone, fold))
    model = PairModel()
    model.centre_, model.weights_ = np.array([0.5, 0, 0]), np.array([10.0, 1.0, 0.0])
    tables.write_json(PeerModel(model, 0.5, 0.0).to_dict(), paths.PEER_MODEL)
    tables.write_json({"ari": 0.3, "precision": 0.5, "recall": None}, paths.PEER_SCORES)
    peers = pd.DataFrame([], columns=["query", "image", "inliers", "weighted_inliers"])
    tables.write_parquet(peers, paths.weighted_peers(paths.TEST))


def decide(*rows):
    table = pd.DataFrame(rows, columns=["image_a", "image_b", "decision"])
    tables.write("review", table.assign(who="me", when="now"), paths.REVIEW)


def write(p, out):
    table = write_answers("best", out, p).set_index("photograph")
    assert [one.photograph for one in named_folder.read(out).answers] == list(table.index)
    return table


def test_each_photograph_of_the_test_has_its_names(p, tmp_path):
    table = write(p, tmp_path / "answers")
    assert table["result"].to_dict() == {
        "u": "known",
        "v": "new",
        "w": "new",
        "x": "unsure",
        "d": "copy",
    }
    assert table.loc["u", ["name_1", "probability_1", "new_probability"]].tolist() == [
        "a",
        0.9,
        0.05,
    ]
    assert table.loc["u", ["supported_by", "matched_points"]].tolist() == ["a1", 7]
    assert table.loc["v", "unknown_group"] == table.loc["w", "unknown_group"] == 1
    assert (table["note"] == "").all()


def test_what_a_reviewer_decided_comes_first(p, tmp_path):
    decide(("x", "b0", "same"), ("u", "a0", "different"), ("w", "", "new"))
    table = write(p, tmp_path / "answers")
    decided = table.loc["x", ["result", "name_1", "probability_1", "new_probability", "note"]]
    assert decided.tolist() == ["known", "b", 1, 0, "decided by a reviewer"]
    assert table.loc["u", ["name_1", "probability_1", "name_2"]].tolist() == ["b", 0.5, ""]
    assert table.loc["w", ["result", "new_probability", "name_1"]].tolist() == ["new", 1, ""]
    assert (table.loc["v", "result"], table.loc["v", "note"]) == ("new", "")


@pytest.mark.parametrize("has_run_since", [False, True])
def test_a_photograph_that_a_reviewer_named_is_new_and_has_its_name(p, tmp_path, has_run_since):
    """v and w are Zoe, and no photographs of the catalogue, even if a run learned from them."""
    decide(("v", "Zoe", "name"), ("w", "Zoe", "name"))
    if has_run_since:
        rows = [("d", "b0", "b"), ("v", "v", "Zoe"), ("w", "w", "Zoe")]
        tables.write(
            "duplicates", pd.DataFrame(rows, columns=tables.COLUMNS["duplicates"]), paths.DUPLICATES
        )
    table = write(p, tmp_path / "answers")
    columns = ["result", "name_1", "probability_1", "unknown_group", "note"]
    for image in ("v", "w"):
        assert table.loc[image, columns].tolist() == [
            "known",
            "Zoe",
            1,
            "",
            "decided by a reviewer",
        ]
    read = named_folder.read(tmp_path / "answers")
    assert read.compared.loc[read.compared["role"] == "catalogue", "file"].nunique() == 3
    dates = tmp_path / "dates.csv"
    dates.write_text("photograph,date\n" + "".join(f"{x},2024-05-01\n" for x in DEGREES))
    captured = captures.collect(read, dates, False)
    assert "Zoe" in str(captured)


@pytest.mark.parametrize(
    ("decisions", "expected"),
    [
        ([], ["copy", "b", ""]),
        ([("d", "", "new")], ["new", "", "decided by a reviewer"]),
        ([("d", "b0", "different")], ["new", "", ""]),
        ([("d", "b0", "different"), ("d", "a0", "same")], ["known", "a", "decided by a reviewer"]),
    ],
)
def test_what_a_reviewer_says_of_a_duplicate_holds(p, tmp_path, decisions, expected):
    decide(*decisions)
    row = write(p, tmp_path / "answers").loc["d"]
    assert row[["result", "name_1", "note"]].tolist() == expected


def test_names_that_reviewers_have_joined_are_one(p, tmp_path):
    """Both are b from now on? The name with more photographs stays: a."""
    decide(("a0", "b0", "same"))
    table = write(p, tmp_path / "answers")
    assert table.loc["u", ["name_1", "probability_1", "name_2"]].tolist() == ["a", 0.95, ""]
    compared = named_folder.read(tmp_path / "answers").compared
    assert set(compared.loc[compared["role"] == "catalogue", "individual"]) == {"a"}


ENCOUNTER = [
    *("encounter", "encounter_result", "encounter_name", "encounter_probability"),
    "encounter_new_probability",
]
DATES = {"v": "2024-05-01", "w": "2024-05-01", "u": "2024-05-02", "x": "2024-05-02", "d": "2024-06"}
TOGETHER = [
    *((image, 2, 1.5, "new_whale b a", 0.07, 0.93) for image in "vw"),
    *((image, 2, 1.1, "a new_whale b", 0.85, 0.1) for image in "ux"),
]


def test_without_dates_there_are_no_encounters(p, tmp_path):
    assert not set(ENCOUNTER) & set(write(p, tmp_path / "answers"))


def test_the_answer_to_an_encounter_is_beside_that_of_each_photograph(p, tmp_path):
    write_encounters(DATES, TOGETHER)
    table = write(p, tmp_path / "answers")[ENCOUNTER].astype(str)
    assert table.loc["u"].tolist() == ["1", "known", "a", "0.85", "0.1"]
    assert table.loc["x"].tolist() == table.loc["u"].tolist()
    assert table.loc["v"].tolist() == ["2", "new", "b", "0.07", "0.93"]
    assert table.loc["d"].tolist() == ["3", "", "", "", ""]


def test_the_folder_is_read_as_that_of_name(p, tmp_path):
    out = tmp_path / "answers"
    write(p, out)
    named = named_folder.read(out)
    text = catalogue_page.export(named, tmp_path / "catalogue.html")
    assert text.startswith("3 individuals, 7 photographs")  # a, b and the unknown one
    assert "8 embeddings" in embeddings_table.export(named, tmp_path / "embeddings.parquet")
    dates = pd.DataFrame({"photograph": list(DEGREES), "date": "2024-06-01"})
    dates.to_csv(tmp_path / "photographs.csv", index=False)
    study = captures.collect(named, tmp_path / "photographs.csv", unknown=True)
    counts = study.captures["individual"].value_counts().to_dict()
    assert counts == {"a": 3, "b": 2, "unknown-1": 2}


def test_photographs_have_the_names_that_they_were_imported_by(p, tmp_path):
    folder = tmp_path / p.competition.path / "truth"
    folder.mkdir(parents=True)
    names = pd.DataFrame({"Image": list(DEGREES), "path": [f"/cards/{n}.JPG" for n in DEGREES]})
    names = names.reindex(columns=["Image", "path", *ORIGIN], fill_value="")
    names["photograph"] = [f"cam/{name}.JPG" for name in DEGREES]
    names.loc[names["Image"] == "u", ORIGIN[1:]] = ["2 of 2", "0.9", *("0.1", "0.2", "0.3", "0.4")]
    names.to_csv(folder / "names.csv", index=False)
    table = write(p, tmp_path / "answers")
    assert table.loc["cam/u.JPG", ["animal", "supported_by"]].tolist() == ["2 of 2", "cam/a1.JPG"]
    answer = named_folder.read(tmp_path / "answers").answers[0]
    assert answer.box == (0.1, 0.2, 0.3, 0.4) and str(answer.file) == "/cards/u.JPG"


def test_folders_of_others_are_left_alone(p, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/file").write_text("")
    with pytest.raises(UserError, match="has other files"):
        write_answers("best", tmp_path / "mine", p)
    (tmp_path / "answers/.tailprint").mkdir(parents=True)
    (tmp_path / "answers/.tailprint/settings.json").write_text("{}")
    with pytest.raises(UserError, match="the answers of tailprint name"):
        write_answers("best", tmp_path / "answers", p)
