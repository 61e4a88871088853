"""dvc.yaml must declare exactly the code and the parameters that each stage uses."""

import ast
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from commands import dvc_deps
from pipeline import params
from pipeline.system.import_closure import import_closure

ROOT = Path(__file__).parents[1]
STAGES = YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"]
# what a method of Params reads
METHODS = {"member_train": {"backbones", "train"}}


def sections(path: Path) -> set[str]:
    """The sections that a stage reads from its `p = params.load()`."""
    names = {
        node.attr
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "p"
    }
    return {section for name in names for section in METHODS.get(name, {name})}


@pytest.mark.parametrize("name", STAGES)
def test_the_deps_are_the_import_closure(name):
    declared = [dep for dep in STAGES[name]["deps"] if dep.startswith(("stages/", "pipeline/"))]
    assert declared == dvc_deps.code_deps(name)


@pytest.mark.parametrize("name", STAGES)
def test_the_params_are_the_sections_that_the_stage_reads(name):
    declared = {param.split(".")[0] for param in STAGES[name].get("params", [])}
    templated = {dep for dep in STAGES[name]["deps"] if dep.startswith("${")}
    declared |= {dep.strip("${}").split(".")[0] for dep in templated}
    used = sections(ROOT / f"stages/{name}.py")
    assert declared == used


def test_the_demo_declares_the_code_that_draws_it():
    demo = YAML(typ="safe").load(ROOT / "data/demo/dvc.yaml")["stages"]["photos"]
    code = import_closure(ROOT / "commands/demo.py", ROOT)
    names = {path.relative_to(ROOT).as_posix() for path in code}
    assert set(demo["deps"]) == {name for name in names if not name.startswith(dvc_deps.PLUMBING)}
    assert demo["params"] == ["demo"]


def test_every_stage_file_has_its_stage():
    files = {file.stem for file in (ROOT / "stages").glob("*.py")} - {"__init__"}
    assert files == set(STAGES)


@pytest.mark.parametrize("name", STAGES)
def test_the_command_runs_the_stage_of_that_name(name):
    assert STAGES[name]["cmd"].split()[:3] == ["python", "-m", f"stages.{name}"]


@pytest.mark.parametrize("name", STAGES)
def test_what_a_stage_writes_lies_in_its_own_folder(name):
    outs = (
        STAGES[name].get("outs", [])
        + STAGES[name].get("plots", [])
        + STAGES[name].get("metrics", [])
    )
    paths = [next(iter(out)) if isinstance(out, dict) else out for out in outs]
    allowed = (f"data/work/{name}/", "submissions/${key}.")
    whole = f"data/work/{name}"  # a folder with a file a fold
    assert paths and all(path.startswith(allowed) or path == whole for path in paths)


def test_the_ensemble_params_cover_the_whole_recipe():
    declared = {
        param.rpartition(".")[2]
        for name in ("ensemble", "submission")
        for param in STAGES[name]["params"]
        if param.startswith("ensembles.")
    }
    assert declared == set(params.Ensemble.model_fields)


@pytest.mark.parametrize("name", ["ensemble", "submission", "score"])
def test_the_evaluation_params_are_the_leaves_that_the_step_reads(name):
    """A stage hands the whole section on; its package reads leaves of what it calls `evaluated`."""
    read = {
        node.attr
        for path in (ROOT / "pipeline/steps" / name).glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "evaluated"
    }
    declared = {param for param in STAGES[name]["params"] if param.startswith("evaluation.")}
    assert declared == {f"evaluation.{leaf}" for leaf in read}
