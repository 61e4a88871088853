"""The project that a stage is run in, whole and in shards."""

import numpy as np
import pytest

from pipeline import paths
from pipeline.data import shards, tables
from tests.pipeline.data import synthetic_features
from tests.stages.shards import projects


@pytest.fixture
def project(tmp_path, monkeypatch):
    root = tmp_path / "project"
    root.mkdir()
    projects.write_params(root)
    monkeypatch.chdir(root)
    monkeypatch.setattr(shards, "LEAST", 5)
    return root


@pytest.fixture
def animals(project):
    """Four individuals and a new one, four photographs each, taken whole; the third has no mask."""
    table = projects.draw_animals(4, 4)
    masks = np.full((len(table), 60, 80), 255, np.uint8)
    masks[2] = 0
    paths.CROPS.parent.mkdir(parents=True)
    boxes = synthetic_features.whole(table, paths.CROPS, masks)
    tables.write("boxes", boxes, paths.BOXES)
    return table
