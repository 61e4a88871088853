"""The network for masks: trained once per catalogue, not at all on few masks."""

import numpy as np
import pytest

from pipeline.naming import masks
from pipeline.naming.photographs import Described
from pipeline.naming.settings import Options, build_settings
from pipeline.naming.workspace import Workspace
from pipeline.steps.crop import crop


@pytest.fixture(scope="module")
def p():
    return build_settings(Options())


def train(digests, workspace, p):
    found = {digest: Described(np.ones(2), (), "", (30, 20)) for digest in digests}
    files = {digest: workspace.folder / f"{digest}.jpg" for digest in digests}
    return masks.train_segmenter(files, found, workspace, p)


def test_another_catalogue_trains_again_and_what_is_outdated_goes(tmp_path, p, monkeypatch):
    tables = []
    monkeypatch.setattr(masks.stored_weights, "to_arrays", lambda net: {"weight": np.ones(2)})
    monkeypatch.setattr(crop, "fit_unet", lambda table, *rest: (tables.append(table) or 1, None))
    workspace = Workspace(tmp_path, p)
    first = train(["b", "a"], workspace, p)
    assert train(["a", "b"], workspace, p).key == first.key  # in any order
    assert [table["image"].tolist() for table in tables] == [["a", "b"]]
    workspace.save(f"{masks.KIND}-{first.key[:16]}", "a", {})
    workspace.save("photographs", "a", {})
    second = train(["a", "b", "c"], workspace, p)
    assert second.key != first.key and len(tables) == 2
    assert {folder.name for folder in workspace.folder.iterdir()} == {"masks", "photographs"}


def test_few_masks_train_nothing_and_are_not_looked_for_again(tmp_path, p, monkeypatch):
    calls = []
    monkeypatch.setattr(crop, "fit_unet", lambda *rest: calls.append(1) or (None, None))
    workspace = Workspace(tmp_path, p)
    assert [train(["a"], workspace, p) for _ in range(2)] == [None, None]
    assert len(calls) == 1
