"""Files appear whole or not at all, with their bytes on the disk, and a full disk is named."""

import errno
import os

import pytest

from pipeline.system import files


@pytest.mark.fault(
    "interruptions",
    "a power cut just after a file was written",
    "bytes and name are on the disk: the old file or the new one, never an empty one",
)
def test_the_bytes_are_on_the_disk_before_the_name_and_the_name_before_the_return(
    tmp_path, monkeypatch
):
    path, done = tmp_path / "t.csv", []
    monkeypatch.setattr(files, "sync", lambda place: done.append((place.name, path.exists())))
    files.replace(path, lambda part: part.write_text("new"))
    assert done == [(f".part-{os.getpid()}-t.csv", False), (tmp_path.name, True)]


def test_a_folder_is_on_the_disk_before_it_gets_its_name(tmp_path, monkeypatch):
    part, out, done = tmp_path / ".part-a", tmp_path / "a", []
    part.mkdir()
    (part / "b.jpg").write_text("b")
    monkeypatch.setattr(os, "sync", lambda: done.append(out.exists()))
    files.rename_folder(part, out)
    assert done == [False] and (out / "b.jpg").read_text() == "b" and not part.exists()


@pytest.mark.fault(
    "interruptions",
    "a disk that fills up while a file is written, whatever the library says",
    "OSError with ENOSPC and the file's name, the old file as it was, no half-written file",
)
@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        RuntimeError("I/O error: No space left on device (os error 28)"),
        OSError("12 requested and 3 written"),
    ],
    ids=["system", "quota", "rust", "numpy"],
)
def test_a_full_disk_is_named(error, tmp_path, monkeypatch):
    usage = files.shutil.disk_usage(tmp_path)
    monkeypatch.setattr(files.shutil, "disk_usage", lambda path: usage._replace(free=0))
    path = tmp_path / "t.csv"
    path.write_text("old")

    def save(part):
        part.write_text("half")
        raise error

    with pytest.raises(OSError, match=r"No space left on device.*t\.csv") as caught:
        files.replace(path, save)
    assert caught.value.errno == errno.ENOSPC
    assert path.read_text() == "old" and [p.name for p in tmp_path.iterdir()] == ["t.csv"]


def test_other_errors_stay_what_they_are(tmp_path):
    with pytest.raises(RuntimeError, match="tensor"):
        files.replace(tmp_path / "t", lambda part: (_ for _ in ()).throw(RuntimeError("tensor")))
    assert not files.unfinished


def test_a_reserved_file_has_all_its_blocks(tmp_path):
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(2**20)
    assert path.stat().st_blocks * 512 < 2**20
    files.reserve(path)
    assert path.stat().st_blocks * 512 >= 2**20 == path.stat().st_size
