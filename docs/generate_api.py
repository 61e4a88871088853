"""Write the reference of the library: one page per layer, for mkdocstrings to fill."""

import ast
from collections.abc import Iterator
from pathlib import Path

INDEX = """# API

The library behind the stages and commands, one page per layer
([architecture](../../concepts/architecture.md)), generated from the docstrings.

| layer | what it holds |
|---|---|
"""
LAYERS = {
    "params": "what the user sets, and its bounds",
    "system": "CPU, GPU, processes",
    "data": "tables, evidence, galleries, images and their readers",
    "models": "backbones, embedding networks, their weights",
    "losses": "losses, and the search for hard negatives",
    "fewshot": "few-shot learners, and Omniglot to measure them on",
    "evaluation": "metrics, the protocol, calibration, comparison",
    "training": "training session, training set, samplers, augmentation, schedule",
    "steps": "one package per stage of `dvc.yaml`",
    "identify": "new photographs against a finished run",
    "review": "decisions on the answers, taken in the browser",
    "exchange": "files of other programs",
    "catalogue": "photographs of known individuals as a competition",
    "leaderboard": "the history of submissions",
    "demo": "the synthetic competition",
}


def pages(library: Path = Path("pipeline")) -> Iterator[tuple[str, str]]:
    """Yield (address below docs/, Markdown) of the index and of every layer's page."""
    rows = []
    for layer, description in LAYERS.items():
        if (library / layer).is_dir():
            rows.append(f"| [`pipeline.{layer}`]({layer}.md) | {description} |")
            yield f"reference/api/{layer}.md", page(library / layer, description)
    yield "reference/api/index.md", INDEX + "\n".join(rows) + "\n"


def page(folder: Path, description: str) -> str:
    """Return the page of one layer: every module that defines something public."""
    sentence = f"{description[:1].upper()}{description[1:]}."
    lines = [f"# {folder.parent.name}.{folder.name}", "", sentence, ""]
    for path in sorted(folder.rglob("*.py")):
        if defines_something(path):
            module = path.relative_to(folder.parents[1]).with_suffix("")
            name = ".".join(module.parts).removesuffix(".__init__")
            lines += [f"## ::: {name}", ""]
    return "\n".join(lines)


def defines_something(path: Path) -> bool:
    """Whether a module has a public function or class."""
    nodes = ast.parse(path.read_text()).body
    return any(
        isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
        for node in nodes
    )
