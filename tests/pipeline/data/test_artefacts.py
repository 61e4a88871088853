"""The tables of the first stages come from their files."""

import pandas as pd
import pytest

from pipeline import paths
from pipeline.data import artefacts, tables
from pipeline.system.errors import UserError


@pytest.fixture(autouse=True)
def in_a_project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_viewpoints_are_a_dictionary_of_text():
    tables.write(
        "viewpoints",
        pd.DataFrame({"image": ["007"], "viewpoint": ["left"], "species": [""]}),
        paths.VIEWPOINTS,
    )
    assert artefacts.load_viewpoints() == {"007": "left"}


def test_the_sample_keeps_its_order_and_its_names():
    tables.write_csv(pd.DataFrame({"image": ["9.jpg", "NA", "007"]}), paths.SAMPLE)
    assert artefacts.load_sample().tolist() == ["9.jpg", "NA", "007"]


def test_a_missing_file_is_named():
    with pytest.raises(UserError, match="folds.csv does not exist: run the pipeline first"):
        artefacts.load_folds()


@pytest.mark.parametrize(
    "kind, load",
    [
        ("images", artefacts.load_images),
        ("groups", artefacts.load_groups),
        ("labels", artefacts.load_labels),
        ("duplicates", artefacts.load_duplicates),
        ("boxes", artefacts.load_boxes),
        ("folds", artefacts.load_folds),
    ],
)
def test_every_reader_reads_its_own_table(kind, load):
    files = {
        "images": paths.IMAGES,
        "groups": paths.GROUPS,
        "labels": paths.LABELS,
        "duplicates": paths.DUPLICATES,
        "boxes": paths.BOXES,
        "folds": paths.FOLDS,
    }
    for name, path in files.items():
        tables.write(name, pd.DataFrame(columns=tables.COLUMNS[name]), path)
    assert list(load().columns) == tables.COLUMNS[kind]
