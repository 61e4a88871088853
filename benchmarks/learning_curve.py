"""How accuracy changes with the number of photographs: one member on demos of several sizes.

    python -m benchmarks.learning_curve FOLDER --size 1000 --size 3000 --size 10000
                    [--preset demo] [--member lite0-0] [--out FILE.csv]
                    [--set train.epochs=0 --set train.views_per_identity=60 --set demo.seed=1]

Each size is a competition of its own in FOLDER, drawn and cropped once: other settings of `train`
start there. The member's fold is held out, and its photographs of known individuals are searched
by `neighbours`, by the nearest photograph alone, without `new_whale` among the answers. Prints, for
each size, its individuals, how often the mean one was seen, top-1 and MAP@5 of these queries, and
the seconds of the training; --out keeps the rows as CSV. A row that the CSV has is not measured
again: run each size when a machine is free for it, or add sizes later.
"""

import contextlib
import json
import os
import time
from collections.abc import Hashable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer
from ruamel.yaml import YAML

from benchmarks.edits import parse_edits
from pipeline import params, paths
from pipeline.data import tables
from pipeline.data.gallery import KNOWN
from pipeline.data.members import Member
from pipeline.demo.competition import write_competition
from pipeline.evaluation import metrics
from pipeline.evaluation.ablation_study import replace_leaves
from pipeline.params.merging import load_settings
from pipeline.params.presets import preset_path
from pipeline.params.reading import HERE
from stages import (
    competition,
    crop,
    dedup,
    embed,
    encounters,
    folds,
    labels,
    neighbours,
    pretrain,
    train,
)

TEST_IMAGES = 20  # of the demo, the fewest that it can have: they are not searched
PRESETS, PHOTOS = Path("presets"), Path("photos")
DATA = ("demo", "competition", "dedup", "labels", "crop", "folds")  # sections that draw and crop
KEYS = ["settings", "member", "photographs"]
SPLITTING = (competition, dedup, labels, crop, encounters, folds)  # once for all trainings
SEARCHING = (embed, neighbours)


def main(
    folder: Path,
    sizes: Annotated[list[int], typer.Option("--size", help="photographs; repeatable")],
    preset: str = "demo",
    member: Annotated[str, typer.Option(help="backbone-fold")] = "lite0-0",
    edits: Annotated[list[str] | None, typer.Option("--set", help="KEY=VALUE; repeatable")] = None,
    out: Annotated[Path | None, typer.Option(help="a CSV file")] = None,
) -> None:
    """Train one member on demos of several sizes."""
    backbone, _, fold = member.rpartition("-")
    rows = pd.read_csv(out).to_dict("records") if out and out.is_file() else []
    for size in sizes:
        values = " ".join([preset, *(edits or [])]), member, size
        key: dict[Hashable, Any] = dict(zip(KEYS, values, strict=True))
        if not any(key.items() <= row.items() for row in rows):
            with enter_project(folder, edit_preset(preset, size, edits or [])):
                prepare(backbone)
                rows.append(key | measure_member(Member(backbone, int(fold))))
            if out:
                tables.write_csv(pd.DataFrame(rows).sort_values(KEYS), out)
        table = pd.DataFrame([row for row in rows if key.items() <= row.items()])
        print(table.to_string(index=False), flush=True)


def edit_preset(preset: str, size: int, edits: list[str]) -> dict[str, Any]:
    """The settings of a preset for a demo of so many photographs, with edits: "KEY=VALUE" each.

    A value is YAML. Raises KeyError for an unknown key.
    """
    sizes = {"demo.train_images": size, "demo.test_images": TEST_IMAGES}
    place = {"competition.path": str(PHOTOS), "competition.source": "directory"}
    return replace_leaves(
        load_settings(preset_path(preset, PRESETS)), sizes | place | parse_edits(edits)
    )


@contextlib.contextmanager
def enter_project(folder: Path, settings: dict[str, Any]) -> Iterator[None]:
    """Work in the folder of all projects with the same photographs and crops as these settings."""
    sections = json.dumps([settings[name] for name in DATA], sort_keys=True)
    digest = sha256(sections.encode()).hexdigest()[:8]
    project = folder / f"{settings['demo']['train_images']}-{digest}"
    project.mkdir(parents=True, exist_ok=True)
    with contextlib.chdir(project):
        with Path(HERE).open("w") as file:
            YAML().dump(settings, file)
        yield


def prepare(backbone: str) -> None:
    """Draw the competition, and run the stages before the training, if that has not been done."""
    demo = params.load().demo
    if not PHOTOS.is_dir():
        part = Path(f".part-{os.getpid()}")
        write_competition(part, demo.seed, demo.train_images, demo.test_images)
        part.rename(PHOTOS)
    if not paths.FOLDS.is_file():
        for kind, path in (("review", paths.REVIEW), ("pseudo", paths.PSEUDO)):
            tables.write(kind, pd.DataFrame(columns=tables.COLUMNS[kind]), path)
        for stage in SPLITTING:
            stage.main()
    pretrain.main(backbone)


def measure_member(member: Member) -> dict[str, float]:
    """Train a member and search its held-out queries of known individuals."""
    begun = time.perf_counter()
    arguments = member.backbone, str(member.fold)
    train.main(*arguments)
    seconds = time.perf_counter() - begun
    for stage in SEARCHING:
        stage.main(*arguments)
    summary = member.training_summary()
    facts = {key: summary[key] for key in ("individuals", "epochs", "views_per_identity")}
    scores = score_queries(member.query_rows(), member.evidence("neighbours"))
    return facts | {"training_fit": summary["fit"]} | scores | {"seconds": round(seconds)}


def score_queries(queries: pd.DataFrame, evidence: pd.DataFrame) -> dict[str, float]:
    """Number, top-1 and MAP@5 of the queries of known individuals, by the source `nearest`.

    queries : columns image, kind, truth
    evidence : columns query, identity, source, score
    """
    known = queries[queries["kind"] == KNOWN]
    ranked = evidence[evidence["source"] == "nearest"].sort_values("score", ascending=False)
    lists = ranked.groupby("query")["identity"].apply(lambda names: names.tolist()[:5])
    answers = lists[known["image"]].tolist()
    return {
        "queries": len(known),
        "top1": round(float(metrics.hits_by_rank(known["truth"], answers)[:, 0].mean()), 4),
        "map5": round(float(metrics.precision_at_5(known["truth"], answers).mean()), 4),
    }


if __name__ == "__main__":
    typer.run(main)
