"""What is kept in OUT: read back exactly, made again if damaged, refused to other settings."""

import errno
import os
from pathlib import Path

import numpy as np
import pytest

from pipeline.naming import settings
from pipeline.naming.settings import Options, build_settings
from pipeline.naming.workspace import Workspace
from pipeline.system.errors import UserError


@pytest.fixture(scope="module")
def p():
    return build_settings(Options())


def test_a_result_is_read_back_and_a_damaged_one_is_none(tmp_path, p):
    workspace = Workspace(tmp_path, p)
    arrays = {"numbers": np.arange(3), "text": np.array("é, 007")}
    workspace.save("kind", "abc", arrays)
    found = workspace.load("kind", "abc")
    assert found["numbers"].tolist() == [0, 1, 2] and str(found["text"]) == "é, 007"
    path = workspace.path("kind", "abc")
    whole = path.read_bytes()
    for damaged in (b"", whole[:50], whole[:-1], whole[:60] + b"x" + whole[61:]):
        path.write_bytes(damaged)
        assert workspace.load("kind", "abc") is None
    assert workspace.load("kind", "other") is None


@pytest.mark.fault(
    "name",
    "the folder for answers has other files, or answers of other settings",
    "one line that says to name another folder",
)
def test_a_folder_of_something_else_is_refused(tmp_path, p):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UserError, match="has other files: name"):
        Workspace(tmp_path, p).open()
    out = tmp_path / "out"
    Workspace(out, p).open()
    other = Workspace(out, p)
    other.key = "other"
    other.open()  # nothing is kept yet, as after a slip of the pen in --backbone
    other.save("photographs", "abc", {})
    other.open()
    with pytest.raises(UserError, match="another --backbone .* -o"):
        Workspace(out, p).open()


@pytest.mark.fault(
    "name",
    "the folder for answers can't be written to, or is below a file",
    "one line that says to name another with -o, before any photograph is read",
)
def test_a_folder_that_cannot_be_written(tmp_path, p, monkeypatch):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="written to .*file/out .* name a folder with -o"):
        Workspace(tmp_path / "file/out", p).open()

    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "mkdir", refuse)  # root may write everywhere
    with pytest.raises(UserError, match=r"\(Permission denied\): name a folder with -o"):
        Workspace(tmp_path / "out", p).open()


def test_the_prior_changes_nothing_that_is_kept(tmp_path, p):
    assert Workspace(tmp_path, p).key == Workspace(tmp_path, build_settings(Options(0.5))).key


def test_what_a_backbone_stands_for(tmp_path):
    file = tmp_path / "w.pth"
    file.write_bytes(b"")
    default = settings.DEFAULT_NETWORK
    assert settings.choose_network("resnet50") == {"timm_name": "resnet50", "weights": "imagenet"}
    assert settings.choose_network(str(file)) == {"timm_name": default, "weights": str(file)}
    assert settings.choose_network(f"vit={file}") == {"timm_name": "vit", "weights": str(file)}
    assert settings.choose_network(str(tmp_path))["timm_name"] == f"local-dir:{tmp_path}"
    assert settings.choose_crop(default) == {} and settings.choose_crop("vit") != {}
