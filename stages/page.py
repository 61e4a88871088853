"""Write the page of one ensemble: data/work/page/ENSEMBLE/report.html."""

import itertools
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline import evidence, gallery, params, paths, submitted, tables
from pipeline.features import Features
from pipeline.page import answers, arguments, content, moves, page


def main(name: str) -> None:
    p = params.load()
    recipe = p.ensembles[name]
    folds, images = tables.read("folds", paths.FOLDS), tables.read("images", paths.IMAGES)
    trained = recipe.fold_list(p.folds.trained)
    tested = submitted.read(paths.submission(name), p.competition.columns.new_whale)
    listed = answers.listed(
        tables.read("rankings", paths.rankings(name)), tested, pd.read_parquet(paths.placed(name))
    )
    listed = answers.most_telling(listed, p.report.queries)
    members = list(itertools.product(recipe.voters(), trained))
    near = joined([paths.neighbours(*member) for member in members])
    arguing = arguments.photographs(listed, joined([paths.pairs(f) for f in trained]), near)
    spoken = pd.read_parquet(paths.chances(name)).set_index(["query", "identity"])
    sizes = images.set_index("image")[["width", "height"]]
    points = joined([paths.points(f) for f in trained])
    lines = arguments.lines(arguing, points, Features.load(paths.KEYPOINTS), sizes)
    said = content.Evidence(arguing, lines, spoken, moved(recipe, trained, p.rerank))
    counts = {
        (fold, identity): count
        for fold in trained
        for identity, count in gallery.gallery_rows(folds, fold)["identity"].value_counts().items()
    }
    shown = pd.unique(pd.concat([listed["query"], arguing["image"]])).tolist()
    boxes, crops = tables.read("boxes", paths.BOXES), np.load(paths.CROPS, mmap_mode="r")
    entries, thumbnails = content.images(shown, images, boxes, crops, p.report.megabytes * 1e6)
    whole = {
        "ensemble": name,
        "card": json.loads(paths.score_card(name).read_text()),
        "sources": spoken.columns.tolist(),
        "images": entries,
        "thumbnails": thumbnails,
        "queries": content.queries(listed, said, counts),
    }
    html = page.page(whole)
    tables.replace(paths.page(name), lambda part: part.write_text(html, encoding="utf-8"))


def joined(files: list[Path]) -> pd.DataFrame:
    return pd.concat([pd.read_parquet(file) for file in files], ignore_index=True)


def moved(
    recipe: params.Ensemble, trained: list[int], settings: params.Rerank
) -> dict[str, tuple[list[str], list[str]]]:
    """What the second look of the ensemble's first member changed; a test photograph's by the
    first fold. Nothing where the ensemble takes no second look."""
    second = {one.split(" or ")[0] for one in recipe.scores} & params.RERANK_SCORES
    found = {}
    for fold in reversed(trained if second else []):
        said = pd.concat(
            evidence.load(paths.evidence(stage, recipe.voters()[0], fold))
            for stage in ("neighbours", "rerank")
        )
        found |= moves.moves(said, settings.first, sorted(second)[0])
    return found


if __name__ == "__main__":
    main(*sys.argv[1:])
