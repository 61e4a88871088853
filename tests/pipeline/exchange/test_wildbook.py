"""Answers as a spreadsheet for Wildbook's bulk import."""

import csv
import logging

import pytest
from PIL import Image

from pipeline.exchange import catalogues, named_folder, wildbook
from pipeline.system.errors import UserError

SPECIES = "Tragelaphus angasii"
NEEDED = {"Encounter.mediaAsset0", "Encounter.genus", "Encounter.specificEpithet"}
NEEDED |= {"Encounter.year", "Encounter.locationID"}


def write_dated(path, text="2024:05:31 10:20:30"):
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = text
    Image.new("RGB", (40, 20)).save(path, "JPEG", exif=exif)  # whatever the file is called


@pytest.fixture
def one_each(named):
    """The answers about photographs with different names."""
    answers = [one for one in named.answers if one.photograph != "cam2/a.png"]
    return named_folder.NamedFolder(named.folder, answers, named.compared, named.written)


def export(named, **more):
    out = named.folder / "w.csv"
    values = {"species": SPECIES, "location": "Ndumo", "submitter": "kim"} | more
    text = wildbook.export(named, out, **values)
    with out.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file)), text


def test_an_encounter_per_answer(one_each, caplog):
    caplog.set_level(logging.WARNING)
    write_dated(one_each.answers[0].file)
    rows, text = export(one_each)
    assert text == "4 encounters, 3 with an individual"
    assert set(rows[0]) >= NEEDED
    first = {
        "Encounter.mediaAsset0": "a.png",
        "MarkedIndividual.individualID": "Anna",
        "Encounter.genus": "Tragelaphus",
        "Encounter.specificEpithet": "angasii",
        "Encounter.year": "2024",
        "Encounter.month": "5",
        "Encounter.day": "31",
        "Encounter.hour": "10",
        "Encounter.minutes": "20",
        "Encounter.locationID": "Ndumo",
        "Encounter.submitterID": "kim",
    }
    assert {key: rows[0][key] for key in first} == first
    assert "known; Anna 0.90, 007 0.05" in rows[0]["Encounter.researcherComments"]
    assert [row["MarkedIndividual.individualID"] for row in rows] == ["Anna", "007", "", "=1+1"]
    assert "2 photographs have no date in their EXIF" in caplog.text


def test_fields_without_data_are_left_out(one_each):
    rows, _ = export(one_each, submitter="")
    assert "Encounter.submitterID" not in rows[0] and "Encounter.month" not in rows[0]
    assert "Encounter.year" in rows[0]  # to be filled in


def test_photographs_of_one_name_are_refused(named):
    with pytest.raises(UserError, match="cam2/a.png has the name of cam1/a.png: rename one"):
        export(named)


@pytest.mark.parametrize("species", ["", "nyala", "tragelaphus angasii", "Tragelaphus"])
def test_a_species_has_two_words(one_each, species):
    with pytest.raises(UserError, match="--species 'Panthera pardus'"):
        export(one_each, species=species)


def test_a_location_is_asked_for(one_each):
    with pytest.raises(UserError, match="--location"):
        export(one_each, location="")


def test_what_is_written_is_read_again(one_each, tmp_path):
    export(one_each)
    (tmp_path / "new/cam2/a.png").unlink()
    table = catalogues.read(one_each.folder / "w.csv", tmp_path / "new")
    names = [(path.name, name) for path, name in zip(table["path"], table["name"], strict=True)]
    assert names == [("a.png", "Anna"), ("a.png", "007"), ("c.png", "=1+1")]


def test_a_time_that_is_not_known_stays_empty():
    assert wildbook.split_when({"date": "2024-05-31", "time": "10:20:30"}) == [2024, 5, 31, 10, 20]
    assert wildbook.split_when({"date": "2024-05-31", "time": ""}) == [2024, 5, 31, "", ""]
    assert wildbook.split_when({"date": "", "time": ""}) == [""] * 5


def test_photographs_that_have_moved_are_named(one_each):
    one_each.answers[0].file.unlink()
    with pytest.raises(UserError, match="a.png is not there any more: repeat the command"):
        export(one_each)
