"""The page of questions as one HTML file."""

from importlib.resources import files

PARTS = {"style": "questions.css", "script": "questions.js"}


def render_page() -> str:
    """The page's HTML, which reads its content from the server."""
    folder = files("pipeline.review")
    page = (folder / "questions.html").read_text()
    for name, file in PARTS.items():
        page = page.replace(f"{{{{{name}}}}}", (folder / file).read_text())
    return page
