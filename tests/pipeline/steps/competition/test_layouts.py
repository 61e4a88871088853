"""The same pictures are read alike from every layout."""

import cv2
import pandas as pd
import pytest

from pipeline.steps.competition import competition, given, layouts, metadata_annotations
from pipeline.system.errors import Faults
from tests.pipeline.steps.competition.conftest import COLUMNS
from tests.pipeline.steps.competition.layouts import write_layout

FOLDERS = ("humpback", "happywhale")
# layout, how it is recognised, the submission's columns and its word for a new individual
LAYOUTS = [
    ("humpback", "humpback", ("Image", "Id", "new_whale")),
    ("happywhale", "happywhale", ("image", "predictions", "new_individual")),
    ("whaledo", "whaledo", ("image_id", "whale_id", "new_individual")),
    ("animalclef2025", "animalclef", ("image_id", "identity", "new_individual")),
    ("animalclef2026", "animalclef", ("image_id", "cluster", "new_individual")),
    ("wildlife_datasets", "wildlife_datasets", ("image_id", "identity", "new_individual")),
]


@pytest.fixture
def read(tmp_path):
    def read_layout(layout: str) -> competition.CompetitionTables:
        write_layout(tmp_path, layout)
        return competition.read_competition(tmp_path, COLUMNS)

    return read_layout


@pytest.mark.parametrize(("layout", "name", "columns"), LAYOUTS)
def test_every_layout_gives_the_same_tables(layout, name, columns, read, tmp_path, capsys):
    tables = read(layout)
    images, end = tables.images, ".jpg" if layout in FOLDERS else ""
    assert images["image"].tolist()[:5] == [f"p{number}{end}" for number in range(5)]
    assert images["identity"].tolist()[:5] == ["anna", "anna", "bruno", "carla", "dora"]
    assert images["split"].tolist() == ["train"] * 5 + ["test"] * 2
    assert set(images["identity"][5:]) == {""}
    # in the order of the sample, or of the file if there is none
    order = ["p5", "p6"] if layout == "wildlife_datasets" else ["p6", "p5"]
    assert tables.sample["image"].tolist() == [f"{image}{end}" for image in order]
    assert (images["width"] == 32).all() and images["sha256"].nunique() == 7
    form = tables.columns
    assert (form.image, form.answer, form.new_whale) == columns
    assert f"is that of {name}" in capsys.readouterr().out
    assert layouts.recognise(tmp_path) == name


def test_scenarios_are_read_and_the_encounters_of_labelled_photographs(read):
    tables = read("whaledo")
    (first, everything), (second, lynxes) = tables.scenarios.split()
    assert first["query"].tolist() == ["scenario01-p6", "scenario01-p5"]
    assert second["image"].tolist() == ["p6", "p5"]
    assert everything == [f"p{n}" for n in range(7)] and lynxes == ["p0", "p1", "p2", "p5"]
    taken = tables.occasions.set_index("image")["sequence"]
    assert taken.to_dict() == {
        "p0": "anna-0",
        "p1": "anna-0",
        "p2": "bruno-0",
        "p3": "carla-0",
        "p4": "dora-0",
    }


@pytest.mark.parametrize(
    ("file", "text", "fault"),
    [
        (
            "queries/scenario02.csv",
            "query_id,query_image_id\nq,p9\n",
            "row 2: p9 is not in metadata",
        ),
        ("queries/scenario02.csv", "query_id,query_image_id\n,p5\n", "row 2: has an empty cell"),
        ("queries/scenario02.csv", "query_id,query_image_id\n", "lists no photograph"),
        (
            "queries/scenario02.csv",
            "query_id,query_image_id\nscenario01-p5,p5\n",
            "scenario01-p5 is listed already, in queries/scenario01.csv, row 3",
        ),
        ("databases/scenario01.csv", "database_image_id\np0\np0\n", "row 3: p0 is listed already"),
        ("databases/scenario01.csv", None, "there is no such file"),
    ],
)
@pytest.mark.fault("tables", "scenarios of photographs that do not exist", "a fault with its row")
def test_a_scenario_without_a_meaning_is_a_fault(file, text, fault, tmp_path):
    write_layout(tmp_path, "whaledo")
    (tmp_path / file).unlink()
    if text is not None:
        (tmp_path / file).write_text(text)
    with pytest.raises(Faults, match=fault):
        competition.read_competition(tmp_path, COLUMNS)


def test_species_and_sides_are_read_where_the_test_has_them(read):
    rows = read("animalclef2025").viewpoints.set_index("image")
    assert rows["species"].tolist() == ["lynx"] * 3 + ["SalamanderID2025"] * 2 + [
        "lynx",
        "SalamanderID2025",
    ]
    # what is seen from above shows both sides, and a salamander's side is where its head points
    assert rows["viewpoint"].tolist() == ["left", "right", "", "", "", "left", ""]


def test_species_of_the_training_photographs_alone_are_not_used(read, caplog):
    assert read("happywhale").viewpoints.empty
    assert "species is not used" in caplog.text


def test_boxes_and_outlines_are_those_of_the_photograph(read, tmp_path):
    tables = read("wildlife_datasets")
    boxes = tables.annotations.boxes
    assert boxes.iloc[0].tolist() == ["p0", 1, 2, 22, 32] and len(boxes) == 7
    masks = given.tabulate_masks(tables.annotations, tables.images, tmp_path / "work")
    assert masks["image"].tolist() == ["p0"]
    mask = cv2.imread(masks["path"][0], cv2.IMREAD_UNCHANGED)
    assert mask.shape == (32, 32) and mask[4, 4] == mask[20, 20] == 255 and mask[21, 4] == 0


@pytest.mark.parametrize("cell", ["[1, 2, 3]", "[a, 1, 2, 3]", "[40, 0, 9, 9]", "[1, 1, nan, 2]"])
def test_a_box_without_a_meaning_is_refused(cell):
    with pytest.raises(ValueError, match="box"):
        metadata_annotations.convert_box(cell, 32, 32)


@pytest.mark.fault("tables", "a folder that may have two layouts", "one line that names both")
def test_an_ambiguous_folder_is_a_fault_that_names_the_choices(read, tmp_path):
    write_layout(tmp_path, "humpback")
    (tmp_path / "sample_submission.csv").unlink()
    choices = "may be humpback or wildlife_datasets: set competition.layout"
    with pytest.raises(Faults, match=choices):
        read("wildlife_datasets")
    named = competition.read_competition(tmp_path, COLUMNS, "wildlife_datasets")
    assert len(named.images) == 7


@pytest.mark.parametrize("path", ["../p.jpg", "/etc/passwd", "images/missing.jpg", "images/p1.jpg"])
@pytest.mark.fault("tables", "a path of metadata.csv that leads elsewhere", "a fault with its row")
def test_a_wrong_path_is_a_fault_with_its_row(path, tmp_path):
    write_layout(tmp_path, "animalclef2025")
    file = tmp_path / "metadata.csv"
    rows = pd.read_csv(file)
    rows.loc[3, "path"] = path
    rows.to_csv(file, index=False)
    with pytest.raises(Faults, match=r"metadata.csv, row 5: "):
        competition.read_competition(tmp_path, COLUMNS)


def test_without_a_test_the_way_to_one_is_named(tmp_path):
    write_layout(tmp_path, "wildlife_datasets")
    file = tmp_path / "metadata.csv"
    pd.read_csv(file).iloc[:5].to_csv(file, index=False)
    with pytest.raises(Faults, match="tailprint import"):
        competition.read_competition(tmp_path, COLUMNS)
