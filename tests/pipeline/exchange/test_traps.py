"""Captures by camera and by place, of the same three animals."""

import dataclasses
import logging

import pandas as pd
import pytest

from pipeline.exchange import captures, traps
from pipeline.system.errors import UserError
from tests.pipeline.exchange.study import PHOTOGRAPHS, write_study


@pytest.fixture
def study(tmp_path):
    return captures.collect(*write_study(tmp_path), unknown=False)


def read(path):
    """The lines as read.table reads them: # begins a comment."""
    lines = [line.partition("#")[0].split() for line in path.read_text().splitlines()]
    return [line for line in lines if line]


def test_secr_has_a_line_per_animal_occasion_and_camera(study, tmp_path):
    text = traps.write_secr(study, "day", tmp_path / "c.txt")
    assert read(tmp_path / "c.txt") == [
        ["1", "007", "1", "cam_B"],
        ["1", "Anna", "1", "cam_A"],
        ["1", "Anna", "4", "cam_B"],
        ["1", "Bo_Li", "2", "cam_A"],
        ["1", "Bo_Li", "2", "cam_B"],
    ]
    assert "Read it with noccasions = 4. No file of traps" in text
    assert "positions are in degrees: --degrees writes them" in text
    assert not (tmp_path / "c-traps.txt").exists()


def test_a_trap_may_be_a_place(study, tmp_path):
    traps.write_secr(study, "month", tmp_path / "c.txt", by_place=True)
    assert read(tmp_path / "c.txt") == [
        *(["1", "007", "1", "Lake"], ["1", "Anna", "1", "Hill"]),
        *(["1", "Anna", "2", "Hill"], ["1", "Bo_Li", "2", "Hill"]),
    ]


def test_occasions_are_in_the_order_of_numbers(study, tmp_path):
    early = captures.Study(study.captures, "2024-05-23", study.last, study.left_out)
    traps.write_secr(early, "day", tmp_path / "c.txt", by_place=True)
    assert [line[2] for line in read(tmp_path / "c.txt") if line[1] == "Anna"] == ["9", "12"]


def test_traps_in_degrees_if_it_is_wanted(study, tmp_path):
    text = traps.write_secr(study, "day", tmp_path / "c.txt", by_place=True, degrees=True)
    assert read(tmp_path / "c-traps.txt") == [
        ["Hill", "30.250000", "1.500000"],
        ["Lake", "31.000000", "2.000000"],
    ]
    assert text.endswith("c-traps.txt has 2 traps in degrees: project them to metres.")


def test_a_trap_without_a_position(tmp_path):
    named, dates = write_study(tmp_path, PHOTOGRAPHS.replace(",2,31", ",,"))
    study = captures.collect(named, dates, unknown=False)
    with pytest.raises(UserError, match=r"1 traps have no position \(Lake\)"):
        traps.write_secr(study, "day", tmp_path / "c.txt", by_place=True, degrees=True)
    assert not (tmp_path / "c.txt").exists()


def test_a_photograph_without_a_trap(tmp_path):
    named, dates = write_study(tmp_path, "photograph,date\na.png,2024-06-03\n")
    study = captures.collect(named, dates, unknown=False)
    with pytest.raises(UserError, match=r"1 photographs have no camera \(a.png\).*--place-as-trap"):
        traps.write_secr(study, "day", tmp_path / "c.txt")
    with pytest.raises(UserError, match=r"no place \(a.png\): write it into the column place"):
        traps.write_camtrap(study, "Panthera pardus", tmp_path / "c.csv", by_place=True)


def test_camtrap_has_a_record_per_second(study, tmp_path):
    text = traps.write_camtrap(study, "Panthera pardus", tmp_path / "c.csv", by_place=True)
    table = pd.read_csv(tmp_path / "c.csv", dtype=str)
    assert list(table) == traps.RECORDS
    assert table[["Station", "Individual", "DateTimeOriginal", "FileName"]].to_numpy().tolist() == [
        ["Hill", "Anna", "2024-05-31 10:00:00", "old.png"],
        ["Hill", "Anna", "2024-06-03 08:00:01", "a.png"],
        ["Hill", "Bo Li", "2024-06-01 09:00:00", "b1.png"],
        ["Lake", "007", "2024-05-31 23:59:59", "d.png"],
    ]
    assert (table["DateTimeOriginal"] == table["Date"] + " " + table["Time"]).all()
    assert set(table["Species"]) == {"Panthera pardus"}
    assert table["Directory"][0] == str(tmp_path / "catalogue/Anna")
    assert text == (
        "4 records of 2 stations; 1 of the same second and 1 without a time are left out."
    )


def test_camtrap_needs_a_time_and_leaves_out_its_zone(tmp_path):
    named, dates = write_study(tmp_path, "photograph,date,place\na.png,2024-06-03,Hill\n")
    study = captures.collect(named, dates, unknown=False)
    with pytest.raises(UserError, match="no photograph has a time"):
        traps.write_camtrap(study, "Panthera pardus", tmp_path / "c.csv", by_place=True)
    dates.write_text("photograph,date,place\na.png,2024-06-03T01:02:03+02:00,Hill\n")
    study = captures.collect(named, dates, unknown=False)
    traps.write_camtrap(study, "Panthera pardus", tmp_path / "c.csv", by_place=True)
    assert pd.read_csv(tmp_path / "c.csv")["DateTimeOriginal"].tolist() == ["2024-06-03 01:02:03"]


def test_a_camera_of_several_folders_may_be_several_of_one_model(study, tmp_path, caplog):
    caplog.set_level(logging.WARNING)
    several = dataclasses.replace(study, folders={"X": ["", "cam1"], "Y": ["cam2"]})
    traps.write_secr(study, "day", tmp_path / "a.txt")
    traps.write_secr(several, "day", tmp_path / "b.txt", by_place=True)
    assert not caplog.messages
    traps.write_secr(several, "day", tmp_path / "c.txt")
    [message] = caplog.messages
    assert message.startswith("photographs of 2 folders (the top one, cam1) are by one camera, X,")
