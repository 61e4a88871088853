"""The pages of the review beside the report, each as one HTML file."""

from importlib.resources import files
from typing import Literal

Page = Literal["questions", "unknown"]


def render_page(name: Page) -> str:
    """A page's HTML, which reads its content from the server."""
    folder = files("pipeline.review")
    parts = {
        "style": ["page.css", f"{name}.css"],
        "script": ["page.js", f"{name}.js"],
        "naming": ["naming.html"],
    }
    page = (folder / f"{name}.html").read_text()
    for part, sources in parts.items():
        text = "".join((folder / source).read_text() for source in sources)
        page = page.replace(f"{{{{{part}}}}}", text)
    return page
