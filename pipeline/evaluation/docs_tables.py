"""Tables on pages that are otherwise written by hand: text between two marks is kept up to date."""

from pathlib import Path

from filelock import FileLock

from pipeline.data import tables


def replace_table(path: Path, name: str, text: str) -> None:
    """Put `text` between the lines `<!-- name -->` and `<!-- end of name -->`.

    A page without both marks stays as it is.
    """
    start, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    with FileLock(path.with_name(f".{path.name}.lock")):  # studies may run at once
        before, start_mark, rest = path.read_text().partition(start)
        _, end_mark, after = rest.partition(end)
        if start_mark and end_mark:
            page = before + start + text + "\n" + end + after
            tables.replace(path, lambda part: part.write_text(page))
