"""Kinds of files that are not read as photographs, and what to do with them."""

from pathlib import Path

VIDEO = "export frames of videos as JPEG"
OTHER = "export it as JPEG or PNG"
WAYS_OUT = {
    **dict.fromkeys([".mp4", ".mov", ".avi", ".m4v", ".mts"], VIDEO),
    **dict.fromkeys([".psd", ".xcf", ".jxl", ".jp2", ".exr", ".hdr", ".pdf", ".svg"], OTHER),
}


def way_out(path: str | Path) -> str:
    """The end of a message that a file is not read, if its ending tells its kind."""
    remedy = WAYS_OUT.get(Path(path).suffix.lower())
    return f": {remedy}" if remedy else ""
