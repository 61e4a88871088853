"""A stage starts fast: it imports no heavy library that it does not need."""

import functools
import json
import subprocess
import sys

import pytest

from tests.conftest import ROOT

# seconds each; pandas, which all stages need, is half a second
HEAVY = {
    *("torch", "torch._dynamo", "timm", "torchvision", "lightning_fabric"),
    "pytorch_metric_learning",
    *("albumentations", "kornia", "faiss", "sklearn", "lightgbm", "scipy.stats", "matplotlib"),
}
SKLEARN = {"sklearn", "scipy.stats"}  # the first imports the second
NETWORK = {"torch", "timm", "torchvision"}
TRAINING = {"torch._dynamo", "lightning_fabric", "pytorch_metric_learning"}
MAY_IMPORT = {
    "competition": set(),
    "dedup": {"faiss"},
    "labels": set(),
    "encounters": set(),
    "crop": {"torch"},
    "folds": set(),
    "pretrain": set(),
    "train": NETWORK | TRAINING | {"scipy.stats"},
    "embed": NETWORK,
    "neighbours": {"faiss"},
    "keypoints": set(),
    "match": {"faiss"},
    "weigh": SKLEARN | {"lightgbm"},
    "verify": SKLEARN,
    "rerank": {"torch"},
    "ensemble": SKLEARN | {"lightgbm"},
    "submission": set(),
    "score": set(),
    "report": NETWORK | SKLEARN | {"matplotlib"},
}
# What stages may share is imported once, each stage in a child of that process.
GROUPS = [
    [
        ("pandas", "competition labels encounters folds pretrain keypoints submission score"),
        ("faiss", "dedup neighbours match"),
    ],
    [("sklearn", "verify weigh ensemble")],
    [
        ("torch", "crop rerank"),
        ("pipeline.models.backbones", "embed report"),
        ("lightning_fabric", "train"),
    ],
]
IMPORT = """
import importlib, json, os, sys
group, heavy = json.loads(sys.argv[1])
for shared, stages in group:
    for name in shared.split():
        importlib.import_module(name)
    for stage in stages.split():
        if not os.fork():
            importlib.import_module(f"stages.{stage}")
            print(stage, *[name for name in heavy if name in sys.modules], flush=True)
            os._exit(0)
        os.wait()
"""


@functools.cache
def find_imports(number: int) -> dict[str, set[str]]:
    """The heavy libraries that each stage of a group imports."""
    what = json.dumps([GROUPS[number], sorted(HEAVY)])
    command = [sys.executable, "-c", IMPORT, what]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return {stage: set(names) for stage, *names in map(str.split, done.stdout.splitlines())}


def stages_of(group: list[tuple[str, str]]) -> list[str]:
    return [stage for _, stages in group for stage in stages.split()]


def test_every_stage_is_looked_at():
    looked_at = [stage for group in GROUPS for stage in stages_of(group)]
    files = [path.stem for path in (ROOT / "stages").glob("*.py") if path.stem != "__init__"]
    assert sorted(looked_at) == sorted(files) == sorted(MAY_IMPORT)


@pytest.mark.parametrize("stage", MAY_IMPORT)
def test_a_stage_imports_no_heavy_library_that_it_does_not_need(stage):
    number = next(n for n, group in enumerate(GROUPS) if stage in stages_of(group))
    assert find_imports(number)[stage] <= MAY_IMPORT[stage]


def test_a_heavy_library_that_is_not_needed_is_found():
    """The test itself: a library that a stage's own module imports is seen."""
    assert "torch" in find_imports(2)["crop"] and "faiss" in find_imports(0)["dedup"]
