"""Kinds of photographs that are not read, and what to do with them."""

from pathlib import Path

HEIC = "convert HEIC to JPEG, as by `magick mogrify -format jpg *.HEIC`"
RAW = "export raw photographs as JPEG"
FILM = "export frames of films as JPEG"
WAYS_OUT = {
    **dict.fromkeys([".heic", ".heif", ".hif"], HEIC),
    **dict.fromkeys([".cr2", ".cr3", ".nef", ".arw", ".dng", ".orf", ".raf", ".rw2", ".pef"], RAW),
    **dict.fromkeys([".mp4", ".mov", ".avi", ".m4v", ".mts"], FILM),
}
# telephones call them .jpg too
HEIC_BRANDS = (b"ftypheic", b"ftypheix", b"ftyphevc", b"ftypheim", b"ftypmif1")


def way_out(path: str | Path, data: bytes = b"") -> str:
    """The end of a message that a file is not read, if its ending or first bytes tell its kind."""
    remedy = HEIC if data[4:12] in HEIC_BRANDS else WAYS_OUT.get(Path(path).suffix.lower())
    return f": {remedy}" if remedy else ""
