"""Downloading a competition, and unpacking its archives."""

import errno
import io
import os
import shutil
import stat
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from pipeline.steps.competition import archives, competition, kaggle
from pipeline.system.errors import Faults
from tests.pipeline.steps.competition.conftest import COLUMNS


class Client:
    """Stands for Kaggle's client: writes an archive of the given files."""

    def __init__(self, files: dict[str, bytes]):
        self.files = files

    def competition_download_files(self, competition, path, quiet):
        with zipfile.ZipFile(f"{path}/{competition}.zip", "w") as archive:
            for name, data in self.files.items():
                archive.writestr(name, data)


def test_kaggle_archive_reads_like_a_directory(folder, tmp_path):
    files = [path for path in folder.rglob("*") if path.is_file()]
    client = Client({str(path.relative_to(folder)): path.read_bytes() for path in files})
    downloaded = kaggle.download("whales", tmp_path / "download", client)
    assert not list(downloaded.glob("*.zip"))
    images, *_ = competition.read_competition(downloaded, COLUMNS)
    direct, *_ = competition.read_competition(folder, COLUMNS)
    pd.testing.assert_frame_equal(images.drop(columns="path"), direct.drop(columns="path"))
    assert images["path"][0] == f"{tmp_path}/download/train/b.jpg"


def test_archives_inside_the_archive_are_unpacked(tmp_path):
    with zipfile.ZipFile(tmp_path / "inner.zip", "w") as inner:
        inner.writestr("a.jpg", b"photo")
    client = Client({"train.zip": (tmp_path / "inner.zip").read_bytes()})
    downloaded = kaggle.download("whales", tmp_path / "download", client)
    assert (downloaded / "train/a.jpg").read_bytes() == b"photo"


@pytest.mark.fault(
    "competition",
    "an archive packed on Windows, with backslashes in its names",
    "unpacked into the folders that are meant",
)
def test_backslashes_of_windows_separate_folders(tmp_path):
    client = Client({"train.csv": b"", "train\\": b"", "train\\a.jpg": b"photo"})
    downloaded = kaggle.download("whales", tmp_path / "download", client)
    assert (downloaded / "train/a.jpg").read_bytes() == b"photo"
    assert sorted(path.name for path in downloaded.iterdir()) == [".complete", "train", "train.csv"]


OUTSIDE = ["../out.txt", "/elsewhere/out.txt", "a/../../out.txt", "..\\out.txt"]


@pytest.mark.parametrize("name", OUTSIDE)
def test_an_archive_that_leaves_its_folder_is_not_unpacked(tmp_path, name):
    client = Client({"train.csv": b"", name: b"x"})
    with pytest.raises(Faults, match="would be written outside"):
        kaggle.download("whales", tmp_path / "download", client)
    assert [path.name for path in (tmp_path / "download").iterdir()] == ["whales.zip"]
    assert not (tmp_path / "out.txt").exists()


def test_a_link_in_an_archive_is_called_one(tmp_path):
    link = zipfile.ZipInfo("train/a.jpg")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "whales.zip", "w") as archive:
        archive.writestr(link, "/etc/hostname")
    with pytest.raises(Faults, match="'train/a.jpg' is a link, not a file"):
        archives.unpack(tmp_path / "whales.zip", tmp_path)
    assert not (tmp_path / "train").exists()


def test_a_complete_download_is_not_repeated(tmp_path, capsys):
    folder = tmp_path / "download"
    kaggle.download("whales", folder, Client({"train.csv": b"first"}))
    kaggle.download("whales", folder, Client({"train.csv": b"second"}))
    assert (folder / "train.csv").read_bytes() == b"first"
    assert "whales is in" in capsys.readouterr().out


def test_another_competition_replaces_the_folder(tmp_path):
    folder = tmp_path / "download"
    kaggle.download("whales", folder, Client({"old.csv": b""}))
    kaggle.download("seals", folder, Client({"train.csv": b"seals"}))
    assert sorted(path.name for path in folder.iterdir()) == [".complete", "train.csv"]


def test_an_incomplete_download_is_repeated(tmp_path):
    folder = tmp_path / "download"
    with pytest.raises(Faults):
        kaggle.download("whales", folder, Client({"train.csv": b"", "../out.txt": b"x"}))
    downloaded = kaggle.download("whales", folder, Client({"train.csv": b"whole"}))
    assert (downloaded / "train.csv").read_bytes() == b"whole"


def test_a_refusal_names_the_remedies(tmp_path):
    class Refusing:
        def competition_download_files(self, *_, **__):
            raise RuntimeError("403 Client Error")

    with pytest.raises(Faults, match="403 Client Error.*accept the rules at .*/c/whales/rules"):
        kaggle.download("whales", tmp_path, Refusing())


def test_without_a_token_the_message_names_its_place(tmp_path, monkeypatch, capsys):
    class Strict:
        def authenticate(self):
            print("a page of help")
            raise SystemExit(1)

    module = type("Module", (), {"KaggleApi": Strict})
    monkeypatch.setitem(__import__("sys").modules, "kaggle.api.kaggle_api_extended", module)
    with pytest.raises(Faults, match=r"~/\.kaggle/kaggle\.json.*competition\.source to directory"):
        kaggle.download("whales", tmp_path)
    assert capsys.readouterr().out == ""


def pack(files: dict[str, bytes]) -> bytes:
    """A zip file of the given files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def contents(folder) -> tuple[dict[str, bytes], dict[str, dict[str, bytes]]]:
    """The tables of a competition by name, and the photographs of each split by name."""
    tables = {path.name: path.read_bytes() for path in folder.glob("*.csv")}
    photographs = {
        split: {path.name: path.read_bytes() for path in (folder / split).iterdir()}
        for split in ("train", "test")
    }
    return tables, photographs


def under(top: str, files: dict[str, bytes]) -> dict[str, bytes]:
    return {f"{top}/{name}": data for name, data in files.items()}


def packed_tables(tables: dict[str, bytes]) -> dict[str, bytes]:
    return {f"{name}.zip": pack({name: data}) for name, data in tables.items()}


def layouts(tables, photographs) -> dict[str, dict[str, bytes]]:
    """The files of an archive, in each way that Kaggle and people pack them."""
    plain = {
        f"{split}/{name}": data
        for split in photographs
        for name, data in photographs[split].items()
    }
    inner = {f"{split}.zip": pack(files) for split, files in photographs.items()}
    twice = {f"{split}.zip": pack(under(split, files)) for split, files in photographs.items()}
    rubbish = {"__MACOSX/._train.csv": b"x", "train/.DS_Store": b"x", "__MACOSX/train/._b.jpg": b""}
    return {
        "plain": tables | plain,
        "packed tables": packed_tables(tables) | plain,
        "packed splits": tables | inner,
        "packed tables and splits": packed_tables(tables) | inner,
        "splits with their folder inside": tables | twice,
        "split folders twice": tables
        | {f"{name.split('/')[0]}/{name}": data for name, data in plain.items()},
        "a top folder": under("whales", tables | plain),
        "a top folder with packed files": under("whales", packed_tables(tables) | inner),
        "an archive in the archive": {"whales-data.zip": pack(tables | plain)},
        "an archive in the archive with a top folder": {
            "data.zip": pack(under("data", tables | inner))
        },
        "rubbish of systems": tables | plain | rubbish | {"train/Thumbs.db": b"x"},
        "tables packed and plain": tables | packed_tables(tables) | plain,
    }


LAYOUTS = list(layouts({}, {}))


@pytest.mark.fault(
    "downloads",
    "Kaggle archives with packed tables, packed splits, or a folder of their own inside",
    "read like the folder that they were made of",
)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts_of_archives(folder, tmp_path, layout):
    client = Client(layouts(*contents(folder))[layout])
    downloaded = kaggle.download("whales", tmp_path / "download", client)
    images, *_ = competition.read_competition(downloaded, COLUMNS)
    direct, *_ = competition.read_competition(folder, COLUMNS)
    pd.testing.assert_frame_equal(images.drop(columns="path"), direct.drop(columns="path"))
    rubbish = {"__MACOSX", ".DS_Store", "Thumbs.db"}
    assert not rubbish & {path.name for path in downloaded.rglob("*")}
    again = kaggle.download("whales", tmp_path / "download", client)
    assert again == downloaded


def set_flag(archive: bytes, flag: int) -> bytes:
    """The archive with a bit of its (single) entry's flags set, in both headers."""
    data = bytearray(archive)
    for signature, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        data[data.index(signature) + offset] |= flag
    return bytes(data)


def set_method(archive: bytes, method: int) -> bytes:
    """The archive with another number of its (single) entry's compression."""
    data = bytearray(archive)
    for signature, offset in ((b"PK\3\4", 8), (b"PK\1\2", 10)):
        data[data.index(signature) + offset] = method
    return bytes(data)


def damage(archive: bytes) -> bytes:
    """The archive with other bytes in the middle of its data."""
    middle = len(archive) // 3
    return archive[:middle] + bytes(40) + archive[middle + 40 :]


NOISE = os.urandom(4000)


class Sending:
    """Stands for Kaggle's client: writes the given bytes as the archive."""

    def __init__(self, data: bytes):
        self.data = data

    def competition_download_files(self, competition, path, quiet):
        Path(path, f"{competition}.zip").write_bytes(self.data)


@pytest.mark.fault(
    "downloads",
    "a download that is cut off, damaged, encrypted, packed in an unknown way, or no archive",
    "one fault with the archive and the way out; the next run downloads again",
)
@pytest.mark.parametrize("inner", [False, True])
@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (pack({"a.csv": NOISE})[:2000], "damaged or cut off .*run again"),
        (damage(pack({"a.csv": NOISE})), "damaged or cut off .*run again"),
        (b"<html>Sign in</html>", "damaged or cut off .*run again"),
        (b"", "damaged or cut off .*run again"),
        (set_flag(pack({"a.csv": NOISE}), 1), "encrypted: unpack it by hand with its password"),
        (set_method(pack({"a.csv": NOISE}), 9), "packed in a way that is not known here"),
        (pack({"a": b"x", "a/b": b"y"}), "can't be unpacked: "),
        (pack({"x" * 300: b"x"}), "can't be unpacked: "),
    ],
)
def test_archives_that_cannot_be_unpacked(tmp_path, data, fault, inner):
    client = Client({"train.csv": b"", "data.zip": data}) if inner else Sending(data)
    name = "data.zip" if inner else "whales.zip"
    with pytest.raises(Faults, match=rf"{name}: 1 fault\n  {fault}"):
        kaggle.download("whales", tmp_path / "download", client)
    whole = kaggle.download("whales", tmp_path / "download", Client({"train.csv": b"whole"}))
    assert (whole / "train.csv").read_bytes() == b"whole"


@pytest.mark.fault(
    "downloads",
    "a disk that is too small for the download or for what its archive holds",
    "said before anything is unpacked, with the gigabytes that are needed and free",
)
def test_a_disk_that_is_too_small(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=10**6))
    client = Sending(pack({"a.csv": bytes(10**8)}))
    with pytest.raises(Faults, match=r"disk is too small: 0.1 GB are needed, 0.0 GB are free at"):
        kaggle.download("whales", tmp_path / "download", client)
    assert [path.name for path in (tmp_path / "download").iterdir()] == ["whales.zip"]

    class Full:
        def competition_download_files(self, *_, **__):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(Faults, match="download is full: free some space and run again"):
        kaggle.download("whales", tmp_path / "download", Full())


def test_other_kinds_of_archives_are_named(tmp_path, caplog):
    files = {"train.csv": b"", "extra.7z": b"x", "more.tar.gz": b"x"}
    kaggle.download("whales", tmp_path / "download", Client(files))
    assert "only zip files are unpacked, not extra.7z, more.tar.gz" in caplog.text
