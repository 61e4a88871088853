"""Who may import whom, and who may open the hidden truth."""

import ast
from pathlib import Path

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[1]
LIBRARY = sorted((ROOT / "pipeline").rglob("*.py"))
STEPS = set(YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"])
FORBIDDEN = {"argparse", "click", "commands", "dvc", "dvclive", "stages", "typer"}


def imports(path: Path) -> set[str]:
    """Dotted names that a file imports; `from pipeline import x` gives pipeline.x."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return names


def step_of(path: Path) -> str:
    """The step that a file of pipeline/ belongs to, "" for a block."""
    word = path.relative_to(ROOT / "pipeline").parts[0].removesuffix(".py")
    return word if word in STEPS else ""


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: path.stem)
def test_the_library_knows_no_stage_and_no_command_line(path):
    assert not {name.split(".")[0] for name in imports(path)} & FORBIDDEN


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: path.stem)
def test_steps_never_import_each_other_and_blocks_import_no_step(path):
    imported = {
        name.split(".")[1] for name in imports(path) if name.startswith("pipeline.")
    } & STEPS
    assert imported <= {step_of(path)}


def test_timm_is_imported_in_one_module():
    users = {path.name for path in LIBRARY if any(n.split(".")[0] == "timm" for n in imports(path))}
    assert users == {"backbones.py"}


def test_the_solution_is_opened_to_score_what_was_answered_alone():
    folders = ("stages", "commands", "benchmarks")
    code = [*LIBRARY, *(path for name in folders for path in (ROOT / name).glob("*.py"))]
    demo = ROOT / "pipeline/demo"
    readers = {
        path.relative_to(ROOT).as_posix()
        for path in code
        if "pipeline.solution" in imports(path) and demo not in path.parents
    }
    assert readers == {"commands/leaderboard.py", "benchmarks/closed_set.py"}


def test_nobody_else_names_the_hidden_files():
    allowed = {ROOT / "pipeline/solution.py", ROOT / "pipeline/importing.py"}  # it writes them
    code = [*LIBRARY, *(ROOT / "stages").glob("*.py"), *(ROOT / "commands").glob("*.py")]
    for path in code:
        if path in allowed or (ROOT / "pipeline/demo") in path.parents:
            continue
        strings = [
            node.value
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ]
        quoted = [text for text in strings if len(text) < 60]
        assert not any("solution.csv" in text or text.startswith("truth/") for text in quoted), path
