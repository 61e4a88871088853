"""dvc.lock's text, parsed once and written in parts.

The demo's lock has 14,000 lines. DVC parses it (.24 s) several times for every stage that it runs,
and writes all of it (.73 s) to change the record of one; here, the others' lines stay as they are.
"""

import io
import pickle
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from dvc.utils.serialize import _yaml

Dump = Callable[[object, io.StringIO], object]

HEADER = "schema: '2.0'\nstages:\n"
NAME = re.compile(r"^  (\S.*):$", re.MULTILINE)  # the first line of a stage's record

_parse = _yaml.parse_yaml


def parse(text: str, path: object, typ: str = "safe") -> dict[str, Any]:
    """DVC's `parse_yaml`, but a text that was parsed before is copied from then."""
    if typ != "safe":
        return _parse(text, path, typ)
    return pickle.loads(parse_to_bytes(text, str(path)))


@lru_cache(maxsize=8)
def parse_to_bytes(text: str, path: str) -> bytes:
    """The pickled contents of a YAML text; path : for DVC's error message."""
    return pickle.dumps(_parse(text, path))


def render(text: str, before: dict[str, Any], after: dict[str, Any], dump: Dump) -> str:
    """The text of `after`, the contents of `text` in which some stages have been replaced.

    before : the records of the stages in `text`; those that are the same objects in `after` keep
        their lines
    dump : writes any contents as DVC does; all of `after` if `text` is not as DVC writes it
    """
    blocks = split(text)
    if list(blocks) != list(before) or after.keys() != {"schema", "stages"}:
        return dump_text(after, dump)
    for name, record in after["stages"].items():
        if name not in before or record is not before[name]:
            whole = dump_text({"schema": "2.0", "stages": {name: record}}, dump)
            blocks[name] = whole.removeprefix(HEADER)
    return HEADER + "".join(blocks[name] for name in after["stages"])


def split(text: str) -> dict[str, str]:
    """The lines of every stage's record; empty if the text is not as DVC writes it."""
    if not text.startswith(HEADER) or not text.endswith("\n"):
        return {}
    body = text.removeprefix(HEADER)
    starts = [found.start() for found in NAME.finditer(body)]
    ends = [*starts[1:], len(body)]
    if starts[:1] != [0]:
        return {}
    blocks = [body[start:end] for start, end in zip(starts, ends, strict=True)]
    return {block[2 : block.index(":\n")]: block for block in blocks}


def dump_text(contents: dict[str, Any], dump: Dump) -> str:
    """The contents as text."""
    text = io.StringIO()
    dump(contents, text)
    return text.getvalue()
