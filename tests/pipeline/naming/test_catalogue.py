"""Catalogues are read with the names that they have, or refused with a way out."""

import shutil
import unicodedata

import pytest

from pipeline.naming import catalogue
from pipeline.naming.catalogue import Source
from pipeline.system.errors import UserError
from tests.pipeline.naming.conftest import write_empty


def fill(root, names):
    for name in names:
        write_empty(root / name / "1.jpg")
    return root


def test_names_of_folders_are_those_of_individuals(tmp_path):
    names = ["007", "7", "NA", "Anna, old", "Bruno (2)", "ﬁn \U0001f40b", "=1+1", "new_whale"]
    table = Source(fill(tmp_path, names)).read()
    assert sorted(table["name"]) == sorted(names)


def test_one_name_in_both_spellings_is_one_individual(tmp_path):
    composed, apart = (unicodedata.normalize(form, "José") for form in ("NFC", "NFD"))
    fill(tmp_path, [composed, apart, "Anna"])
    table = Source(tmp_path).read()
    assert table["name"].nunique() == 2 and set(table["name"]) - {"Anna"} <= {composed, apart}


def test_columns_of_a_csv_are_found_or_named(tmp_path):
    fill(tmp_path, ["x", "y"])
    rows = ["x/1.jpg,007", "y/1.jpg,NA"]
    (tmp_path / "usual.csv").write_text("\n".join(["File,Name", *rows]))
    (tmp_path / "other.csv").write_text("\n".join(["bild,tier", *rows]))
    assert Source(tmp_path / "usual.csv").read()["name"].tolist() == ["007", "NA"]
    found = Source(tmp_path / "other.csv", path="bild", identity="tier").read()
    assert found["path"].tolist() == [tmp_path / "x/1.jpg", tmp_path / "y/1.jpg"]
    assert Source(tmp_path / "usual.csv", skip="NA", root=tmp_path).folder == tmp_path


def test_a_name_is_left_out_or_is_not_there(tmp_path):
    fill(tmp_path, ["x", "y", "unknown"])
    rows = ["file,name", "x/1.jpg,x", "y/1.jpg,y", "unknown/1.jpg,unknown"]
    (tmp_path / "all.csv").write_text("\n".join(rows))
    for location in (tmp_path, tmp_path / "all.csv"):
        assert sorted(Source(location, skip="unknown").read()["name"]) == ["x", "y"]
        with pytest.raises(UserError, match="has no unknwon to leave out: check --skip"):
            Source(location, skip="unknwon").read()
    (tmp_path / "all.csv").write_text("\n".join([*rows, "y/2.jpg,y"]))
    with pytest.raises(UserError, match=r"(?s)check --skip.*row 5: .*2\.jpg does not exist"):
        Source(tmp_path / "all.csv", skip="unknwon").read()


FAULTS = [
    ("empty folder", [], "", "no known individual"),
    ("one individual", ["anna"], "", "one individual .anna., at least 2"),
    ("no column of files", ["a", "b"], "bild,name\na/1.jpg,a", "bild, name: .* --path$"),
    ("no known column", ["a", "b"], "bild,tier\na/1.jpg,a", "tier: .* --path and .* --identity$"),
    ("a missing file", ["a", "b"], "file,name\na/1.jpg,a\nb/2.jpg,b", "row 3: .*2.jpg does not"),
    ("an empty name", ["a", "b"], "file,name\na/1.jpg, \nb/1.jpg,b", "a name is empty"),
    (
        "one row",
        ["a"],
        "file,name\na/1.jpg,a",
        "one individual .* one row per photograph .*the catalogue comes first",
    ),
]


@pytest.mark.fault(
    "name",
    "a catalogue without individuals or with one, a CSV with missing files, columns or names",
    "one line per fault, before any photograph is decoded",
)
@pytest.mark.parametrize(
    "names, text, message", [f[1:] for f in FAULTS], ids=[f[0] for f in FAULTS]
)
def test_what_is_wrong_with_a_catalogue(tmp_path, names, text, message):
    fill(tmp_path, names)
    location = tmp_path
    if text:
        location = tmp_path / "list.csv"
        location.write_text(text)
    with pytest.raises(UserError, match=message):
        Source(location).read()


@pytest.mark.fault(
    "name",
    "no catalogue, no photographs to name, or answers that would lie among photographs",
    "one line with the way out",
)
def test_folders_that_do_not_fit(tmp_path):
    known, new = fill(tmp_path / "known", ["a", "b"]), tmp_path / "new"
    with pytest.raises(UserError, match="there is no folder or CSV file .*none: check"):
        Source(tmp_path / "none").read()
    with pytest.raises(UserError, match="there is no folder .*new: check"):
        catalogue.list_new(new)
    new.mkdir()
    with pytest.raises(UserError, match="no photographs: put"):
        catalogue.list_new(new)
    for inside in (known / "out", new, new / "a/b"):
        with pytest.raises(UserError, match="among photographs: name another folder"):
            catalogue.check_out(inside, known, new)
    with pytest.raises(UserError, match="is a file"):
        catalogue.check_out(known / "a/1.jpg", tmp_path / "other", new)
    shutil.copytree(known, new / "deep")
    assert catalogue.list_new(new) == [new / "deep/a/1.jpg", new / "deep/b/1.jpg"]
    catalogue.check_out(tmp_path / "out", known, new)


@pytest.mark.fault(
    "name",
    "the new photographs are in the catalogue's folder, or are the catalogue",
    "refused, since their folder would be an individual; with --skip it is none",
)
def test_new_photographs_in_the_catalogue(tmp_path):
    known = fill(tmp_path / "known", ["a", "b", "new/june"])
    names = Source(known).read()["name"]
    for new in (known / "new", known / "new/june"):
        with pytest.raises(UserError, match="new is an individual: move it out, .* --skip"):
            catalogue.check_apart(Source(known), names, new)
    with pytest.raises(UserError, match="is the catalogue itself"):
        catalogue.check_apart(Source(known), names, known)
    skipping = Source(known, skip="new")
    catalogue.check_apart(skipping, skipping.read()["name"], known / "new")
    catalogue.check_apart(Source(known), names, tmp_path)


@pytest.mark.fault(
    "name",
    "the individuals' folders are one level too deep, in those of years",
    "a warning names the folder that is meant, if any",
)
def test_individuals_in_folders_of_years(tmp_path, caplog):
    fill(tmp_path, ["2023/anna", "2024/bruno"])
    assert sorted(Source(tmp_path).read()["name"]) == ["2023", "2024"]
    assert "(2023, 2024)" in caplog.text and "If 2023/anna is an individual" in caplog.text
    assert caplog.text.rstrip().endswith(f"such as {tmp_path / '2023'}")
    caplog.clear()
    fill(tmp_path, ["2024"])
    Source(tmp_path).read()
    assert caplog.text == ""
