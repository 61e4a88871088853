"""From folders, or a list, to a competition that the first stage accepts."""

import errno
import json
import os
import shutil
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from pipeline import params
from pipeline.catalogue import convert as conversion
from pipeline.catalogue.convert import Summary, convert
from pipeline.catalogue.source import Source
from pipeline.catalogue.split import Split
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
    read = competition.read_competition(tmp_path / "out", P.competition.columns)
    old = pd.read_csv(tmp_path / "out/truth/names.csv").set_index("Image")["path"]
    found = {
        Path(old[row.image]).relative_to(animals).as_posix(): row.viewpoint
        for row in read.viewpoints.itertuples()
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
        ("list.csv", CLOSED, dict(path="no"), "list.csv, row 1: columns are file, who, day; exp"),
        ("list.csv", Split("date"), {}, "needs a CSV and --date"),
        ("absent", CLOSED, {}, "no folder or CSV file .*absent"),
    ],
)
def test_a_fault_writes_nothing(animals, tmp_path, location, split, columns, fault):
    list_photographs(animals).to_csv(animals / "list.csv", index=False)
    with pytest.raises(UserError, match=f"(?s)nothing was written: .*{fault}"):
        convert_to(tmp_path / "out", animals / location, split, **(NAMES | columns))
    assert not (tmp_path / "out").exists()


def test_missing_and_repeated_photographs_and_an_existing_folder_are_refused(animals, tmp_path):
    table = list_photographs(animals)
    pd.concat([table, table[:1]]).to_csv(animals / "list.csv", index=False)
    with pytest.raises(UserError, match="list.csv, row 18: .*10/0.png is listed already, in row 2"):
        convert_to(tmp_path / "out", animals / "list.csv", **NAMES)
    table.assign(file="gone/" + table["file"]).to_csv(animals / "list.csv", index=False)
    with pytest.raises(
        UserError, match="16 faults\n  list.csv, row 2: .*gone/10/0.png does not exist"
    ):
        convert_to(tmp_path / "out", animals / "list.csv", **NAMES)
    with pytest.raises(UserError, match="has no sub-folder"):
        convert_to(tmp_path / "out", animals / "lone")
    (tmp_path / "out").mkdir()
    with pytest.raises(UserError, match="out exists already"):
        convert_to(tmp_path / "out", animals)


def write_list(animals: Path, change) -> Path:
    """A list of all photographs; `change` makes the file's bytes of its text."""
    file = animals / "list.csv"
    file.write_bytes(change(list_photographs(animals).to_csv(index=False)))
    return file


@pytest.mark.fault(
    "tables",
    "a list to import as spreadsheets write it: UTF-16, semicolons, a mark, commas at the end of "
    "rows, rows of nothing but commas",
    "imported as if it were written plainly",
)
@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.encode("utf-16"),
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.replace(",", ";").encode(),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: text.replace("01\n", "01,\n").replace("02\n", "02,\n").encode(),
        lambda text: text.replace("\n", ",,\n").encode(),
        lambda text: (text + ",,\n,,\n \n").encode(),
    ],
)
def test_lists_as_spreadsheets_write_them(animals, tmp_path, change):
    summary = convert_to(tmp_path / "out", write_list(animals, change), AS_PUBLISHED, **NAMES)
    assert summary.individuals == 3 and summary.training + summary.test == 16


@pytest.mark.fault(
    "tables",
    "a list to import in Latin-1, with a cell too many or too few, or with a quote too many",
    "refused with file, row and way out; nothing is written",
)
@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda text: text.replace("lone,", "Zo\u00eb,").encode("latin-1"), "row 17: is not UTF-8"),
        (lambda text: text.replace("10/0.png,10", "10/0.png,10,x").encode(), "row 2: has 4 cells"),
        (
            lambda text: text.replace("10/0.png,10,2024-05-01", "10/0.png").encode(),
            "row 2: has 1 c",
        ),
        (lambda text: text.replace("10/0.png", '"10/0.png').encode(), "row 2: can't be read"),
        (lambda text: b"", "the file is empty"),
        (lambda text: b"file,who,day\n", "lists no photograph"),
        (lambda text: b"\x89PNG\0\0", "row 1: "),
    ],
)
def test_lists_that_cannot_be_read(animals, tmp_path, change, fault):
    with pytest.raises(UserError, match=rf"(?s)nothing was written: .*list.csv.*{fault}"):
        convert_to(tmp_path / "out", write_list(animals, change), **NAMES)
    assert not (tmp_path / "out").exists()


def messages(caplog) -> str:
    return "\n".join(caplog.messages)


@pytest.mark.fault(
    "folders",
    "an import of a folder of folders with photographs of kinds that are not read, and an "
    "individual of nothing else",
    "counted by kind with the way to convert them, and the individual is named",
)
def test_what_is_left_out_of_a_folder_is_said(animals, tmp_path, caplog):
    (animals / "dan").mkdir()
    for number in range(4):
        (animals / f"dan/IMG_{number}.psd").write_bytes(b"8BPS")
    (animals / "empty").mkdir()
    (animals / "beside.png").write_bytes((animals / "10/0.png").read_bytes())
    for place in (animals / ".ipynb_checkpoints", animals / "10/.ipynb_checkpoints"):
        place.mkdir()
        (place / "0-checkpoint.png").write_bytes((animals / "10/0.png").read_bytes())
    (animals / "10/._0.png").write_bytes(b"\0\5\x16\7")
    convert_to(tmp_path / "out", animals)
    assert set(read_back(tmp_path / "out")["identity"]) == {"2", "10", "lone"}
    assert len(pd.read_csv(tmp_path / "out/truth/names.csv")) == 16
    said = messages(caplog)
    assert "4 .psd, not read: export it as JPEG or PNG" in said and "(dan/IMG_0.psd, " in said
    assert "1 beside the folders of individuals (beside.png)" in said
    assert "3 hidden, or left behind by an operating system (" in said
    assert "so they are no individuals: dan, empty" in said


@pytest.mark.fault(
    "folders",
    "photographs that OpenCV reads under an unusual ending: .jfif and .gif",
    "imported and read like any other",
)
def test_photographs_of_unusual_endings_are_imported(animals, tmp_path):
    (animals / "lone/0.png").unlink()
    pixels = np.random.default_rng(1).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    for ending in (".jpg", ".gif"):
        cv2.imwrite(str(animals / f"lone/a{ending}"), pixels)
    (animals / "lone/a.jpg").rename(animals / "lone/a.jfif")
    convert_to(tmp_path / "out", animals)
    table = read_back(tmp_path / "out")
    lone = table[table["identity"] == "lone"]
    assert sorted(Path(name).suffix for name in lone["image"]) == [".gif", ".jfif"]
    assert lone["width"].tolist() == [60, 60]


@pytest.mark.fault(
    "folders",
    "an import with several individuals whose names no submission can hold",
    "all are named at once, before anything is copied",
)
def test_all_wrong_names_are_refused_at_once(animals, tmp_path):
    (animals / "lone").rename(animals / "new_whale")
    (animals / "10").rename(animals / "Blue 12")
    with pytest.raises(UserError) as caught:
        convert_to(tmp_path / "out", animals)
    lines = str(caught.value).splitlines()
    assert lines[0] == f"nothing was written: {animals}: 2 faults"
    assert "Blue 12: identity 'Blue 12' contains a space" in lines[1]
    assert "identity new_whale is the word for a new individual: --skip new_whale" in lines[2]
    assert not (tmp_path / "out").exists()


@pytest.mark.fault(
    "folders",
    "a list that has one individual with and without a blank, or composed and decomposed",
    "refused with the row: the pipeline would refuse it, or take them for two individuals",
)
@pytest.mark.parametrize("twisted", ["lone ", "lone\u00a0", "\ufefflone", "lo\u200bne"])
def test_names_that_look_alike_are_refused(animals, tmp_path, twisted):
    table = list_photographs(animals)
    table.loc[len(table)] = ["2/0.png", twisted, "2024-05-01"]
    table.drop(index=5).to_csv(animals / "list.csv", index=False)
    with pytest.raises(UserError, match=r"list.csv, row 17: identity .* contains (a space|an inv)"):
        convert_to(tmp_path / "out", animals / "list.csv", **NAMES)
    assert not (tmp_path / "out").exists()


@pytest.mark.fault(
    "photographs",
    "photographs of an import that can't be decoded",
    "all are named at once before anything is copied, also with --as-published",
)
@pytest.mark.parametrize("split", [CLOSED, AS_PUBLISHED])
def test_all_undecodable_photographs_are_named(animals, tmp_path, split):
    (animals / "2/3.png").write_bytes(b"")
    (animals / "10/1.png").write_bytes((animals / "10/1.png").read_bytes()[:200])
    with pytest.raises(UserError) as caught:
        convert_to(tmp_path / "out", animals, split)
    assert "2 faults" in str(caught.value)
    assert "2/3.png: zero bytes" in str(caught.value)
    assert "10/1.png: not an image, or truncated" in str(caught.value)
    assert not list(tmp_path.glob("*out*"))


@pytest.mark.fault(
    "folders",
    "a collection from which no competition can be made: one individual, or one photograph each",
    "refused before anything is copied",
)
def test_a_split_without_a_question_is_refused(animals, tmp_path):
    shutil.move(animals / "lone", tmp_path / "lone")
    with pytest.raises(UserError, match="training set would have one individual .10., at least 2"):
        convert_to(tmp_path / "out", animals, skip="2")
    for file in [*animals.glob("2/[1-9].png"), *animals.glob("10/[1-9].png")]:
        file.unlink()
    with pytest.raises(UserError, match="the test would have no photograph"):
        convert_to(tmp_path / "out", animals)
    assert not list(tmp_path.glob("*out*"))


@pytest.mark.fault(
    "folders",
    "an import into its own photographs, onto a dangling link, or onto a full disk",
    "refused in one line, and no half of a competition is left",
)
def test_what_cannot_be_written(animals, tmp_path, monkeypatch):
    with pytest.raises(UserError, match="competition is in .*animals, the photographs' folder"):
        convert_to(animals / "competition", animals)
    (tmp_path / "out").symlink_to(tmp_path / "nowhere")
    with pytest.raises(UserError, match="out exists already"):
        convert_to(tmp_path / "out", animals)
    (tmp_path / "out").unlink()

    def fill(source, target):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))

    monkeypatch.setattr(shutil, "copyfile", fill)
    with pytest.raises(UserError, match="nothing was written: .*: No space left on device"):
        convert_to(tmp_path / "out", animals)
    assert not list(tmp_path.glob("*out*"))


@pytest.mark.fault(
    "folders",
    "file names of other systems: bytes that are no UTF-8, line breaks, backslashes in a list",
    "imported; the folder of an individual must have a name in UTF-8",
)
def test_names_of_other_systems(animals, tmp_path):
    table = list_photographs(animals)
    odd = "odd\n\udcff\u00a0.png"
    (animals / "lone/0.png").rename(animals / "lone" / odd)
    convert_to(tmp_path / "out", animals)
    names = pd.read_csv(tmp_path / "out/truth/names.csv")["path"]
    assert sum(name.endswith("odd\n\\udcff\u00a0.png") for name in names) == 1
    table = table[table["who"] != "lone"]
    table.assign(file=table["file"].str.replace("/", "\\")).to_csv(
        animals / "list.csv", index=False
    )
    assert convert_to(tmp_path / "listed", animals / "list.csv", **NAMES).individuals == 2
    (animals / "2/0.png").rename(animals / "2/Zoe\u0308.png")
    (animals / "2/1.png").rename(animals / "2/B.PNG")
    table = table.replace("2/0.png", "2/Zo\u00eb.png")
    table.to_csv(animals / "list.csv", index=False)
    with pytest.raises(UserError, match="1 fault\n.*2/1.png does not exist"):
        convert_to(tmp_path / "none", animals / "list.csv", **NAMES)
    table.replace("2/1.png", "2/b.png").to_csv(animals / "list.csv", index=False)
    with pytest.raises(UserError, match="1 fault\n.*2/b.png does not exist, but B.PNG does"):
        convert_to(tmp_path / "none", animals / "list.csv", **NAMES)
    (animals / "lone").rename(animals / "lon\udcff")
    with pytest.raises(UserError, match="contains an invisible character"):
        convert_to(tmp_path / "none", animals)


@pytest.mark.fault(
    "tables",
    "viewpoints that are one word in several ways (`left`, `Left`), which would never be compared",
    "refused with the row",
)
def test_viewpoints_of_one_word_in_several_ways(animals, tmp_path):
    table = list_photographs(animals)
    table["flank"] = ["left", "Left", "right ", "right"] * 4
    table.to_csv(animals / "list.csv", index=False)
    fault = "1 fault\n  list.csv, row 3 and 3 more: viewpoint 'Left' is also written 'left'"
    with pytest.raises(UserError, match=fault):
        convert_to(tmp_path / "out", animals / "list.csv", viewpoint="flank", **NAMES)
    table["flank"] = ["left", " ", "right ", "right"] * 4
    table.to_csv(animals / "list.csv", index=False)
    summary = convert_to(tmp_path / "out", animals / "list.csv", viewpoint="flank", **NAMES)
    assert summary.viewpoints == {"right": 8, "left": 4, "unknown": 4}


@pytest.mark.fault(
    "folders",
    "a data set with the folders train and test, and those of individuals inside of them",
    "refused: train and test would be the individuals",
)
def test_the_parts_of_a_set_are_no_individuals(animals, tmp_path):
    shutil.move(animals, tmp_path / "train")
    animals.mkdir()
    shutil.move(tmp_path / "train", animals / "train")
    with pytest.raises(UserError, match="train in .*animals are parts of a set"):
        convert_to(tmp_path / "out", animals)
    shutil.copytree(animals / "train/2", animals / "Test/2")
    with pytest.raises(UserError, match="Test, train in .*animals are parts of a set"):
        convert_to(tmp_path / "out", animals)


def test_a_name_to_skip_must_exist(animals, tmp_path, monkeypatch):
    """A misspelt name would make one individual of all unknown ones; nothing is read yet."""
    monkeypatch.setattr(conversion, "measure", lambda _: pytest.fail("photographs were read"))
    for name in ("new_wale", "."):
        with pytest.raises(UserError, match=f"has no sub-folder {name} to leave out"):
            convert_to(tmp_path / "out", animals, skip=name)
    list_photographs(animals).to_csv(animals / "list.csv", index=False)
    with pytest.raises(UserError, match="has no identity new_wale to leave out"):
        convert_to(tmp_path / "out", animals / "list.csv", skip="new_wale", **NAMES)
    with pytest.raises(UserError, match="--root is for the files of a CSV"):
        convert_to(tmp_path / "out", animals, root=animals)


@pytest.mark.fault(
    "folders",
    "an import with photographs that can't be read",
    "refused with all of them; --skip-bad goes on without them and lists them with the reason",
)
def test_photographs_that_cannot_be_read_are_refused_or_listed(animals, tmp_path, caplog):
    (animals / "2/3.png").write_bytes((animals / "2/3.png").read_bytes()[:200])
    (animals / "10/0.png").write_bytes(b"")
    (animals / "10/notes.txt").write_text("x")
    with pytest.raises(UserError, match=r"2 faults\n.*10/0\.png: zero bytes\n.*2/3\.png: not an"):
        convert_to(tmp_path / "out", animals)
    assert not (tmp_path / "out").exists()
    convert(Source(animals), CLOSED, tmp_path / "out", P.dedup, skip_bad=True)
    assert read_back(tmp_path / "out")["identity"].value_counts().to_dict() == {
        **{"2": 9, "10": 4, "lone": 1}
    }
    listed = pd.read_csv(tmp_path / "out/truth/left_out.csv").set_index("file")["reason"]
    reasons = {Path(file).name: reason for file, reason in listed.items()}
    assert sorted(reasons) == ["0.png", "3.png", "notes.txt"]
    assert "zero bytes" in reasons["0.png"] and "truncated" in reasons["3.png"]
    assert reasons["notes.txt"].startswith(".txt, not read")
    assert "2 photographs can't be read and are left out" in messages(caplog)


def test_a_file_of_another_program_with_its_boxes(animals, tmp_path):
    """COCO: the boxes are the competition's; a photograph of two individuals is left out."""
    images = [{"id": n, "file_name": f"2/{n}.png", "width": 96, "height": 72} for n in range(9)]
    images += [{"id": n + 10, "file_name": f"10/{n}.png"} for n in range(5)]
    rows = [
        {"image_id": one["id"], "bbox": [24, 18, 48, 36], "name": one["file_name"][:2]}
        for one in images
    ]
    rows += [{"image_id": 0, "bbox": [0, 0, 9, 9], "name": "10"}, {"image_id": 1, "name": None}]
    file = animals / "coco.json"
    file.write_text(json.dumps({"images": images, "annotations": rows, "categories": []}))
    summary = convert_to(tmp_path / "out", file)
    assert summary.training + summary.test == 13 and summary.individuals == 2
    left_out = pd.read_csv(tmp_path / "out/truth/left_out.csv")
    assert "several individuals" in left_out["reason"][0] and "2/0.png" in left_out["file"][0]
    boxes = pd.read_csv(tmp_path / "out/boxes.csv").set_index("Image")
    assert (boxes == [24, 18, 72, 54]).all(axis=None) and len(boxes) == 13
    assert set(boxes.index) == set(read_back(tmp_path / "out")["image"])


def test_a_box_that_its_photograph_does_not_have(animals, tmp_path):
    text = "theta,name,file_path,x,y,w,h\n0,2,2/0.png,500,0,9,9\n0,10,/x/10/0.png,0,0,9,9\n"
    (animals / "m.csv").write_text(text)
    with pytest.raises(UserError, match=r"row 2, .*2/0.png: the box 500, 0, 509, 9 has none"):
        convert_to(tmp_path / "out", animals / "m.csv")
    assert not (tmp_path / "out").exists()
