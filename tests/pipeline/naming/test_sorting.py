"""Copies in one folder per answer, on systems that ignore case and on those that do not."""

import pytest

from pipeline.naming import sorting
from pipeline.naming.answers import KNOWN, NEW, UNSURE, Answer


@pytest.mark.parametrize(
    "name, folder",
    [
        ("Anna, old", "Anna, old"),
        ("007", "007"),
        ("NA", "NA"),
        ("a/b", "a_b"),
        ("..", "_"),
        (".hidden", "_.hidden"),
        ("aux", "_aux"),
        ("Com1.x", "_Com1.x"),
        ("end. ", "end"),
        ("é" * 150, "é" * 100),  # 200 bytes
    ],
)
def test_a_name_that_a_folder_cannot_have_is_changed(name, folder):
    assert sorting.to_valid(name) == folder


def test_no_two_names_share_a_folder():
    folders = sorting.make_folder_names(["Anna", "anna", "ANNA", "a/b", "a_b", "(new)", "b"])
    assert len({sorting.fold(folder) for folder in folders.values()}) == 7
    assert folders["ANNA"] == "ANNA" and folders["b"] == "b" and folders["(new)"] == "(new) (2)"


def test_copies_of_an_earlier_run_are_replaced_and_other_files_stay(tmp_path):
    files = {}
    for name in ("x/1.jpg", "y/1.jpg", "2.jpg", "3.jpg"):
        files[name] = tmp_path / "in" / name
        files[name].parent.mkdir(parents=True, exist_ok=True)
        files[name].write_text(name)
    anna, new = Answer(KNOWN, ("Anna",), (0.9,), 0.1, "", 0), Answer(NEW, (), (), 1.0, "", 0, 2)
    unsure = Answer(UNSURE, ("Anna",), (0.4,), 0.3, "", 0)
    answers = {"x/1.jpg": anna, "y/1.jpg": anna, "2.jpg": new, "3.jpg": unsure}
    record = tmp_path / "record.json"
    sorting.sort_photographs(answers, files, tmp_path, record)
    folder = tmp_path / "sorted"
    assert (folder / "Anna/1.jpg").read_text() == "x/1.jpg"
    assert (folder / "Anna/1 (2).jpg").read_text() == "y/1.jpg"
    assert (folder / "(new)/2/2.jpg").read_text() == "2.jpg"
    assert (folder / "(unsure)/3.jpg").read_text() == "3.jpg"
    (folder / "Anna/mine.txt").write_text("mine")
    sorting.sort_photographs({"2.jpg": anna}, files, tmp_path, record)
    left = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*"))
    assert left == ["Anna/2.jpg", "Anna/mine.txt"]


def make_files(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return {name: folder / name for name in names}


def test_a_file_that_people_put_there_is_not_written_over(tmp_path):
    files = make_files(tmp_path / "in", "1.jpg")
    (tmp_path / "sorted/Anna").mkdir(parents=True)
    (tmp_path / "sorted/Anna/1.JPG").write_text("mine")
    anna = Answer(KNOWN, ("Anna",), (0.9,), 0.1, "", 0)
    placed = sorting.sort_photographs({"1.jpg": anna}, files, tmp_path, tmp_path / "record.json")
    assert placed == {"1.jpg": "Anna/1 (2).jpg"}
    assert (tmp_path / "sorted/Anna/1.JPG").read_text() == "mine"


def test_the_copies_of_an_interrupted_run_are_removed(tmp_path, monkeypatch):
    files = make_files(tmp_path / "in", "1.jpg", "2.jpg")
    anna, bruno = (Answer(KNOWN, (name,), (0.9,), 0.1, "", 0) for name in ("Anna", "Bruno"))
    record, copy = tmp_path / "record.json", sorting.shutil.copyfile
    monkeypatch.setattr(
        sorting.shutil, "copyfile", lambda a, b: copy(a, b) and 1 / (a != files["2.jpg"])
    )
    with pytest.raises(ZeroDivisionError):
        sorting.sort_photographs(dict.fromkeys(files, anna), files, tmp_path, record)
    assert (tmp_path / "sorted/Anna/1.jpg").is_file()
    monkeypatch.undo()
    sorting.sort_photographs(dict.fromkeys(files, bruno), files, tmp_path, record)
    left = sorted(
        path.relative_to(tmp_path / "sorted").as_posix()
        for path in (tmp_path / "sorted").rglob("*.jpg")
    )
    assert left == ["Bruno/1.jpg", "Bruno/2.jpg"]
