"""Write the page of one ensemble: data/work/report/ENSEMBLE/report.html."""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline import params, paths
from pipeline.data import artefacts, evidence, gallery, submission_file, tables
from pipeline.data.features import Features
from pipeline.data.held_out_masks import UnseenMasks
from pipeline.models import member_networks
from pipeline.steps.report import attention_maps, figures, masks, report
from pipeline.steps.report.content import Sources, content


def main(name: str) -> None:
    p = params.load()
    recipe = p.ensembles[name]
    folds, backbones = recipe.fold_list(p.folds.trained), recipe.active_backbones()
    backbone, fold = backbones[0], folds[0]
    second = sorted({one.split(" or ")[0] for one in recipe.scores} & params.RERANK_SCORES)
    known = Sources(
        card=json.loads(paths.score_card(name).read_text()),
        rankings=tables.read("rankings", paths.rankings(name)),
        tested=submission_file.read(paths.submission(name), p.competition.columns.new_whale),
        posteriors=pd.read_parquet(paths.placed_posteriors(name)),
        chances=pd.read_parquet(paths.source_probabilities(name)),
        near=joined([paths.neighbours(one, f) for one in backbones for f in folds]),
        pairs=joined([paths.matched_pairs(f) for f in folds]),
        points=joined([paths.matched_points(f) for f in folds]),
        reranked={f: said(backbone, f) for f in folds} if second else {},
        first=p.rerank.first,
        second="".join(second[:1]),
        features=Features.load(paths.KEYPOINTS),
        crops=np.load(paths.CROPS, mmap_mode="r"),
        images=artefacts.load_images(),
        boxes=artefacts.load_boxes(),
        groups=artefacts.load_groups(),
        labels=artefacts.load_labels(),
        folds=artefacts.load_folds(),
        member=paths.member(backbone, fold),
        embeddings=gallery.Embeddings.load(paths.embeddings(backbone, fold)),
    )
    whole = content(name, known, p.report, p.evaluation.seed)
    settings = p.member_train(backbone)
    model = paths.model(backbone, fold)
    net = member_networks.load_trained(p.backbones[backbone], settings, model)
    names = known.images["image"].tolist()
    whole["looks"] = attention_maps.looks(
        net, whole["queries"], known.crops, names, fold, settings.channels
    )
    sizes = known.images.set_index("image")[["width", "height"]]
    photographs = dict(zip(sizes.index, sizes.itertuples(index=False, name=None), strict=True))
    whole["masks"] = masks.worst(UnseenMasks.load(paths.HELD_OUT_MASKS), photographs)
    members = [(one, f) for one in backbones for f in folds]
    ranges = {one: paths.LR_RANGE / f"{one}.csv" for one in backbones}
    drawn = figures.drawn(
        pd.read_csv(paths.shift_curve(name)),
        pd.read_csv(paths.score_table(name, "reliability")),
        pd.read_csv(paths.score_table(name, "class_sizes")),
        pd.read_csv(paths.score_table(name, "outcomes")),
        {paths.member(*one): pd.read_csv(paths.training_history(*one)) for one in members},
        {one: pd.read_csv(file) for one, file in ranges.items() if file.is_file()},
    )
    html = report.render(whole, drawn)
    tables.replace(paths.report(name), lambda part: part.write_text(html, encoding="utf-8"))


def joined(files: list[Path]) -> pd.DataFrame:
    return pd.concat([pd.read_parquet(file) for file in files], ignore_index=True)


def said(backbone: str, fold: int) -> pd.DataFrame:
    """The evidence of a member before and after its second look."""
    stages = ("neighbours", "rerank")
    return pd.concat(evidence.load(paths.evidence(stage, backbone, fold)) for stage in stages)


if __name__ == "__main__":
    main(*sys.argv[1:])
