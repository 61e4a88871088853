"""Which entries of a folder are photographs, and what is said of the others."""

import os
from collections import Counter
from pathlib import Path

import pytest

from pipeline.data import photograph_files

RUBBISH = [
    *(".DS_Store", "._1.jpg", ".hidden.jpg", ".ipynb_checkpoints", "__MACOSX", "@eaDir"),
    *("Thumbs.db", "THUMBS.DB", "desktop.ini", "$RECYCLE.BIN", "#recycle", "lost+found"),
    "System Volume Information",
]
READ = ["1.jpg", "2.JPG", "3.jpeg", "4.jfif", "5.png", "6.tif", "7.bmp", "8.webp", "9.gif"]
READ += ["h.HEIC", "i.heif", "j.CR2", "k.dng", "l.avif"]
UNREAD = ["a.PSD", "b.jxl", "d.mov", "e.txt", "f"]


@pytest.fixture
def folder(tmp_path):
    """Every kind of entry, in a folder and in its sub-folder `sub`."""
    for place in (tmp_path, tmp_path / "sub"):
        place.mkdir(exist_ok=True)
        for name in [*READ, *UNREAD]:
            (place / name).touch()
        for name in RUBBISH:
            (place / name).mkdir()
            (place / name / "inside.jpg").touch()
        (place / "link.jpg").symlink_to(place / "1.jpg")
        os.mkfifo(place / "pipe.jpg")
        (place / "folder.jpg").mkdir()
    (tmp_path / "linked").symlink_to(tmp_path / "sub")
    return tmp_path


def kinds(listing) -> dict[str, str]:
    return {entry.path.as_posix(): entry.kind.split(",")[0] for entry in listing.left_out}


@pytest.mark.fault(
    "folders",
    "hidden files, thumbnails of systems and servers, films, links, pipes and folders "
    "among photographs",
    "none is taken for a photograph, and each is named with its kind",
)
def test_a_flat_folder(folder):
    listing = photograph_files.list_photographs(folder)
    assert [path.name for path in listing.photographs] == sorted(READ)
    expected = dict.fromkeys(RUBBISH, "hidden") | {
        **{"a.PSD": ".PSD", "b.jxl": ".jxl", "d.mov": ".mov"},
        **{"e.txt": ".txt", "f": "without an ending", "link.jpg": "links", "linked": "links"},
        **{"pipe.jpg": "neither files nor folders", "folder.jpg": "folders", "sub": "folders"},
    }
    assert kinds(listing) == expected


def test_a_tree_looks_into_folders_but_not_into_rubbish_and_links(folder):
    (folder / "folder.jpg/inside.jpg").touch()
    listing = photograph_files.list_tree(folder)
    found = [path.as_posix() for path in listing.photographs]
    assert found == sorted([*READ, *(f"sub/{name}" for name in READ), "folder.jpg/inside.jpg"])
    counts = Counter(kinds(listing).values())
    assert counts["hidden"] == 2 * len(RUBBISH) and counts["links"] == 3
    assert counts["folders"] == 0 and counts["neither files nor folders"] == 2


def test_a_skipped_folder_is_not_looked_into(folder):
    listing = photograph_files.list_tree(folder, skip="sub")
    assert not any(path.parts[0] == "sub" for path in listing.photographs)
    assert not any(name.startswith("sub") for name in kinds(listing))


def test_what_is_left_out_is_counted_by_kind_with_examples_and_a_way_out(folder, caplog):
    left_out = photograph_files.list_tree(folder).left_out
    photograph_files.log_left_out("photos", left_out)
    lines = caplog.messages[0].splitlines()
    assert lines[0] == "photos: left out are"
    assert "  2 .PSD, not read: export it as JPEG or PNG (a.PSD, sub/a.PSD)" in lines
    assert "  2 .txt, not read (e.txt, sub/e.txt)" in lines
    assert lines[1].startswith("  26 hidden, or left behind by an operating system (")
    assert lines[1].endswith(", ...)")
    photograph_files.log_left_out("photos", [])
    assert len(caplog.messages) == 1


def test_names_that_a_terminal_cannot_print_are_escaped():
    name = b"a\xff\n\xc3\xab.jpg".decode("utf-8", "surrogateescape")
    assert photograph_files.printable(Path(name)) == "a\\udcff\\n\u00eb.jpg"
