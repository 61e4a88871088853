"""Which of the test photographs called new show one and the same stranger?

    python -m commands.strangers ENSEMBLE

Groups the test photographs whose first answer is `new_whale` by the members' vectors, without any
label: how near two photographs of one individual lie is learned from held-out photographs, each
seen by a member that did not train on it. Prints the groups of two or more, and how often groups of
held-out photographs are right, most of whose individuals the member knows by other photographs: of
true strangers fewer are. Writes submissions/ENSEMBLE_strangers.csv (image, group).
"""

import argparse

import numpy as np
import pandas as pd

from pipeline import params, paths
from pipeline.data import gallery, submission_file, tables
from pipeline.data.tables import NEW_WHALE
from pipeline.evaluation import clustering

METHOD = "average"


def main(name: str) -> None:
    p = params.load()
    if name not in p.ensembles:
        raise SystemExit(f"no ensemble {name!r}; params.yaml has {list(p.ensembles)}")
    csv = paths.submission(name)
    if not csv.is_file():
        raise SystemExit(f"{csv} is not there: run the pipeline first (dvc repro)")
    said = submission_file.read(csv, p.competition.columns.new_whale)
    new = said.loc[said["ranking"].str[0] == NEW_WHALE, "image"].reset_index(drop=True)
    recipe = p.ensembles[name]
    folds, backbones = recipe.fold_list(p.folds.trained), recipe.active_backbones()
    lessons = [held_out(backbones, fold) for fold in folds]
    try:
        floor = clustering.fit_min_cosine(lessons, METHOD)
    except ValueError as error:
        raise SystemExit(f"nothing was written: {error}") from None
    members = [seen_by(backbone, fold, new) for backbone in backbones for fold in folds]
    found = clustering.cluster(clustering.concatenate_members(members), floor, METHOD)
    table = pd.DataFrame({"image": new, "group": found})
    for group, own in table.groupby("group"):
        if len(own) > 1:
            print(f"{group}: {', '.join(own['image'])}")
    out = csv.with_name(f"{csv.stem}_strangers.csv")
    tables.write_csv(table, out)
    print(f"{out}: {len(new)} photographs of strangers in {table['group'].nunique()} groups")
    print(worth(lessons))


def worth(lessons: list[tuple[np.ndarray, np.ndarray]]) -> str:
    """A sentence on how right such groups are of the held-out photographs (vectors n x d, and
    individuals), each fold's grouped by what the others taught.
    """
    each = []
    for fold, (vectors, truth) in enumerate(lessons):
        try:
            floor = clustering.fit_min_cosine(lessons[:fold] + lessons[fold + 1 :], METHOD)
        except ValueError:
            continue
        each.append(clustering.score_pairs(clustering.cluster(vectors, floor, METHOD), truth))
    right, seen = ([one[key] for one in each] for key in ("precision", "recall"))
    if np.isnan(right).all() or np.isnan(seen).all():
        return (
            "How right such groups are can't be said: that takes held-out photographs of two folds."
        )
    return (
        f"Of held-out photographs grouped so, {np.nanmean(right):.0%} of the pairs show one "
        f"individual, and {np.nanmean(seen):.0%} of such pairs are found. Most of these were "
        "trained on by other photographs; groups of strangers are right less often."
    )


def held_out(backbones: list[str], fold: int) -> tuple[np.ndarray, np.ndarray]:
    """The vectors of a fold's held-out photographs and their individuals, new_whale left out."""
    rows = tables.read("folds", paths.FOLDS)
    own = rows[(rows["fold"] == fold) & (rows["identity"] != NEW_WHALE) & (rows["only_fold"] == "")]
    members = [seen_by(backbone, fold, own["image"]) for backbone in backbones]
    return clustering.concatenate_members(members), own["identity"].to_numpy()


def seen_by(backbone: str, fold: int, images: pd.Series) -> np.ndarray:
    """What one member makes of them, n x d."""
    return gallery.Embeddings.load(paths.embeddings(backbone, fold)).of(images)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("ensemble")
    main(parser.parse_args().ensemble)
