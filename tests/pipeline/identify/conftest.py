"""A small competition that the tests of this folder share."""

import pandas as pd
import pytest

from pipeline import params, paths
from pipeline.data import tables
from tests.conftest import ROOT


@pytest.fixture
def p() -> params.Params:
    return params.load(ROOT / "tests/params.yaml")


@pytest.fixture
def three_folds(tmp_path, monkeypatch):
    """The tables of a competition in a new folder, which becomes the working directory.

    Photographs of a are in folds 0 and 1, of b in another part of fold 1; t is a test photograph,
    and so is a duplicate of a0.
    """
    monkeypatch.chdir(tmp_path)
    image = dict.fromkeys(tables.COLUMNS["images"], 0)
    names = ["a0", "a1", "b1", "t", "copy of a0"]
    rows = [image | {"image": name, "sha256": f"hash {name}"} for name in names]
    tables.write("images", pd.DataFrame(rows), paths.IMAGES)
    groups = pd.DataFrame({"image": names, "group": [0, 1, 2, 3, 0]})
    tables.write("groups", groups, paths.GROUPS)
    labelled = [("a0", "a", 0, 0, 0), ("a1", "a", 1, 1, 0), ("b1", "b", 2, 1, 1)]
    labelled = pd.DataFrame(labelled, columns=["image", "identity", "group", "fold", "part"])
    tables.write("folds", labelled.assign(only_fold=""), paths.FOLDS)
    tables.write("labels", labelled.assign(only_fold="", provenance=""), paths.LABELS)
