"""The report as one HTML file, which needs no server and no network.

Its content comes as JSON and is shown as text: an identity made of HTML is displayed, not run.
"""

import json
from importlib.resources import files
from typing import Any

STYLE = ("report.css",)
SCRIPTS = ("grid.js", "detail.js", "overview.js", "review.js")


def render(content: dict[str, Any], figures: str = "") -> str:
    """The HTML of a report.

    content : see `content.py`
    figures : HTML that is inserted as it is
    """
    # "<" would end the script element, and the two separators end a line of JavaScript
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    parts = {
        "style": "".join(read_source(name) for name in STYLE),
        "figures": figures,
        "content": text.replace("<", "\\u003c"),
        "script": "".join(read_source(name) for name in SCRIPTS),
    }
    before, *rest = read_source("report.html").split("{{")
    return before + "".join(
        parts[name] + after for name, _, after in (piece.partition("}}") for piece in rest)
    )


def read_source(name: str) -> str:
    """The text of a file beside this one."""
    return (files("pipeline.steps.report") / name).read_text()
