"""The command `preset` in a project with a committed, then edited, params.yaml."""

import shutil

import pytest

from commands import preset
from pipeline import params
from pipeline.system import git
from pipeline.system.errors import UserError
from tests.conftest import ROOT


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    """A project with the real presets, whose params.yaml is the demo's."""
    shutil.copytree(ROOT / "presets", tmp_path / "presets")
    shutil.copy(ROOT / "presets/demo.yaml", tmp_path / "params.yaml")
    monkeypatch.chdir(tmp_path)


def test_params_have_the_settings_of_the_preset(capsys):
    preset.main("animals-cpu")
    assert params.load() == params.load(ROOT / "presets/animals-cpu.yaml")
    assert "params.yaml has the settings of presets/animals-cpu.yaml" in capsys.readouterr().out


@pytest.mark.parametrize("committed", [True, False])
def test_only_committed_edits_are_overwritten(committed, monkeypatch):
    monkeypatch.setattr(git, "is_committed", lambda path: committed)
    text = preset.PARAMS.read_text().replace("epochs: 22", "epochs: 23")
    preset.PARAMS.write_text(text)
    if committed:
        preset.main("demo")
        assert params.load().train.epochs == 22
    else:
        with pytest.raises(UserError, match="params.yaml has edits"):
            preset.main("demo")
        assert preset.PARAMS.read_text() == text
