"""photographs.csv as spreadsheets and other programs write it."""

import logging

import pytest

from pipeline.data.photographs_csv import read_photographs

IMAGES = ["a.jpg", "sub/b.jpg", "c.jpg"]


def read(tmp_path, text, encoding="utf-8", image="", images=IMAGES):
    path = tmp_path / "photographs.csv"
    path.write_bytes(text.encode(encoding))
    faults = []
    return read_photographs(path, images, faults, image), faults


def test_a_spreadsheet_with_a_mark_semicolons_and_decimal_commas(tmp_path):
    text = "Photograph;Date;Latitude;Longitude;Station\r\n"
    text += "a.jpg;31.05.2024 10:00;-33,51;18,25;Bay\r\n"
    table, faults = read(tmp_path, text, "utf-8-sig")
    assert not faults
    assert table.to_dict("records") == [
        {
            "image": "a.jpg",
            "date": "2024-05-31",
            "time": "10:00:00",
            "place": "Bay",
            "latitude": "-33.510000",
            "longitude": "18.250000",
            "camera": "",
            "sequence": "",
        }
    ]


def test_date_and_time_may_be_two_columns(tmp_path):
    table, faults = read(tmp_path, "file,date,time\na.jpg,2024-05-31,10:00\nc.jpg,2024-05-31,\n")
    assert not faults and table["time"].tolist() == ["10:00:00", ""]


def test_paths_of_another_machine_name_the_photograph(tmp_path):
    text = "path,date\nC:\\new\\a.jpg,2024-05-31\n/home/x/b.jpg,2024-05-30\n"
    table, faults = read(tmp_path, text)
    assert not faults and table["image"].tolist() == ["a.jpg", "sub/b.jpg"]


def test_the_competitions_own_column_names_photographs(tmp_path):
    table, faults = read(tmp_path, "Bild,date\na.jpg,2024-05-31\n", image="Bild")
    assert not faults and table["image"].tolist() == ["a.jpg"]


def test_every_fault_names_its_row(tmp_path):
    text = (
        "photograph,date,latitude\n"
        "a.jpg,5/6/2024,\n"
        "a.jpg,2024-05-31,95\n"
        "x.jpg,2024-05-31,north\n"
        ",2024-05-31,\n"
    )
    _, faults = read(tmp_path, text)
    for fault in (
        "row 2: '5/6/2024' is no date",
        "row 3: a.jpg is listed already, in row 2",
        "row 4: x.jpg is no listed photograph",
        "row 5: an empty cell is no listed photograph",
        "row 3: latitude 95 is no number of degrees",
        "row 4: latitude north is no number of degrees",
    ):
        assert any(fault in found for found in faults), (fault, faults)
    assert len(faults) == 6


def test_a_name_that_two_photographs_have_is_a_fault(tmp_path):
    _, faults = read(tmp_path, "file,date\nb.jpg,2024-05-31\n", images=["1/b.jpg", "2/b.jpg"])
    assert faults == ["photographs.csv, row 2: b.jpg may be 1/b.jpg or 2/b.jpg"]


def test_times_with_and_without_a_zone_are_a_fault(tmp_path):
    text = "file,date\na.jpg,2024-05-31T10:00:00Z\nb.jpg,2024-05-31\nc.jpg,2024-05-31T10:00:00\n"
    _, (fault,) = read(tmp_path, text)
    assert "row 4: 10:00:00 has no time zone, but row 2 has one (10:00:00Z)" in fault


def test_times_of_several_zones_are_reported(tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        _, faults = read(
            tmp_path, "file,date\na.jpg,2024-05-31T10:00:00Z\nb.jpg,2024-05-31T12:00:00+02:00\n"
        )
    assert not faults and "times of 2 zones (+02:00, Z)" in caplog.text


@pytest.mark.parametrize(
    ("text", "missing"),
    [("file,place\na.jpg,x\n", "expected date"), ("date\n2024-05-31\n", "expected photograph")],
)
def test_a_missing_column_is_named(tmp_path, text, missing):
    table, (fault,) = read(tmp_path, text)
    assert table.empty and missing in fault


def test_without_the_file_nothing_is_known(tmp_path):
    faults = []
    assert read_photographs(tmp_path / "photographs.csv", IMAGES, faults).empty and not faults


def test_the_longest_common_end_decides(tmp_path):
    images = ["cam1/IMG.jpg", "cam2/IMG.jpg", "IMG.jpg"]
    text = "file,date\nD:\\cards\\cam2\\IMG.jpg,2024-05-31\ncam1\\IMG.jpg,2024-06-01\n"
    table, faults = read(tmp_path, text, images=images)
    assert not faults and table["image"].tolist() == ["cam2/IMG.jpg", "cam1/IMG.jpg"]
    _, faults = read(tmp_path, "file,date\nD:\\cam3\\IMG.jpg,2024-05-31\n", images=images)
    assert faults == [
        "photographs.csv, row 2: D:\\cam3\\IMG.jpg may be cam1/IMG.jpg or cam2/IMG.jpg or IMG.jpg"
    ]


def test_some_photographs_are_named_with_their_folders_alone(tmp_path):
    path = tmp_path / "photographs.csv"
    path.write_text("file,date\nb.jpg,2024-05-31\n/x/sub/b.jpg,2024-05-31\nc.jpg,2024-05-31\n")
    faults = []
    table = read_photographs(path, IMAGES, faults, with_folders=["sub/b.jpg", "c.jpg"])
    assert table["image"].tolist() == ["", "sub/b.jpg", "c.jpg"]
    assert faults == ["photographs.csv, row 2: b.jpg may be sub/b.jpg: write it as it is listed"]


def test_a_photograph_without_a_folder_is_not_that_of_another_folder(tmp_path):
    path = tmp_path / "photographs.csv"
    path.write_text("file,date\ndeleted/c.jpg,2024-05-31\n")
    faults = []
    read_photographs(path, IMAGES, faults, with_folders=["c.jpg"])
    assert faults == [
        "photographs.csv, row 2: deleted/c.jpg may be c.jpg: write it as it is listed"
    ]
