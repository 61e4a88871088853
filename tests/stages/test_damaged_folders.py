"""A damaged competition: every fault names its file, and nothing is half written."""

import shutil

import pandas as pd
import pytest

from pipeline import paths
from pipeline.data import artefacts, tables
from pipeline.system.errors import UserError
from stages import competition
from tests.conftest import ROOT
from tests.stages import damaged_folders
from tests.stages.damaged_folders import Damage

OUTPUTS = (paths.IMAGES, paths.SAMPLE, paths.VIEWPOINTS)
DAMAGES = damaged_folders.damages()
PAIRS = damaged_folders.combined(150)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole") / "competition"
    damaged_folders.write_competition(folder)
    return folder


@pytest.fixture
def folder(whole, tmp_path, monkeypatch):
    """The competition of a project, which is the current folder."""
    settings = (ROOT / "tests/params.yaml").read_text()
    settings = settings.replace("path: data/demo/photos", "path: data/competition")
    (tmp_path / "params.yaml").write_text(settings)
    monkeypatch.chdir(tmp_path)
    return shutil.copytree(whole, tmp_path / "data/competition")


def check(damages: list[Damage]) -> None:
    """Run the stage: all tables are written, or none and the message names a damaged entry."""
    broken = [damage for damage in damages if not damage.read]
    if not broken:
        competition.main()
        assert len(artefacts.load_images()) >= 7
        assert artefacts.load_sample().tolist() == ["t.jpg", "v.jpg"]
        tables.read("viewpoints", paths.VIEWPOINTS)
        return
    with pytest.raises(UserError) as caught:
        competition.main()
    # a table that can't be read may hide the fault of another entry
    assert any(damage.entry.split("/")[0] in str(caught.value) for damage in broken)
    assert not any(path.exists() for path in OUTPUTS)
    left = [path for path in paths.IMAGES.parent.iterdir() if path != paths.DOWNLOAD]
    assert left == []


def test_the_whole_competition_is_read(folder):
    check([])
    assert pd.read_csv(paths.IMAGES)["split"].value_counts()["train"] == 5


@pytest.mark.slow
@pytest.mark.fault(
    "folders",
    "one damage to one entry of a competition's folder",
    "read if it has one meaning, else refused with the file; no output is half written",
)
@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.name)
def test_a_damaged_folder(folder, damage):
    damage.change(folder / damage.entry)
    check([damage])


@pytest.mark.slow
@pytest.mark.fault(
    "folders",
    "two damages to a competition's folder",
    "refused with the file; no output is half written",
)
@pytest.mark.parametrize("damages", PAIRS, ids=lambda pair: " and ".join(x.name for x in pair))
def test_a_folder_damaged_twice(folder, damages):
    for damage in damages:
        damage.change(folder / damage.entry)
    check(list(damages))
