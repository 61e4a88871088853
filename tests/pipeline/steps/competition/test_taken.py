"""When and where a competition's photographs were taken: photographs.csv before EXIF."""

import pytest
from PIL import Image

from pipeline.steps.competition import competition
from pipeline.system.errors import Faults
from tests.pipeline.steps.competition.conftest import COLUMNS


def add_exif(path, date):
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = date
    Image.open(path).convert("RGB").save(path, exif=exif)


def read(folder, use_exif=True):
    return competition.read_competition(folder, COLUMNS, use_exif=use_exif)


def test_nothing_is_known_of_plain_photographs(folder):
    assert read(folder).occasions.empty and read(folder, use_exif=False).occasions.empty


def test_exif_is_read_unless_it_is_switched_off(folder):
    add_exif(folder / "train/a.jpg", "2024:05:31 10:00:00")
    taken = read(folder).occasions
    assert taken[["image", "date", "time"]].values.tolist() == [["a.jpg", "2024-05-31", "10:00:00"]]
    assert read(folder, use_exif=False).occasions.empty


def test_photographs_csv_comes_before_exif_and_is_a_file_of_the_competition(folder):
    add_exif(folder / "train/a.jpg", "2024:05:31 10:00:00")
    (folder / "photographs.csv").write_text("Image,date\nb.jpg,2023-01-02\nd.jpg,2023-01-02\n")
    found = read(folder)
    assert found.occasions["image"].tolist() == ["b.jpg", "d.jpg"]
    assert not found.left_out
    assert read(folder, use_exif=False).occasions.equals(found.occasions)


def test_its_faults_are_the_competitions(folder):
    (folder / "photographs.csv").write_text("Image,date\nx.jpg,2023-01-02\na.jpg,soon\n")
    with pytest.raises(Faults) as caught:
        read(folder)
    assert len(caught.value.faults) == 2 and "row 2: x.jpg is no listed" in caught.value.faults[0]


def test_a_photograph_that_cannot_be_read_has_no_date(folder):
    (folder / "train/a.jpg").write_bytes(b"no photograph")
    (folder / "photographs.csv").write_text("Image,date\na.jpg,2023-01-02\nb.jpg,2023-01-02\n")
    found = competition.read_competition(folder, COLUMNS, skip_bad=True)
    assert found.occasions["image"].tolist() == ["b.jpg"]


def test_another_case_of_the_name_is_a_fault(folder):
    (folder / "Photographs.csv").write_text("Image,date\na.jpg,2023-01-02\n")
    with pytest.raises(Faults) as caught:
        read(folder)
    assert "case matters" in caught.value.faults[0]
