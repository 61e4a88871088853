"""Which photographs are captures, and what is done without dates."""

import logging

import pytest
from PIL import Image

from pipeline.exchange import captures, named_folder
from pipeline.system.errors import Faults, UserError
from tests.pipeline.exchange.conftest import row, write_answers
from tests.pipeline.exchange.study import CATALOGUE, PHOTOGRAPHS, ROWS, write_study


def collect(folder, photographs=PHOTOGRAPHS, unknown=False, rows=ROWS, catalogue=CATALOGUE):
    named, dates = write_study(folder, photographs, rows, catalogue)
    return captures.collect(named, dates, unknown)


def list_captures(study):
    rows = study.captures[["individual", "photograph", "date"]]
    return sorted(rows.itertuples(index=False, name=None))


def test_names_of_photographs_with_a_date_count(tmp_path):
    study = collect(tmp_path)
    assert list_captures(study) == [
        ("007", "c.png", "2024-05-31"),
        ("007", "d.png", "2024-05-31"),
        ("Anna", "Anna/old.png", "2024-05-31"),
        ("Anna", "a.png", "2024-06-03"),
        ("Bo Li", "b1.png", "2024-06-01"),
        ("Bo Li", "b2.png", "2024-06-01"),
    ]
    assert study.describe() == (
        "3 individuals on 6 photographs, 2024-05-31 to 2024-06-03. Left out: 1 unsure, 2 new "
        "(--unknown counts them by their group), 1 without an animal, 1 without a date."
    )


def test_new_individuals_count_by_their_group(tmp_path):
    study = collect(tmp_path, unknown=True)
    assert ("unknown-1", "e.png", "2024-06-03") in list_captures(study)
    assert study.left_out == {"unsure": 1, "no group": 1, "empty": 1, "undated": 1}
    assert "1 new, in no group" in study.describe()


def test_a_group_is_no_individual_of_the_catalogue(tmp_path):
    with pytest.raises(UserError, match="individual unknown-1, a name that --unknown"):
        collect(tmp_path, unknown=True, catalogue=[*CATALOGUE, ("x.png", "unknown-1")])


def test_all_dates_of_the_study_count_for_its_length(tmp_path):
    more = PHOTOGRAPHS.replace("g.png,2024-06-02", "g.png,2024-06-30")
    assert collect(tmp_path, more).last == "2024-06-30"


def test_from_a_day_on(tmp_path):
    named, dates = write_study(tmp_path)
    study = captures.collect(named, dates, False, since="2024-06-01")
    assert {one for *_, one in list_captures(study)} == {"2024-06-01", "2024-06-03"}
    assert (study.first, study.last) == ("2024-06-01", "2024-06-03")
    assert "1 without a date, 3 before --since" in study.describe()
    with pytest.raises(UserError, match="no photograph is of 2025-01-01 or later: the last one"):
        captures.collect(named, dates, False, since="2025-01-01")


def test_a_single_photograph(tmp_path):
    study = collect(tmp_path, "photograph,date\na.png,2024-06-03\n", rows=ROWS[:1], catalogue=[])
    assert list_captures(study) == [("Anna", "a.png", "2024-06-03")]
    assert study.describe() == "1 individuals on 1 photographs, 2024-06-03 to 2024-06-03."


def test_nothing_has_a_date(tmp_path):
    named, _ = write_study(tmp_path)
    with pytest.raises(UserError, match=r"no photograph has a date in its EXIF: write when"):
        captures.collect(named, None, False)


def test_only_others_have_a_date(tmp_path):
    with pytest.raises(UserError, match="no photograph with an individual has a date"):
        collect(tmp_path, "photograph,date\ng.png,2024-06-02\n")


def test_no_answers_at_all(tmp_path):
    with pytest.raises(UserError, match="no photograph has a date in .*photographs.csv"):
        collect(tmp_path, "photograph,date\n", rows=ROWS[:1], catalogue=[])


def test_dates_of_exif(tmp_path):
    out = write_answers(tmp_path, [row("a.jpg", "known", [("Anna", 0.9)])])
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = "2024:05:31 10:00:07"
    Image.new("RGB", (8, 6)).save(tmp_path / "new/a.jpg", exif=exif)
    study = captures.collect(named_folder.read(out), None, False)
    assert study.captures.loc[0, ["date", "time"]].tolist() == ["2024-05-31", "10:00:07"]


def test_faults_of_the_dates_are_listed(tmp_path):
    more = PHOTOGRAPHS + "other.png,2024-06-03,,,,\na.png,5/6/2024,,,,\n"
    with pytest.raises(Faults) as error:
        collect(tmp_path, more)
    assert "row 11: other.png is no listed photograph" in str(error.value)
    assert "row 12: '5/6/2024' is no date" in str(error.value)


def test_a_name_of_the_catalogue_and_of_a_new_photograph(tmp_path):
    with pytest.raises(Faults, match="a.png is a photograph of the catalogue and a new one"):
        collect(tmp_path, catalogue=[("a.png", "Anna")])


def test_the_day_is_the_local_one_of_each_zone(tmp_path, caplog):
    zoned = "photograph,date\nc.png,2024-06-01T00:30:00+03:00\nd.png,2024-05-31T23:30:00+01:00\n"
    with caplog.at_level(logging.WARNING):
        study = collect(tmp_path, zoned)
    assert [date for *_, date in list_captures(study)] == ["2024-06-01", "2024-05-31"]
    assert "times of 2 zones (+01:00, +03:00)" in caplog.text


def test_times_with_and_without_a_zone_are_a_fault(tmp_path):
    zoned = "photograph,date\nc.png,2024-06-01T00:30:00+03:00\nd.png,2024-05-31T23:30:00\n"
    with pytest.raises(Faults, match="has no time zone, but row 2 has one"):
        collect(tmp_path, zoned)


def test_photographs_that_have_moved_are_no_photographs_without_a_date(tmp_path):
    named, dates = write_study(tmp_path)
    assert len(captures.collect(named, dates, False).captures) == 6
    (tmp_path / "catalogue").rename(tmp_path / "moved")
    with pytest.raises(UserError, match=r"catalogue/007/undated.png is not there any .*and 1 more"):
        captures.collect(named, None, False)
    # a photographs.csv has the dates without the files
    assert len(captures.collect(named, dates, False).captures) == 6


def test_a_row_about_a_new_photograph_is_about_none_of_the_catalogue(tmp_path):
    """old.png of the new ones could not be read: Anna/old.png was not taken on its date."""
    rows = PHOTOGRAPHS.replace("Anna/old.png,2024-05-31 10:00:00", "old.png,2024-06-07")
    with pytest.raises(Faults, match=r"row 2: old.png may be Anna/old.png: write it as it is list"):
        collect(tmp_path, rows)


def test_a_photograph_of_the_catalogue_may_have_the_folders_of_another_machine(tmp_path):
    rows = PHOTOGRAPHS.replace("Anna/old.png", "D:\\whales\\Anna\\old.png")
    assert ("Anna", "Anna/old.png", "2024-05-31") in list_captures(collect(tmp_path, rows))


def test_cameras_of_exif_have_the_folders_of_their_new_photographs(tmp_path):
    names = ["cam1/a.jpg", "cam2/b.jpg", "c.jpg", "cam1/d.jpg"]
    catalogue = [("Anna/old.jpg", "Anna")]
    rows = [row(name, "known", [("Anna", 0.9)]) for name in names]
    out = write_answers(tmp_path, rows, catalogue)
    files = ["catalogue/Anna/old.jpg", *(f"new/{name}" for name in names)]
    for name, model in zip(files, "XXXXY", strict=True):
        exif = Image.Exif()
        exif[0x0110] = model
        exif.get_ifd(0x8769)[0x9003] = "2024:05:31 10:00:07"
        Image.new("RGB", (8, 6)).save(tmp_path / name, exif=exif)
    study = captures.collect(named_folder.read(out), None, False)
    assert study.folders == {"X": ["", "cam1", "cam2"], "Y": ["cam1"]}
