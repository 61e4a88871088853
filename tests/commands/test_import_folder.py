"""From folders, or a list, to a competition that the first stage accepts."""

import argparse
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from commands import import_folder
from pipeline import params
from pipeline.steps.competition import competition
from tests.conftest import ROOT

COLUMNS = params.load(ROOT / "tests/params.yaml").competition.columns


@pytest.fixture
def animals(tmp_path, monkeypatch) -> Path:
    """Individuals 2, 10 and lone with 10, 5 and 1 photographs; two of 2's are the same."""
    monkeypatch.chdir(ROOT)
    rng = np.random.default_rng(0)
    for name, count in (("2", 10), ("10", 5), ("lone", 1)):
        (tmp_path / "animals" / name).mkdir(parents=True)
        for number in range(count):
            grey = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
            picture = cv2.resize(grey, (96, 72), interpolation=cv2.INTER_CUBIC)
            if name == "2" and number == 9:
                picture = cv2.imread(str(tmp_path / "animals/2/0.png"))
            cv2.imwrite(str(tmp_path / f"animals/{name}/{number}.png"), picture)
    return tmp_path / "animals"


def imported(source: Path, out: Path, **changes) -> pd.DataFrame:
    """What the competition stage reads of it, with the solution's identity for the test."""
    asked = dict(split="closed", ratio=0.8, new=0.3, seed=666, as_published=False)
    asked |= (
        dict(path="path", identity="identity", date=None, side=None, skip="", root=None) | changes
    )
    import_folder.main(argparse.Namespace(source=source, out=out, **asked))
    table, *_ = competition.read_competition(out, COLUMNS)
    hidden = pd.read_csv(out / "solution.csv", dtype=str).set_index("Image")["Id"]
    return table.assign(
        identity=table["identity"].where(table["identity"] != "", table["image"].map(hidden))
    )


def test_a_closed_set_with_copies_on_one_side(animals, tmp_path, capsys):
    table = imported(animals, tmp_path / "out")
    assert len(table) == 16 and table["identity"].value_counts().to_dict() == {
        "2": 10,
        "10": 5,
        "lone": 1,
    }
    test = table[table["split"] == "test"]
    assert test["identity"].value_counts().to_dict() in ({"2": 2, "10": 1}, {"2": 1, "10": 1})
    copies = table["sha256"].duplicated(keep=False)
    assert copies.sum() == 2 and (table.loc[copies, "split"] == "train").all()
    said = capsys.readouterr().out
    assert "0 of them new" in said and "evaluation.new_whale_prior: 0.01" in said


def test_sides_go_with_their_photographs(animals, tmp_path):
    files = sorted(str(path.relative_to(animals)) for path in animals.rglob("*.png"))
    listed = pd.DataFrame({"path": files, "identity": [file.split("/")[0] for file in files]})
    listed["flank"] = [("left", "right", "")[row % 3] for row in range(len(files))]
    listed.to_csv(animals / "list.csv", index=False)
    imported(animals / "list.csv", tmp_path / "out", side="flank")
    *_, sides = competition.read_competition(tmp_path / "out", COLUMNS)
    old = pd.read_csv(tmp_path / "out/truth/names.csv").set_index("Image")["path"]
    told = {
        Path(old[row.image]).relative_to(animals).as_posix(): row.viewpoint
        for row in sides.itertuples()
    }
    assert told == listed[listed["flank"] != ""].set_index("path")["flank"].to_dict()


def test_as_published_counts_are_the_rules(animals, tmp_path):
    table = imported(animals, tmp_path / "out", as_published=True)
    asked = table[table["split"] == "test"]["identity"].value_counts()
    assert asked.to_dict() == {"2": 2, "10": 1}


def test_file_names_tell_nothing_and_the_truth_has_the_old_ones(animals, tmp_path):
    table = imported(animals, tmp_path / "out")
    assert table["image"].str.fullmatch(r"\d{6}\.png").all()
    old = pd.read_csv(tmp_path / "out/truth/names.csv").set_index("Image")["path"]
    for image, path, identity in table[["image", "path", "identity"]].itertuples(index=False):
        assert Path(path).read_bytes() == Path(old[image]).read_bytes()
        assert Path(old[image]).parent.name == identity


def test_strangers_of_an_open_set_are_new_whale(animals, tmp_path):
    table = imported(animals, tmp_path / "out", split="open", new=0.7)
    test, train = (table[table["split"] == split] for split in ("test", "train"))
    assert set(test["identity"]) - set(train["identity"]) == {"new_whale"}


def listed(animals: Path) -> pd.DataFrame:
    files = sorted(animals.rglob("*.png"))
    return pd.DataFrame(
        {
            "file": [file.relative_to(animals).as_posix() for file in files],
            "who": [file.parent.name for file in files],
            "day": [f"2024-05-{1 + place // 8:02d}" for place in range(len(files))],
        }
    )


def test_a_list_by_date(animals, tmp_path):
    listed(animals).to_csv(animals / "list.csv", index=False)
    names = dict(path="file", identity="who", date="day", split="date")
    table = imported(animals / "list.csv", tmp_path / "out", ratio=0.5, as_published=True, **names)
    assert table["split"].value_counts().to_dict() == {"train": 8, "test": 8}


def test_whoever_is_skipped_is_in_neither_part(animals, tmp_path):
    (animals / "lone").rename(animals / "new_whale")
    table = imported(animals, tmp_path / "out", skip="new_whale")
    assert set(table["identity"]) == {"2", "10"} and len(table) == 15


def test_a_list_beside_its_photographs_that_skips_whoever_is_unknown(animals, tmp_path):
    table = listed(animals).replace("lone", "new_whale")
    table.to_csv(tmp_path / "list.csv", index=False)
    names = dict(path="file", identity="who", root=animals, skip="new_whale")
    table = imported(tmp_path / "list.csv", tmp_path / "out", **names)
    assert set(table["identity"]) == {"2", "10"} and len(table) == 15
    names["skip"] = "10"
    listed(animals / "10").to_csv(tmp_path / "list.csv", index=False)
    with pytest.raises(SystemExit, match="list.csv lists no photograph"):
        imported(tmp_path / "list.csv", tmp_path / "none", **names)


@pytest.mark.parametrize(
    "change, fault",
    [
        (dict(path="nowhere"), "has no column \\['nowhere'\\], only \\['file', 'who', 'day'\\]"),
        (dict(split="date"), "needs a CSV and --date"),
        (dict(source="absent"), "no folder or CSV file .*absent"),
    ],
)
def test_a_fault_writes_nothing(animals, tmp_path, change, fault):
    listed(animals).to_csv(animals / "list.csv", index=False)
    source = animals / change.pop("source", "list.csv")
    with pytest.raises(SystemExit, match=f"nothing was written: .*{fault}"):
        imported(source, tmp_path / "out", **(dict(path="file", identity="who") | change))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["Blue 12", "new_whale"])
def test_a_name_that_no_submission_can_hold(animals, tmp_path, name):
    (animals / "lone").rename(animals / name)
    with pytest.raises(SystemExit, match=f"nothing was written: .* can't be called '{name}'"):
        imported(animals, tmp_path / "out")


def test_missing_doubled_and_taken(animals, tmp_path):
    table = listed(animals)
    names = dict(path="file", identity="who")
    pd.concat([table, table[:1]]).to_csv(animals / "list.csv", index=False)
    with pytest.raises(SystemExit, match="0.png is listed twice"):
        imported(animals / "list.csv", tmp_path / "out", **names)
    table.assign(file="gone/" + table["file"]).to_csv(animals / "list.csv", index=False)
    with pytest.raises(SystemExit, match="16 photographs are not there, first .*gone/10/0.png"):
        imported(animals / "list.csv", tmp_path / "out", **names)
    with pytest.raises(SystemExit, match="has no sub-folder"):
        imported(animals / "lone", tmp_path / "out")
    (tmp_path / "out").mkdir()
    with pytest.raises(SystemExit, match="out is there already"):
        imported(animals, tmp_path / "out")


def test_whoever_is_to_be_skipped_must_be_there(animals, tmp_path):
    """A misspelt name would make one individual of all unknown ones."""
    with pytest.raises(SystemExit, match="has no sub-folder new_wale to leave out"):
        imported(animals, tmp_path / "out", skip="new_wale")
    listed(animals).to_csv(animals / "list.csv", index=False)
    with pytest.raises(SystemExit, match="nobody is called new_wale"):
        names = dict(path="file", identity="who", skip="new_wale")
        imported(animals / "list.csv", tmp_path / "out", **names)
    with pytest.raises(SystemExit, match="--root is for the files of a CSV"):
        imported(animals, tmp_path / "out", root=animals)
