"""The page of one ensemble: every photograph, its answers and what argues for them, in one file.

Opened from disk it needs no server and no network. What it shows comes as JSON and is put on the
page as text, so that an identity made of HTML is read and not run.
"""

import json
from importlib.resources import files
from typing import Any

STYLE = ("report.css",)
SCRIPTS = ("grid.js", "detail.js", "overview.js", "review.js")


def render(content: dict[str, Any], figures: str = "") -> str:
    """The HTML of what `content.py` describes; `figures` is HTML of our own making."""
    # "<" would end the script element, and the two separators end a line of JavaScript
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    parts = {
        "style": "".join(source(name) for name in STYLE),
        "figures": figures,
        "content": text.replace("<", "\\u003c"),
        "script": "".join(source(name) for name in SCRIPTS),
    }
    before, *rest = source("report.html").split("{{")
    return before + "".join(
        parts[name] + after for name, _, after in (piece.partition("}}") for piece in rest)
    )


def source(name: str) -> str:
    """The text of a file beside this one."""
    return (files("pipeline.steps.report") / name).read_text()
