"""Every stage of a run on a demo of some size, each in a process of its own."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.bench.sides import make_project
from benchmarks.bench.usage import run
from benchmarks.scale.table import Row
from pipeline import params
from pipeline.evaluation.ablation_study import replace_leaves
from pipeline.params import Params
from pipeline.params.merging import load_settings
from pipeline.params.presets import preset_path

ROOT = Path(__file__).parents[2]
PRESET = "humpback-cpu"
UNTRAINED = {"train.epochs": 0, "train.views_per_identity": 0}  # the network as it was downloaded
TEST = 8 / 33  # of the photographs, as in humpback 2019
PHOTOGRAPHS = Path("data/demo/photos")
ORDER = (
    *("competition", "dedup", "labels", "encounters", "folds", "crop", "keypoints", "pretrain"),
    *("train", "embed", "neighbours", "match", "weigh", "rerank", "verify"),
    *("ensemble", "submission", "score", "report"),
)
PER_MEMBER = ("train", "embed", "neighbours", "rerank")
PER_ENSEMBLE = ("ensemble", "submission", "score")


def measure_stages(folder: Path, size: int, done: set[str]) -> Iterator[Row]:
    """Run the stages of a demo of `size` photographs that are not `done`; a row for each.

    folder : of the projects, one per size; one that is there is gone on with
    """
    project = folder / str(size)
    if not project.is_dir():
        make_project(ROOT, project, edit_settings(size))
    p = params.load(project / "params.yaml")
    if not (project / PHOTOGRAPHS).is_dir():
        run([sys.executable, "-m", "commands", "demo"], project)
    for stage in ORDER:
        if stage not in done:
            yield measure_stage(stage, list_arguments(stage, p), project, size)


def edit_settings(size: int) -> dict[str, Any]:
    """The settings of PRESET without training, for a demo of `size` photographs."""
    test = round(TEST * size)
    counts = {"demo.train_images": size - test, "demo.test_images": test}
    place = {"competition.path": str(PHOTOGRAPHS), "competition.source": "directory"}
    settings = load_settings(preset_path(PRESET, ROOT / "presets"))
    return replace_leaves(settings, UNTRAINED | counts | place)


def list_arguments(stage: str, p: Params) -> list[tuple[str, ...]]:
    """The arguments with which a whole run calls a stage, call by call."""
    if stage in PER_MEMBER:
        return [(backbone, str(fold)) for backbone in p.backbones for fold in p.folds.trained]
    if stage in PER_ENSEMBLE:
        return [(name,) for name in p.ensembles]
    if stage == "pretrain":
        return [(backbone,) for backbone in p.backbones]
    return [(name,) for name in p.report.html] if stage == "report" else [()]


def measure_stage(stage: str, calls: list[tuple[str, ...]], project: Path, size: int) -> Row:
    """Run a stage's calls one after another: all seconds, and the largest memory."""
    program = [sys.executable, "-m", f"stages.{stage}"]
    used = [run([*program, *arguments], project, watch=True) for arguments in calls]
    seconds, cpu = sum(use.wall for use in used), sum(use.cpu for use in used)
    return Row(stage, size, seconds, cpu, max(use.peak for use in used))
