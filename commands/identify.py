"""Who is on this photograph, if anybody known?

    python -m commands.identify PHOTO [--prior 0.276] [--picture identify.png]

Compares it with the competition's labelled photographs and the enrolled ones (`commands.enroll`):
the nearest to the members' eyes are looked at point by point, as `verify` does. Prints the five
likeliest answers with their probabilities, `new_whale` among them, and draws the matched points of
the best. The prior is how likely a stranger was before looking, evaluation.new_whale_prior unless
said.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from commands import enroll, verify
from pipeline import features, gallery, naming, params, paths, tables
from pipeline.enrolled import Enrolled, everyone
from pipeline.features import Features
from pipeline.match import geometry, matcher
from pipeline.tables import NEW_WHALE
from pipeline.verify.judge import Judge
from pipeline.weigh.scale import Scale

ANSWERS = 5
Seen = dict[str, tuple[Features, geometry.Agreement]]  # by photograph: it beside the asked one


def main(photograph: Path, prior: float | None, drawing: Path) -> None:
    p = params.load()
    judge = verify.learned()
    prior = p.evaluation.new_whale_prior if prior is None else prior
    table = verify.images_of([photograph])
    digest = table["sha256"][0]
    folds = fair_members(digest, p.folds.trained)
    try:
        added = current(everyone(paths.ENROLLED), digest, p)
    except ValueError as error:
        raise SystemExit(str(error)) from None
    looked = enroll.look_at(table, p)
    chances, near, seen = answered(looked, digest, folds, added, judge, prior, p)
    print(told(photograph, near, chances))
    if near.empty:
        return print("nobody is known to compare it with: no picture is drawn")
    best = near[near["identity"] == chances.drop(NEW_WHALE).index[0]].iloc[0]
    verify.draw(pair_table(table, best["image"], added), *seen[best["image"]], drawing)
    print(f"{drawing}: {best['image']} ({best['identity']}), {best['points']} points fit one map")


def answered(
    looked: enroll.Looked,
    digest: str,
    folds: list[int],
    added: dict[str, Enrolled],
    judge: Judge,
    prior: float,
    p: params.Params,
) -> tuple[pd.Series, pd.DataFrame, Seen]:
    """Each name's chance, and what it was compared with (`compared`), by the members of `folds`."""
    people = known_people(digest, folds, added)
    alike = [similarities(looked, fold, people, added, p) for fold in folds]
    scale = verify.fair_scale([digest])
    near, seen = compared(looked, alike, people, added, scale, judge, p)
    return naming.chances(near, people.nunique(), prior), near, seen


def fair_members(digest: str, trained: list[int]) -> list[int]:
    """The folds whose members did not train on the photograph, nor on a copy of it."""
    folds = tables.read("folds", paths.FOLDS)
    (own,) = verify.groups_of([digest])
    fair = [f for f in trained if not own & set(gallery.training_rows(folds, f)["group"])]
    if not fair:
        raise SystemExit(
            f"every member (folds.trained: {trained}) was trained on this photograph: none can "
            "name it: train all folds"
        )
    return fair


def current(added: list[Enrolled], digest: str, p: params.Params) -> dict[str, Enrolled]:
    """The enrolled photographs, by a name that no other photograph has.

    The asked one is left out: it would find itself. What other members or settings made is made
    anew.
    """
    for one in added:
        if one.sha256 == digest:
            print(f"this very photograph is enrolled as {one.identity}: asked about the others")
    others = [one for one in added if one.sha256 != digest]
    now = enroll.made_with(p) if others else ""
    found = {}
    for one in others:
        fresh = one
        if one.made_with != now:
            print(f"{one.photograph} ({one.identity}): looked at anew: members or settings changed")
            fresh = enroll.renewed(one, p, now)
        found[f"enrolled {one.photograph} {one.sha256[:8]}"] = fresh
    return found


def known_people(digest: str, folds: list[int], added: dict[str, Enrolled]) -> pd.Series:
    """The identity of every photograph to compare with, by its name; no copy of the asked one."""
    (own,) = verify.groups_of([digest])
    table = tables.read("folds", paths.FOLDS)
    shown = pd.concat([gallery.gallery_rows(table, fold) for fold in folds])
    shown = shown[~shown["group"].isin(own)]
    people = shown.drop_duplicates("image").set_index("image")["identity"]
    return pd.concat(
        [people, pd.Series({name: one.identity for name, one in added.items()}, dtype=object)]
    )


def similarities(
    looked: enroll.Looked,
    fold: int,
    people: pd.Series,
    added: dict[str, Enrolled],
    p: params.Params,
) -> pd.Series:
    """The cosine with each photograph of one member's gallery and each enrolled one."""
    member = p.folds.trained.index(fold)
    shown = gallery.gallery_rows(tables.read("folds", paths.FOLDS), fold)["image"]
    shown = shown[shown.isin(people.index)]
    stored = gallery.Embeddings.load(paths.embeddings(p.match.backbone, fold))
    vectors = [stored.of(shown), *(one.vectors[member][None] for one in added.values())]
    return pd.Series(np.concatenate(vectors) @ looked.vectors[member], [*shown, *added])


def compared(
    looked: enroll.Looked,
    alike: list[pd.Series],
    people: pd.Series,
    added: dict[str, Enrolled],
    scale: Scale,
    judge: Judge,
    p: params.Params,
) -> tuple[pd.DataFrame, Seen]:
    """Look at the nearest photographs point by point.

    Returns rows identity, image, evidence, similarity, points; most telling first.
    """
    stored = Features.load(paths.KEYPOINTS)
    place = {name: number for number, name in enumerate(stored.names.tolist())}
    paired = matcher.pairing(p.keypoints.detector, p.match)
    rows, seen = [], {}
    for image, similarity in naming.shortlist(alike, p.match.shortlist).items():
        own = added[image].features.of(0) if image in added else stored.of(place[image])
        both = features.joined(["asked", image], [looked.features.of(0), own])
        each = [one[image] for one in alike if image in one.index]
        scores, found = verify.look(both, each, scale, paired, p.match)
        evidence = float(judge.evidence(scores).mean())
        rows.append([people[image], image, evidence, similarity, found.inliers])
        seen[image] = both, found
    columns = ["identity", "image", "evidence", "similarity", "points"]
    table = pd.DataFrame(rows, columns=columns)
    return table.sort_values("evidence", ascending=False, kind="stable"), seen


def told(photograph: Path, near: pd.DataFrame, chances: pd.Series) -> str:
    """The printed answers: probability, name, and the photograph that argues for it."""
    lines = [f"{photograph}:"]
    for name, chance in chances.head(ANSWERS).items():
        line = f"  {chance:.3f}  {name}"
        if name != NEW_WHALE:
            best = near[near["identity"] == name].iloc[0]
            line += f"  ({best['image']}: similarity {best['similarity']:.3f}, "
            line += f"{best['points']} points fit)"
        lines.append(line)
    return "\n".join(lines)


def pair_table(asked: pd.DataFrame, image: str, added: dict[str, Enrolled]) -> pd.DataFrame:
    """The two photographs' rows of the "images" table, to draw them."""
    if image in added:
        other = verify.images_of([paths.ENROLLED / added[image].copy])
    else:
        images = tables.read("images", paths.IMAGES)
        other = images[images["image"] == image]
    return pd.concat([asked, other], ignore_index=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photograph", type=Path)
    parser.add_argument("--prior", type=float)
    parser.add_argument("--picture", type=Path, default=Path("identify.png"))
    arguments = parser.parse_args()
    if arguments.prior is not None and not 0 < arguments.prior < 1:
        parser.error(f"--prior is {arguments.prior}: between 0 and 1")
    if not cv2.haveImageWriter(arguments.picture.name):
        parser.error(f"--picture is {arguments.picture}: give it the ending .png or .jpg")
    main(arguments.photograph, arguments.prior, arguments.picture)
