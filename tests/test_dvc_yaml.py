"""dvc.yaml must declare exactly the code and the parameters that each stage uses."""

import ast
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from commands import dvc_deps
from pipeline import params
from pipeline.system.import_closure import import_closure
from tests.stage_outputs import list_paths

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
    """Not the program around its command, nor the other commands: they change no photograph."""
    demo = YAML(typ="safe").load(ROOT / "data/demo/dvc.yaml")["stages"]["photos"]
    assert demo["cmd"] == "python -m commands demo"  # also works without installation
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
    paths = list_paths(STAGES[name], "outs", "plots", "metrics")
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


def test_pretrain_declares_all_that_its_network_is_built_by():
    """Its tasks' heads, and so its weights, depend on the whole architecture."""
    tree = ast.parse((ROOT / "pipeline/models/member_networks.py").read_text())
    [build] = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name == "build_for_member"
    ]
    read = {
        node.attr
        for node in ast.walk(build)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "settings"
    }
    declared = {name.split(".")[1] for name in STAGES["pretrain"]["params"] if "train." in name}
    # what is not trained has no embedding of its own, which no task looks at
    assert read - {"frozen"} <= declared and "pooling_cells" in read


def bindings(tree: ast.AST) -> list[tuple[ast.expr, ast.expr]]:
    """(target, value) of every assignment, element by element: `a, self.b = c, d` has two."""
    pairs = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                both = (target, node.value)
                tuples = all(isinstance(side, ast.Tuple) for side in both)
                pairs += zip(target.elts, node.value.elts, strict=True) if tuples else [both]
    return pairs


class EvaluationReads:
    """What a module does with the section `evaluation`: found by type, whatever its name.

    The section is `p.evaluation`, whatever is annotated as `Evaluation`, and whatever either is
    assigned to. leaves: the attributes that are read of it; escapes: places where it is neither
    read, nor passed to a function, nor assigned, so that later reads cannot be followed.
    """

    def __init__(self, code: str) -> None:
        tree = ast.parse(code)
        annotated = [node for node in ast.walk(tree) if isinstance(node, ast.arg | ast.AnnAssign)]
        self._names = {
            node.arg if isinstance(node, ast.arg) else ast.unparse(node.target)
            for node in annotated
            if node.annotation is not None and "Evaluation" in ast.unparse(node.annotation)
        }
        self._attributes = {"evaluation"} | self._names
        pairs = bindings(tree)
        for _ in pairs:  # an alias of an alias is followed too
            for target, value in pairs:
                if self._is_section(value):
                    names = self._names if isinstance(target, ast.Name) else self._attributes
                    names.add(target.id if isinstance(target, ast.Name) else target.attr)
        self.leaves = {
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and self._is_section(node.value)
        }
        followed = {value for _, value in pairs}
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute):
                followed.add(node.value)
            if isinstance(node, ast.Call):
                followed |= {*node.args, *(keyword.value for keyword in node.keywords)}
        self.escapes = [
            ast.unparse(node)
            for node in ast.walk(tree)
            if isinstance(node, ast.Name | ast.Attribute)
            and isinstance(node.ctx, ast.Load)
            and self._is_section(node)
            and node not in followed
        ]

    def _is_section(self, node: ast.AST) -> bool:
        if isinstance(node, ast.Attribute):
            return node.attr in self._attributes
        return isinstance(node, ast.Name) and node.id in self._names


def test_reads_of_the_evaluation_section_are_found_under_any_name():
    code = """
class Blend:
    def __init__(self, recipe: Ensemble, e: Evaluation | None) -> None:
        self.recipe, self.chosen = recipe, e

    def fit(self):
        alias = self.chosen
        return alias.seed, self.recipe.seeds, shuffle(self.chosen), self.chosen.crossfit

def main(p):
    return p.evaluation.bootstrap, [p.evaluation]
"""
    reads = EvaluationReads(code)
    assert reads.leaves == {"seed", "crossfit", "bootstrap"}
    assert reads.escapes == ["p.evaluation"]


@pytest.mark.parametrize("name", STAGES)
def test_the_evaluation_params_are_the_leaves_that_the_code_reads(name):
    """A stage may hand the whole section on; the leaves count that its code reads of it."""
    reads = {
        dep: EvaluationReads((ROOT / dep).read_text())
        for dep in dvc_deps.code_deps(name)
        if dep.endswith(".py")
    }
    assert not {dep: one.escapes for dep, one in reads.items() if one.escapes}
    leaves = {f"evaluation.{leaf}" for one in reads.values() for leaf in one.leaves}
    declared = {param for param in STAGES[name].get("params", []) if "evaluation" in param}
    assert declared == leaves
