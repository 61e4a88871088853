"""Who is on this photograph, if anybody known?

    python -m commands.identify PHOTO [--ensemble best] [--prior 0.276] [--side left]
                                [--picture identify.png]

Asks it as the test's photographs are asked, by the ensemble's scores and learned blend, of the
competition's labelled photographs and the enrolled ones (`commands.enroll`); nothing is trained.
Of the ensemble's backbones match.backbone alone is asked, and nothing is re-ranked. Prints the five
likeliest answers with their probabilities, `new_whale` among them, and draws the matched points of
the best. The ensemble is the first of report.html unless said; the prior is how likely a stranger
was before looking, evaluation.new_whale_prior unless said. The index of the gallery's local
features is made at the first question, and kept.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from commands import asking, enroll, known, verify
from commands.asking import Asked
from pipeline import params, paths
from pipeline.data import features, gallery, tables
from pipeline.data.enrolled_photo import Enrolled, everyone
from pipeline.data.features import Features
from pipeline.params import Ensemble, Params
from pipeline.steps.match import pairs

ANSWERS = 5


def main(
    photograph: Path, name: str | None, prior: float | None, side: str | None, drawing: Path
) -> None:
    p = with_prior(params.load(), prior)
    recipe = recipe_of(name, p)
    enroll.check_members(p)
    table = verify.images_of([photograph])
    digest = table["sha256"][0]
    fair = fair_members(digest, recipe.fold_list(p.folds.trained))
    try:
        added = known.current(everyone(paths.ENROLLED), digest, p)
    except ValueError as error:
        raise SystemExit(str(error)) from None
    stored = known.known(recipe, added, p)
    stored = replace(stored, side=stored.side | side_of(digest, side, stored.side))
    looked = enroll.look_at(table, p)
    vectors = {fold: looked.vectors[p.folds.trained.index(fold)] for fold in fair}
    own = asked(vectors, looked.features, digest)
    chances, near = asking.answer(own, stored, recipe, p.match.backbone, p)
    print(told(photograph, near, chances))
    best = likeliest(near, chances)
    if not p.keypoints.enabled or best is None:
        return print("there are no matched points to draw: no picture is made")
    both = pd.concat([table, shown(best["image"], added)], ignore_index=True)
    draw(both, best["image"], looked.features, stored.features, drawing, p)
    print(f"{drawing}: {best['image']} ({best['identity']}), {best['points']} points fit one map")


def with_prior(p: Params, prior: float | None) -> Params:
    """The settings with another share of strangers."""
    if prior is None:
        return p
    own = p.evaluation.model_copy(update={"new_whale_prior": prior})
    return p.model_copy(update={"evaluation": own})


def recipe_of(name: str | None, p: Params) -> Ensemble:
    """The ensemble with match.backbone's scores alone; SystemExit where it has none."""
    name = name or next(iter(p.report.html), None)
    if name not in p.ensembles:
        raise SystemExit(f"no ensemble {name!r}: choose one of --ensemble {list(p.ensembles)}")
    own, backbone = p.ensembles[name], p.match.backbone
    if backbone not in own.active_backbones():
        raise SystemExit(
            f"{name} asks {own.active_backbones()}, and identify embeds with {backbone} "
            "(match.backbone): "
            "choose another --ensemble"
        )
    if others := [one for one in own.active_backbones() if one != backbone]:
        print(f"of {name}'s backbones {backbone} alone is asked, {others} are not")
    return own.model_copy(update={"backbones": {backbone: own.backbones[backbone]}})


def fair_members(digest: str, trained: list[int]) -> list[int]:
    """The folds whose members did not train on the photograph, nor on a copy of it."""
    folds = tables.read("folds", paths.FOLDS)
    (own,) = verify.groups_of([digest])
    fair = [f for f in trained if not own & set(gallery.training_rows(folds, f)["group"])]
    if not fair:
        raise SystemExit(
            f"every member (folds {trained}) was trained on this photograph: none can name it: "
            "train all folds"
        )
    return fair


def asked(vectors: dict[int, np.ndarray], seen: Features, digest: str) -> Asked:
    """The photograph by its members' vectors, by fold, and its local features."""
    (own,) = verify.groups_of([digest])
    named = replace(seen, names=np.array([asking.NAME] * len(seen.names)))
    return Asked(vectors, named, own, verify.fair_scale([digest]))


def side_of(digest: str, said: str | None, sides: dict[str, str]) -> dict[str, str]:
    """The photograph's side as it was said, or as the competition knows it; empty without one."""
    if said is None:
        images = tables.read("images", paths.IMAGES).set_index("sha256")["image"]
        own = images.loc[[digest]].map(sides).dropna() if digest in images.index else []
        return {asking.NAME: own.iloc[0]} if len(own) else {}
    if said not in sides.values():
        raise SystemExit(f"--side is {said}: viewpoints.csv has {sorted(set(sides.values()))}")
    return {asking.NAME: said}


def told(photograph: Path, near: pd.DataFrame, chances: pd.Series) -> str:
    """The printed answers: probability, name, and the photograph that argues for it."""
    lines = [f"{photograph}:"]
    for name, chance in chances.head(ANSWERS).items():
        line = f"  {chance:.3f}  {name}"
        if name in near["identity"].to_numpy():
            best = near[near["identity"] == name].iloc[0]
            line += f"  ({best['image']}: similarity {best['similarity']:.3f}, "
            line += f"{best['points']} points fit)"
        lines.append(line)
    return "\n".join(lines)


def likeliest(near: pd.DataFrame, chances: pd.Series) -> pd.Series | None:
    """The photograph that argues for the likeliest known name; None without one."""
    for name in chances.index:
        if name in near["identity"].to_numpy():
            return near[near["identity"] == name].iloc[0]
    return None


def shown(image: str, added: dict[str, Enrolled]) -> pd.DataFrame:
    """The row of the "images" table of a photograph of the gallery."""
    if image in added:
        return verify.images_of([paths.ENROLLED / added[image].copy])
    images = tables.read("images", paths.IMAGES)
    return images[images["image"] == image]


def draw(
    table: pd.DataFrame, image: str, own: Features, stored: Features, drawing: Path, p: Params
) -> None:
    """The picture of the photograph and that of the gallery (two rows of the "images" table),
    matched points joined.
    """
    there = stored.of(stored.names.tolist().index(image))
    both = features.joined([asking.NAME, image], [own.of(0), there])
    match_points = pairs.load_point_matcher(p.keypoints.detector, p.match)
    matches = pairs.match_photographs(both, (0, 1), match_points, p.match)
    verify.draw(table, both, matches, drawing)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photograph", type=Path)
    parser.add_argument("--ensemble")
    parser.add_argument("--prior", type=float)
    parser.add_argument("--side", help="of the animal, as viewpoints.csv says it")
    parser.add_argument("--picture", type=Path, default=Path("identify.png"))
    given = parser.parse_args()
    if given.prior is not None and not 0 < given.prior < 1:
        parser.error(f"--prior is {given.prior}: between 0 and 1")
    if not cv2.haveImageWriter(given.picture.name):
        parser.error(f"--picture is {given.picture}: give it the ending .png or .jpg")
    main(given.photograph, given.ensemble, given.prior, given.side, given.picture)
