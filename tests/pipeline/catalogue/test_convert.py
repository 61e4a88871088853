"""From folders, or a list, to a competition that the first stage accepts."""

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from pipeline import params
from pipeline.catalogue.convert import Source, Split, Summary, convert
from pipeline.steps.competition import competition
from pipeline.system.errors import UserError
from tests.conftest import ROOT

P = params.load(ROOT / "tests/params.yaml")
CLOSED = Split(new=0.3)
AS_PUBLISHED = Split(as_published=True)


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


def convert_to(out: Path, location: Path, split: Split = CLOSED, **columns) -> Summary:
    return convert(Source(location, **columns), split, out, P.dedup)


def read_back(out: Path) -> pd.DataFrame:
    """The competition stage's table, with the solution's identity for the test."""
    table, *_ = competition.read_competition(out, P.competition.columns)
    hidden = pd.read_csv(out / "solution.csv", dtype=str).set_index("Image")["Id"]
    return table.assign(
        identity=table["identity"].where(table["identity"] != "", table["image"].map(hidden))
    )


def test_a_closed_set_with_duplicates_on_one_side(animals, tmp_path):
    summary = convert_to(tmp_path / "out", animals)
    table = read_back(tmp_path / "out")
    identities = {"2": 10, "10": 5, "lone": 1}
    assert len(table) == 16 and table["identity"].value_counts().to_dict() == identities
    test = table[table["split"] == "test"]
    assert test["identity"].value_counts().to_dict() in ({"2": 2, "10": 1}, {"2": 1, "10": 1})
    copies = table["sha256"].duplicated(keep=False)
    assert copies.sum() == 2 and (table.loc[copies, "split"] == "train").all()
    assert (summary.training, summary.test, summary.new) == (16 - len(test), len(test), 0)
    assert summary.individuals == 3 and summary.new_whale_prior == 0.01


def list_photographs(animals: Path) -> pd.DataFrame:
    files = sorted(animals.rglob("*.png"))
    return pd.DataFrame(
        {
            "file": [file.relative_to(animals).as_posix() for file in files],
            "who": [file.parent.name for file in files],
            "day": [f"2024-05-{1 + place // 8:02d}" for place in range(len(files))],
        }
    )


NAMES = dict(path="file", identity="who")


def test_viewpoints_stay_with_their_photographs(animals, tmp_path):
    table = list_photographs(animals)
    table["flank"] = [("left", "right", "")[row % 3] for row in range(len(table))]
    table.to_csv(animals / "list.csv", index=False)
    summary = convert_to(tmp_path / "out", animals / "list.csv", viewpoint="flank", **NAMES)
    assert summary.viewpoints == {"left": 6, "right": 5, "unknown": 5}
    *_, viewpoints = competition.read_competition(tmp_path / "out", P.competition.columns)
    old = pd.read_csv(tmp_path / "out/truth/names.csv").set_index("Image")["path"]
    found = {
        Path(old[row.image]).relative_to(animals).as_posix(): row.viewpoint
        for row in viewpoints.itertuples()
    }
    assert found == table[table["flank"] != ""].set_index("file")["flank"].to_dict()


def test_the_published_rule_leaves_duplicates_where_they_fall(animals, tmp_path):
    convert_to(tmp_path / "out", animals, AS_PUBLISHED)
    table = read_back(tmp_path / "out")
    test = table[table["split"] == "test"]["identity"].value_counts()
    assert test.to_dict() == {"2": 2, "10": 1}


def test_file_names_reveal_nothing_and_the_truth_has_the_old_ones(animals, tmp_path):
    convert_to(tmp_path / "out", animals)
    table = read_back(tmp_path / "out")
    assert table["image"].str.fullmatch(r"\d{6}\.png").all()
    old = pd.read_csv(tmp_path / "out/truth/names.csv").set_index("Image")["path"]
    for image, path, identity in table[["image", "path", "identity"]].itertuples(index=False):
        assert Path(path).read_bytes() == Path(old[image]).read_bytes()
        assert Path(old[image]).parent.name == identity


def test_new_individuals_of_an_open_set_are_new_whale(animals, tmp_path):
    summary = convert_to(tmp_path / "out", animals, Split("open", new=0.7))
    table = read_back(tmp_path / "out")
    test, train = (table[table["split"] == split] for split in ("test", "train"))
    assert set(test["identity"]) - set(train["identity"]) == {"new_whale"}
    assert summary.new == (test["identity"] == "new_whale").sum()


def test_a_list_by_date(animals, tmp_path):
    list_photographs(animals).to_csv(animals / "list.csv", index=False)
    split = Split("date", ratio=0.5, as_published=True)
    convert_to(tmp_path / "out", animals / "list.csv", split, date="day", **NAMES)
    counts = read_back(tmp_path / "out")["split"].value_counts()
    assert counts.to_dict() == {"train": 8, "test": 8}


def test_a_skipped_name_is_in_neither_set(animals, tmp_path):
    (animals / "lone").rename(animals / "new_whale")
    convert_to(tmp_path / "out", animals, skip="new_whale")
    table = read_back(tmp_path / "out")
    assert set(table["identity"]) == {"2", "10"} and len(table) == 15


def test_a_list_beside_its_photographs_with_a_skipped_name(animals, tmp_path):
    table = list_photographs(animals).replace("lone", "new_whale")
    table.to_csv(tmp_path / "list.csv", index=False)
    convert_to(tmp_path / "out", tmp_path / "list.csv", root=animals, skip="new_whale", **NAMES)
    table = read_back(tmp_path / "out")
    assert set(table["identity"]) == {"2", "10"} and len(table) == 15
    list_photographs(animals / "10").to_csv(tmp_path / "list.csv", index=False)
    with pytest.raises(UserError, match="list.csv lists no photograph"):
        convert_to(tmp_path / "none", tmp_path / "list.csv", root=animals, skip="10", **NAMES)


@pytest.mark.parametrize(
    ("location", "split", "columns", "fault"),
    [
        ("list.csv", CLOSED, dict(path="no"), r"no column \['no'\], only \['file', 'who', 'day'\]"),
        ("list.csv", Split("date"), {}, "needs a CSV and --date"),
        ("absent", CLOSED, {}, "no folder or CSV file .*absent"),
    ],
)
def test_a_fault_writes_nothing(animals, tmp_path, location, split, columns, fault):
    list_photographs(animals).to_csv(animals / "list.csv", index=False)
    with pytest.raises(UserError, match=f"nothing was written: .*{fault}"):
        convert_to(tmp_path / "out", animals / location, split, **(NAMES | columns))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["Blue 12", "new_whale"])
def test_a_name_that_no_submission_can_hold_is_refused(animals, tmp_path, name):
    (animals / "lone").rename(animals / name)
    with pytest.raises(UserError, match=f"nothing was written: .* can't be called '{name}'"):
        convert_to(tmp_path / "out", animals)


def test_missing_and_repeated_photographs_and_an_existing_folder_are_refused(animals, tmp_path):
    table = list_photographs(animals)
    pd.concat([table, table[:1]]).to_csv(animals / "list.csv", index=False)
    with pytest.raises(UserError, match="0.png is listed twice"):
        convert_to(tmp_path / "out", animals / "list.csv", **NAMES)
    table.assign(file="gone/" + table["file"]).to_csv(animals / "list.csv", index=False)
    with pytest.raises(UserError, match="16 photographs do not exist, first .*gone/10/0.png"):
        convert_to(tmp_path / "out", animals / "list.csv", **NAMES)
    with pytest.raises(UserError, match="has no sub-folder"):
        convert_to(tmp_path / "out", animals / "lone")
    (tmp_path / "out").mkdir()
    with pytest.raises(UserError, match="out exists already"):
        convert_to(tmp_path / "out", animals)


def test_a_name_to_skip_must_exist(animals, tmp_path):
    """A misspelt name would make one individual of all unknown ones."""
    with pytest.raises(UserError, match="has no sub-folder new_wale to leave out"):
        convert_to(tmp_path / "out", animals, skip="new_wale")
    list_photographs(animals).to_csv(animals / "list.csv", index=False)
    with pytest.raises(UserError, match="has no identity new_wale to leave out"):
        convert_to(tmp_path / "out", animals / "list.csv", skip="new_wale", **NAMES)
    with pytest.raises(UserError, match="--root is for the files of a CSV"):
        convert_to(tmp_path / "out", animals, root=animals)
