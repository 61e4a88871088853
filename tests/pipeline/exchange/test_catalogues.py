"""Catalogues of other programs are read as they come, or refused with file, row and way out."""

import json
import logging
import math

import pytest

from pipeline.exchange import camtrap_dp_export, catalogues, coco_export, listed
from pipeline.exchange.boxes import FoundBox
from pipeline.exchange.camtrap_dp import BOX
from pipeline.naming.catalogue import Source
from pipeline.system.errors import UserError
from tests.pipeline.exchange.conftest import write_photograph
from tests.pipeline.exchange.packages import describe_media, describe_observation, write_package


@pytest.fixture
def root(tmp_path):
    """Three photographs; two have one name."""
    for name in ("cam1/a.png", "cam2/a.png", "b.png"):
        write_photograph(tmp_path / name)
    return tmp_path


def read(path, root=None, identity=""):
    """Rows of (path from the folder, name)."""
    table = catalogues.read(path, root, identity)
    folder = root or (path if path.is_dir() else path.parent)
    return [
        (file.relative_to(folder).as_posix(), name)
        for file, name in zip(table["path"], table["name"], strict=True)
    ]


def write(path, text, encoding="utf-8"):
    path.write_text(text, encoding)
    return path


# Camtrap DP


def test_observations_with_an_individual_are_the_catalogue(tmp_path, root):
    media = [describe_media("m1", "cam1/a.png"), describe_media("m2", "b.png")]
    box = dict(zip(BOX, ("0.1", "0.2", "0.5", "0.5"), strict=True))
    observations = [
        describe_observation("o1", "m1", individualID="Anna", **box),
        describe_observation("o2", "m2", individualID="007"),
        describe_observation("o3", "m2"),
    ]
    package = write_package(tmp_path / "package", media, observations)
    assert read(package, root) == [("cam1/a.png", "Anna"), ("b.png", "007")]
    table = catalogues.read(package / "datapackage.json", root)
    assert table["box"].tolist() == [FoundBox(0.1, 0.2, 0.6, 0.7, relative=True), None]
    assert table["date"].tolist() == ["2024-05-31T10:00:00+02:00"] * 2


def test_what_is_exported_is_read_again(named, tmp_path):
    media = [
        describe_media(f"m{n}", name)
        for n, name in enumerate(["cam1/a.png", "cam1/b.png", "cam2/a.png", "c.png"])
    ]
    package = write_package(tmp_path / "package", media)
    camtrap_dp_export.export(named, package, tmp_path / "named", "", "0.1")
    expected = [("cam1/a.png", "Anna"), ("cam1/a.png", "007"), ("c.png", "=1+1")]
    assert read(tmp_path / "named", tmp_path / "new") == expected
    coco_export.export(named, tmp_path / "coco.json", "", "0.1")
    assert read(tmp_path / "coco.json", tmp_path / "new") == expected
    coco_export.export(named, tmp_path / "coco.json", "Panthera pardus", "0.1")
    assert read(tmp_path / "coco.json", tmp_path / "new") == expected


def test_a_package_whose_individuals_are_empty_everywhere(tmp_path):
    media = [describe_media("m1", "cam1/a.png")]
    package = write_package(tmp_path / "package", media, [describe_observation("o1", "m1")])
    with pytest.raises(UserError, match="individualID names no individual in any of its 1 rows"):
        catalogues.read(package, tmp_path)


def test_individuals_of_events_have_no_photograph(tmp_path, root, caplog):
    caplog.set_level(logging.WARNING)
    media = [describe_media("m1", "b.png")]
    event = describe_observation("o1", individualID="Anna")
    package = write_package(tmp_path / "events", media, [event])
    with pytest.raises(UserError, match="all 1 rows with an individual are about events"):
        catalogues.read(package, root)
    both = [event, describe_observation("o2", "m1", individualID="Anna")]
    assert read(write_package(tmp_path / "both", media, both), root) == [("b.png", "Anna")]
    assert "1 rows with an individual are about events" in caplog.text


def test_times_of_several_zones_are_said(tmp_path, root, caplog):
    caplog.set_level(logging.WARNING)
    media = [
        describe_media("m1", "b.png", timestamp="2024-05-31T23:00:00Z"),
        describe_media("m2", "cam1/a.png", timestamp="2024-05-31T23:00:00+02:00"),
    ]
    observations = [describe_observation(f"o{n}", f"m{n}", individualID="A") for n in (1, 2)]
    table = catalogues.read(write_package(tmp_path / "zones", media, observations), root)
    assert "media.csv has times of several zones (+02:00, Z)" in caplog.text
    assert [date[:10] for date in table["date"]] == ["2024-05-31"] * 2


def test_observations_of_media_that_are_not_there(tmp_path, root):
    observations = [describe_observation("o1", "m9", individualID="Anna")]
    package = write_package(tmp_path / "package", [describe_media("m1", "b.png")], observations)
    with pytest.raises(UserError, match="row 2: mediaID m9 is not in media.csv"):
        catalogues.read(package, root)


# COCO


def write_coco(path, annotations, width=40, categories=()):
    images = [{"id": 1, "file_name": "b.png", "width": width, "height": 20}]
    content = {"images": images, "annotations": annotations, "categories": list(categories)}
    return write(path, json.dumps(content), "utf-8-sig")


@pytest.mark.parametrize(
    "keys",
    [
        {"individual_ids": ["Anna"]},
        {"name": "Anna"},
        {"attributes": {"individual": "Anna"}},
        {"individual_id": "Anna"},
    ],
)
def test_the_individual_of_an_annotation(root, keys):
    path = write_coco(root / "c.json", [{"id": 1, "image_id": 1, "bbox": [10, 2, 20, 16], **keys}])
    assert read(path) == [("b.png", "Anna")]
    assert catalogues.read(path, None)["box"][1] == FoundBox(0.25, 0.1, 0.75, 0.9, relative=True)


def test_categories_are_individuals_if_the_user_says_so(root):
    categories = [{"id": 7, "name": "Anna"}, {"id": 8, "name": "Bruno"}]
    path = write_coco(root / "c.json", [{"image_id": 1, "category_id": 7, "u": 1}], 40, categories)
    with pytest.raises(UserError, match="keys are category_id, image_id, u: name the one"):
        read(path)
    assert read(path, identity="category") == [("b.png", "Anna")]


def test_a_turned_box_and_one_in_fractions(root):
    rows = [{"image_id": 1, "bbox": [0.2, 0.1, 0.5, 0.5], "theta": 0.5, "name": "Anna"}]
    box = catalogues.read(write_coco(root / "c.json", rows), None)["box"][1]
    assert (box.relative, box.angle, box.x1) == (True, 0.5, pytest.approx(0.7))


@pytest.mark.parametrize(
    "annotation, message",
    [
        ({"image_id": 9, "name": "A"}, "annotation 1: has no image_id of the images"),
        ({"image_id": [1], "name": "A"}, "annotation 1: has no image_id of the images"),
        ({"image_id": 1, "name": "A", "bbox": [1, 2, 0, 4]}, "annotation 1: its box is not x, y"),
        ({"image_id": 1, "name": "A", "bbox": [1, 2]}, "annotation 1: its box is not x, y"),
        ({"image_id": 1, "name": "", "individual": None, "identity": "unknown"}, "no individual"),
    ],
)
def test_a_faulty_annotation_is_named(root, annotation, message):
    with pytest.raises(UserError, match=message):
        read(write_coco(root / "c.json", [annotation]))


def test_a_file_of_detections_is_no_catalogue(root):
    path = write(root / "md.json", json.dumps({"images": [], "detection_categories": {}}))
    with pytest.raises(UserError, match="give it to --catalogue-detections"):
        read(path)


def test_two_images_of_one_id_are_a_fault(root):
    images = [{"id": 1, "file_name": "b.png"}, {"id": 1, "file_name": "cam1/a.png"}]
    content = {"images": images, "annotations": [{"image_id": 1, "name": "Anna"}]}
    with pytest.raises(UserError, match="the id 1 is given to b.png and to cam1/a.png"):
        read(write(root / "c.json", json.dumps(content)))
    # once per annotation, and with numbers as pandas writes a column that has gaps
    again = {"id": 1.0, "file_name": "b.png"}
    assert read(write(root / "d.json", json.dumps(content | {"images": [again, again]}))) == [
        ("b.png", "Anna")
    ]


# Timelapse


def test_a_timelapse_csv(root):
    text = "RootFolder,File,RelativePath,DateTime,DeleteFlag,Individual\n"
    text += (
        "x,a.png,cam1,2024-05-31 10:00:00,false,Anna\nx,b.png,,,false,007\nx,a.png,cam2,,false,\n"
    )
    path = write(root / "t.csv", text, "utf-8-sig")
    assert read(path) == [("cam1/a.png", "Anna"), ("b.png", "007")]
    assert catalogues.read(path, None)["date"].tolist() == ["2024-05-31 10:00:00", ""]


def test_folders_of_windows(root):
    folder = root / "2024" / "cam3"
    write_photograph(folder / "a.png")
    path = write(root / "t.csv", "File;RelativePath;Who\na.png;2024\\cam3;Anna\n")
    assert read(path, identity="Who") == [("2024/cam3/a.png", "Anna")]
    with pytest.raises(UserError, match="columns File, RelativePath, Who: name the one of indiv"):
        read(path)


def test_the_individual_has_its_own_column_beside_the_species(root):
    text = "File,RelativePath,Animal,Individual\nb.png,,nyala,Anna\na.png,cam1,nyala,Bruno\n"
    assert read(write(root / "t.csv", text)) == [("b.png", "Anna"), ("cam1/a.png", "Bruno")]
    path = write(root / "u.csv", text.replace("Individual", "Remark"))
    assert read(path) == [("b.png", "nyala"), ("cam1/a.png", "nyala")]


# Wildbook


def test_each_photograph_of_an_encounter(root):
    text = "Encounter.mediaAsset0,Encounter.mediaAsset1,MarkedIndividual.individualID,"
    text += "Encounter.year,Encounter.month,Encounter.day\n"
    text += "b.png,cam1/a.png,Anna,2024,5,31.0\ncam2/a.png,,Unassigned,2024,,\n"
    path = write(root / "w.csv", text)
    assert read(path) == [("b.png", "Anna"), ("cam1/a.png", "Anna")]
    assert catalogues.read(path, None)["date"].tolist() == ["2024-05-31"] * 2


def test_an_export_of_annotations(root):
    text = ',Encounter.mediaAsset0,Name0.value,Annotation0.bbox\n0,b.png,Anna,"[3, 2, 20, 10]"\n'
    path = write(root / "w.csv", text)
    assert catalogues.read(path, None)["box"].tolist() == [FoundBox(3, 2, 23, 12, relative=False)]
    bad = write(root / "bad.csv", text.replace("[3, 2, 20, 10]", "somewhere"))
    with pytest.raises(UserError, match="row 2: Annotation0.bbox is 'somewhere'"):
        read(bad)


def test_each_photograph_of_a_row_has_its_own_box(root):
    text = "Encounter.mediaAsset0,Encounter.mediaAsset1,Name0.value,Annotation0.bbox"
    rows = '\nb.png,cam1/a.png,Anna,"[3, 2, 20, 10]"'
    table = catalogues.read(write(root / "one.csv", f"{text}{rows}\n"), None)
    box = FoundBox(3, 2, 23, 12, relative=False)
    assert dict(zip(table["path"], table["box"], strict=True)) == {
        root / "b.png": box,
        root / "cam1/a.png": None,
    }
    both = f'{text},Annotation1.bbox{rows},"[0, 0, 5, 5]"\n'
    table = catalogues.read(write(root / "two.csv", both), None)
    assert dict(zip(table["path"], table["box"], strict=True)) == {
        root / "b.png": box,
        root / "cam1/a.png": FoundBox(0, 0, 5, 5, relative=False),
    }
    with pytest.raises(UserError, match="row 2: Annotation1.bbox is 'there', not"):
        read(write(root / "bad.csv", both.replace("[0, 0, 5, 5]", "there")))


# MiewID


def test_turned_boxes_of_miewid(root):
    """An unnamed first column, absolute paths of another machine, semicolons, decimal commas."""
    text = ";theta;viewpoint;name;file_name;species;file_path;x;y;w;h\n"
    text += "0;0,5;up;1030;a.png;w;/datasets/x/cam1/a.png;1,5;2;20;10\n"
    text += "1;;;508;a.png;w;D:\\x\\cam2\\a.png;0;0;40;20\n2;0;;____;b.png;w;/x/b.png;0;0;1;1\n"
    path = write(root / "m.csv", text, "utf-8-sig")
    assert read(path) == [("cam1/a.png", "1030"), ("cam2/a.png", "508")]
    table = catalogues.read(path, None)
    assert table["box"].tolist()[0] == FoundBox(1.5, 2, 21.5, 12, False, angle=0.5)
    assert table["box"].tolist()[1].angle == 0 and table["viewpoint"].tolist() == ["up", ""]


def test_a_box_that_is_none_is_named(root):
    path = write(root / "m.csv", "theta,name,file_path,x,y,w,h\n0,A,b.png,1,two,3,4\n")
    with pytest.raises(UserError, match="row 2: x, y, w, h, theta are 1, two, 3, 4, 0"):
        read(path)


# paths


def test_a_photograph_that_is_not_there_or_may_be_two(root):
    text = "File,RelativePath,Individual\na.png,/other,Anna\nz.png,cam1,Anna\n,cam1,Anna\n"
    with pytest.raises(UserError) as error:
        read(write(root / "t.csv", text))
    message = str(error.value)
    assert "row 2: other/a.png matches two files, cam1/a.png and cam2/a.png" in message
    assert f"row 3: cam1/z.png is not in {root}" in message and "--root" in message


def test_two_names_that_would_be_one_file(root):
    text = "File,RelativePath,Individual\nb.png,2023,Anna\nb.png,2024,Bruno\n"
    with pytest.raises(UserError, match="rows 2 and 3: 2023/b.png and 2024/b.png both match"):
        read(write(root / "t.csv", text))


def test_a_plain_csv_with_paths_of_another_machine(root):
    text = ";file;name\n0;C:\\photos\\cam1\\a.png;Anna\n1;/home/x/cam2/a.png;Bruno\n"
    path = write(root / "list.csv", text, "utf-8-sig")
    assert catalogues.read(path, None) is None
    table = Source(path).read()
    assert table["path"].tolist() == [root / "cam1/a.png", root / "cam2/a.png"]


def test_a_photograph_that_is_listed_twice_counts_once(root):
    rows = [listed.Listed("b.png", "Anna", 2), listed.Listed("./b.png", "Anna", 3)]
    assert len(listed.locate("x.csv", rows, root)) == 1


def test_the_upright_box_around_a_turned_one():
    turned = FoundBox(10, 10, 30, 20, False, angle=math.pi / 2)
    box = turned.upright(100, 100)
    assert (box.x0, box.y0, box.x1, box.y1) == pytest.approx((15, 5, 25, 25))
    assert box.angle == 0 and FoundBox(0, 0, 1, 1, True).upright(9, 9) == FoundBox(0, 0, 1, 1, True)


SERVER = "https://camera.example.org/"
ALIKE = [
    describe_media("m1", f"{SERVER}1/file", fileName="b.png"),
    describe_media("m2", f"{SERVER}2/file", fileName="b.png"),
]


def test_media_that_no_name_tells_apart_are_no_photograph_of_an_individual(root):
    """The camera's counter began anew: dep1 has two files b.png."""
    observations = [describe_observation("o1", "m1", individualID="Anna")]
    package = write_package(root / "package", ALIKE, observations)
    with pytest.raises(UserError, match=r"row 2: dep1/b.png may be several media of one deploym"):
        read(package, root)
