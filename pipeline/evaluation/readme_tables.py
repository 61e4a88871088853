"""Tables that live in a text by hand: what stands between two marks is brought up to date."""

from pathlib import Path

from filelock import FileLock

from pipeline.data import tables


def replace(path: Path, name: str, text: str) -> None:
    """Put `text` between the lines `<!-- name -->` and `<!-- end of name -->`, where both are."""
    start, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    with FileLock(path.with_name(f".{path.name}.lock")):  # studies that run at once share a page
        before, marked, rest = path.read_text().partition(start)
        _, closed, after = rest.partition(end)
        if marked and closed:
            whole = before + start + text + "\n" + end + after
            tables.replace(path, lambda part: part.write_text(whole))
