"""Paths as text, with any bytes."""

import os
from pathlib import Path

from pipeline.data.path_text import to_text


def test_bytes_that_are_no_utf_8_are_escaped_and_all_else_stays():
    assert to_text(Path("a/é b.jpg")) == "a/é b.jpg"
    assert to_text(Path(os.fsdecode(b"a/\xff.jpg"))) == "a/\\udcff.jpg"
