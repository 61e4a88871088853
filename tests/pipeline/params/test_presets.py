"""A preset's settings become a complete file with comments; edits are not overwritten."""

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from pipeline import params
from pipeline.params.presets import render_preset, write_preset
from pipeline.system.errors import UserError
from tests.conftest import ROOT

PRESETS = sorted(ROOT.glob("presets/*.yaml"))


def settings(text: str) -> dict:
    return YAML(typ="safe").load(text)


@pytest.mark.parametrize("path", PRESETS, ids=lambda path: path.stem)
def test_a_rendered_preset_is_complete_and_has_the_merged_values(path, tmp_path):
    text = render_preset(path)
    (tmp_path / "params.yaml").write_text(text)
    assert settings(text) == params.load_settings(path)
    assert params.load(tmp_path / "params.yaml") == params.load(path)


@pytest.mark.parametrize("path", PRESETS, ids=lambda path: path.stem)
def test_a_rendered_preset_has_its_own_heading_and_the_comments_of_all_values(path):
    text, demo = render_preset(path), (ROOT / "presets/demo.yaml").read_text()
    assert text.splitlines()[0] == path.read_text().splitlines()[0].rstrip()
    assert "# fraction of new individuals in the test: given, never tuned" in text
    assert "\n\nfolds:\n" in text and "\n\nembed:\n" in text and "\n\nensembles:\n" in text
    assert path.stem == "demo" or demo.splitlines()[0] not in text


def test_rendering_the_complete_preset_changes_nothing():
    path = ROOT / "presets/demo.yaml"
    assert render_preset(path) == path.read_text()


def test_the_params_file_is_a_preset():
    """Edit presets/demo.yaml and run `make preset PRESET=demo`: both must hold a new value."""
    assert (ROOT / "params.yaml").read_text() in [render_preset(path) for path in PRESETS]


@pytest.fixture
def folder(tmp_path) -> Path:
    """A folder with the demo's preset and one that changes it."""
    folder = tmp_path / "presets"
    folder.mkdir()
    (folder / "demo.yaml").write_text((ROOT / "presets/demo.yaml").read_text())
    (folder / "short.yaml").write_text("# Short.\n\nextends: demo\ntrain: {epochs: 1}\n")
    return folder


def test_a_preset_replaces_another_preset(folder, tmp_path):
    target = tmp_path / "params.yaml"
    for name, epochs in (("short", 1), ("demo", 22), ("short", 1)):
        write_preset(name, folder, target, overwrite=False)
        assert params.load(target).train.epochs == epochs


def test_edits_are_overwritten_only_on_request(folder, tmp_path):
    target = tmp_path / "params.yaml"
    write_preset("demo", folder, target, overwrite=False)
    edited = target.read_text().replace("epochs: 22", "epochs: 23")
    target.write_text(edited)
    with pytest.raises(UserError, match="has edits: commit them, or undo them with git checkout"):
        write_preset("short", folder, target, overwrite=False)
    assert target.read_text() == edited
    write_preset("short", folder, target, overwrite=True)
    assert params.load(target).train.epochs == 1


def test_an_unknown_preset_is_told_the_known_ones(folder, tmp_path):
    with pytest.raises(UserError, match="there is no .*long.yaml, only demo, short"):
        write_preset("long", folder, tmp_path / "params.yaml", overwrite=True)
    assert not (tmp_path / "params.yaml").exists()


def test_an_invalid_preset_is_not_written(folder, tmp_path):
    (folder / "short.yaml").write_text("extends: demo\ntrain: {epoch: 1}\n")
    with pytest.raises(UserError, match=r"short.yaml is not valid:\n  train.epoch: Extra inputs"):
        write_preset("short", folder, tmp_path / "params.yaml", overwrite=True)
    assert not (tmp_path / "params.yaml").exists()


@pytest.mark.fault("params", "a preset over a broken params.yaml", "the edits are kept, and said")
def test_a_broken_params_file_has_edits_and_an_empty_one_has_none(folder, tmp_path):
    target = tmp_path / "params.yaml"
    target.write_text("folds:\n\tcount: 3\n")
    with pytest.raises(UserError, match="has edits: commit them, or undo them"):
        write_preset("short", folder, target, overwrite=False)
    target.write_text("\n")
    write_preset("short", folder, target, overwrite=False)
    assert params.load(target).train.epochs == 1


@pytest.mark.fault("params", "another preset that is broken", "no obstacle")
def test_another_preset_that_is_broken_is_no_obstacle(folder, tmp_path):
    (folder / "broken.yaml").write_text("a: [\n")
    target = tmp_path / "params.yaml"
    for name in ("demo", "short"):
        write_preset(name, folder, target, overwrite=False)
    with pytest.raises(UserError, match="broken.yaml, line"):
        write_preset("broken", folder, target, overwrite=False)


@pytest.mark.parametrize(
    "text", ["extends: short\n", "extends: [demo]\n", "extends: 5\n", "extends:\n"]
)
@pytest.mark.fault("params", "a preset that extends itself, or nothing", "a message with the file")
def test_a_preset_that_extends_itself_or_nothing_is_refused(folder, tmp_path, text):
    (folder / "short.yaml").write_text(text)
    with pytest.raises(UserError, match="short.yaml extends"):
        write_preset("short", folder, tmp_path / "params.yaml", overwrite=True)
