"""Which layer may import which, where a stage's files are, and what may read the hidden truth."""

import ast
import tomllib
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from pipeline.params import Params
from pipeline.system.import_closure import imported_names
from tests.stage_outputs import list_paths

ROOT = Path(__file__).parents[1]
LIBRARY = sorted((ROOT / "pipeline").rglob("*.py"))
STAGES = YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"]
FORBIDDEN = {"argparse", "click", "commands", "dvc", "dvclive", "stages", "typer"}
MOST_LOOSE_MODULES = 4
MOST_STAGE_LINES = 35
# each layer and the layers below it, which it may import
LAYERS = {
    "params": {"system"},
    "system": set(),
    "paths": set(),
    "data": {"params", "system", "paths"},
    "models": {"params", "system", "data"},
    "losses": {"params", "models"},
    "fewshot": {"system", "models", "training"},
    "evaluation": {"params", "system", "paths", "data"},
    "training": {"params", "system", "paths", "data", "models", "losses", "evaluation"},
    "steps": {
        *("params", "system", "paths", "data"),
        *("models", "losses", "fewshot", "evaluation", "training"),
    },
    "exchange": {"params", "paths", "system", "data", "models"},
    "catalogue": {"params", "system", "data", "steps", "exchange"},
    "review": {"params", "system", "paths", "data", "identify", "steps"},
    "identify": {"params", "system", "paths", "data", "models", "evaluation", "steps"},
    "population": {"params", "system", "paths", "data", "evaluation", "identify", "steps"},
    "naming": {
        *("params", "system", "paths", "data", "models", "evaluation"),
        *("steps", "identify", "exchange"),
    },
    "leaderboard": {"params", "system", "paths", "data", "evaluation", "steps", "identify"},
    "project": {"params", "paths", "identify", "leaderboard"},
    "demo": {"system"},
}


def relative(path: Path) -> tuple[str, ...]:
    return path.relative_to(ROOT / "pipeline").with_suffix("").parts


def imported_modules(path: Path) -> list[list[str]]:
    """["data", "tables"] for every `pipeline.data.tables` that a file imports."""
    names = [name.split(".") for name in imported_names(path)]
    return [name[1:] for name in names if name[0] == "pipeline" and len(name) > 1]


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: "/".join(relative(path)))
def test_the_library_imports_no_stage_and_no_command_line(path):
    assert not {name.split(".")[0] for name in imported_names(path)} & FORBIDDEN


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: "/".join(relative(path)))
def test_a_layer_imports_only_the_layers_below_it(path):
    layer = relative(path)[0]
    imported = {name[0] for name in imported_modules(path)} - {layer}
    assert imported <= LAYERS.get(layer, set())


def test_the_layers_have_an_order():
    """No layer is reached from a layer that it may import."""
    for layer, below in LAYERS.items():
        reached, frontier = set(), set(below)
        while frontier:
            reached |= frontier
            frontier = {name for reachable in frontier for name in LAYERS[reachable]} - reached
        assert layer not in reached


@pytest.mark.parametrize("word", STAGES)
def test_steps_never_import_each_other(word):
    for path in (ROOT / "pipeline/steps" / word).glob("*.py"):
        steps = {name[1] for name in imported_modules(path) if name[0] == "steps" and name[1:]}
        assert steps <= {word}


def test_few_modules_are_outside_the_layers():
    loose = [path.name for path in (ROOT / "pipeline").glob("*.py") if path.name != "__init__.py"]
    assert len(loose) <= MOST_LOOSE_MODULES


def test_timm_is_imported_in_one_module():
    users = {
        path.name
        for path in LIBRARY
        if any(n.split(".")[0] == "timm" for n in imported_names(path))
    }
    assert users == {"timm_networks.py"}


def calls(path: Path, ending: str) -> bool:
    """True if a file calls something whose dotted name ends so: "optimizer.step"."""
    nodes = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
    return any(f".{ast.unparse(node.func)}".endswith(f".{ending}") for node in nodes)


def keys_assigned(path: Path) -> set[str]:
    """Keys that a file assigns to: {"lr"} for `group["lr"] = 0.1`."""
    stored = (
        node.slice
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store)
    )
    return {key.value for key in stored if isinstance(key, ast.Constant)}


def test_one_training_loop_steps_every_optimizer():
    """Others only compute gradients for it; the few-shot inner loops adapt weights without one."""
    users = {
        ending: {"/".join(relative(path)) for path in LIBRARY if calls(path, ending)}
        for ending in ("optimizer.step", "zero_grad", "backward")
    }
    assert users["optimizer.step"] == users["zero_grad"] == {"training/loop"}
    assert users["backward"] == {"training/loop", "training/session", "fewshot/learner"}


def test_learning_rates_are_set_in_one_module():
    assert {path.name for path in LIBRARY if "lr" in keys_assigned(path)} == {"schedule.py"}
    assert not any("lr_scheduler" in path.read_text() for path in LIBRARY)


@pytest.mark.parametrize("path", sorted((ROOT / "stages").glob("*.py")), ids=lambda path: path.stem)
def test_a_stage_is_short(path):
    assert len(path.read_text().splitlines()) <= MOST_STAGE_LINES


@pytest.mark.parametrize("word", STAGES)
def test_the_word_of_a_stage_is_in_six_places(word):
    """A stage's word: dvc.yaml, its script, its step, its params, its outputs and its tests."""
    assert (ROOT / f"stages/{word}.py").is_file()
    assert (ROOT / f"pipeline/steps/{word}/{word}.py").is_file()
    assert word in Params.model_fields
    assert word in YAML(typ="safe").load(ROOT / "params.yaml")
    folder = Path("data/work") / word
    assert any(
        folder in (Path(out), *Path(out).parents)
        for out in list_paths(STAGES[word], "outs", "plots")
    )
    assert (ROOT / f"tests/pipeline/steps/{word}/test_{word}.py").is_file()


def test_the_solution_is_read_only_to_score_submissions():
    folders = ("stages", "commands", "benchmarks")
    code = [*LIBRARY, *(path for name in folders for path in (ROOT / name).glob("*.py"))]
    demo = ROOT / "pipeline/demo"
    readers = {
        path.relative_to(ROOT).as_posix()
        for path in code
        if "pipeline.data.solution" in imported_names(path) and demo not in path.parents
    }
    assert readers == {
        "pipeline/leaderboard/update.py",
        "benchmarks/closed_set.py",
        "benchmarks/resplits.py",  # counts new individuals: the prior is given, never tuned
    }


def test_no_other_module_names_the_hidden_files():
    """Beside their reader and writer, what lists unused files names those that it passes over."""
    names = ("data/solution.py", "data/competition_directory.py", "steps/competition/unused.py")
    allowed = {ROOT / "pipeline" / name for name in names}
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


def test_all_that_commands_import_of_the_project_is_installed():
    """The program runs from any folder: only what is installed can be imported there."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    installed = settings["tool"]["setuptools"]["packages"]["find"]["include"]
    own = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    files = (ROOT / "commands").glob("*.py")
    imported = {name.split(".")[0] for path in files for name in imported_names(path)}
    assert "benchmarks" in imported
    assert {f"{name}*" for name in imported & own} <= set(installed)
