"""Which of the project's files a Python file runs, found by reading imports."""

import ast
from pathlib import Path


def imported_names(path: Path) -> set[str]:
    """Dotted names that a file imports; `from pipeline import x` gives pipeline and pipeline.x."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def imported_files(path: Path, root: Path) -> set[Path]:
    """The files under `root` that a file imports; an empty `__init__.py` runs nothing."""
    places = [root.joinpath(*name.split(".")) for name in imported_names(path)]
    files = {place.with_suffix(".py") for place in places} | {p / "__init__.py" for p in places}
    return {file for file in files if file.is_file() and file.stat().st_size}


def import_closure(path: Path, root: Path) -> set[Path]:
    """A file and all files under `root` that it imports, directly or not."""
    closure, frontier = {path}, [path]
    while frontier:
        new = imported_files(frontier.pop(), root) - closure
        closure |= new
        frontier += new
    return closure


def code_files(path: Path, root: Path) -> set[Path]:
    """The import closure, and the templates (HTML, CSS, JavaScript) beside its modules."""
    modules = import_closure(path, root)
    folders = {module.parent for module in modules if "pipeline" in module.parts}
    templates = {
        file
        for folder in folders
        for file in folder.iterdir()
        if file.suffix in {".html", ".css", ".js"}
    }
    return modules | templates
