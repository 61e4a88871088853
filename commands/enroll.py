"""Add an individual to the gallery by one photograph; nothing is trained.

    python -m commands.enroll PHOTO IDENTITY

The next `commands.identify` finds it. What is kept lies in data/enrolled: a copy of the photograph
and what was made of it, which `identify` makes anew where members or settings have changed. Delete
both to take the photograph out again. An individual with many photographs is better added to the
competition: `dvc repro` then learns from them too.
"""

import argparse
import hashlib
import shutil
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from commands import verify
from pipeline import params, paths
from pipeline.data import images, tables
from pipeline.data.enrolled_photo import Enrolled
from pipeline.data.features import Features
from pipeline.steps.keypoints import keypoints


@dataclass(frozen=True)
class Looked:
    """One photograph: a vector a member (m x d), and its local features."""

    vectors: np.ndarray
    features: Features


def main(photograph: Path, identity: str) -> None:
    p = params.load()
    check_name(identity, p.competition.columns.new_whale)
    check_members(p)
    table = verify.images_of([photograph])
    known = known_as(table["sha256"][0])
    if known not in (None, identity):
        raise SystemExit(
            f"{photograph} is in the competition as {known}: correct its label there if it is "
            f"{identity}"
        )
    looked = look_at(table, p)
    digest = table["sha256"][0]
    copy = f"{digest}{photograph.suffix}"
    tables.replace(paths.ENROLLED / copy, partial(shutil.copyfile, photograph))
    enrolled = Enrolled(
        identity, photograph.name, copy, digest, made_with(p), looked.vectors, looked.features
    )
    print(f"{photograph}: enrolled as {identity} ({enrolled.save(paths.ENROLLED)})")


def check_members(p: params.Params) -> None:
    """SystemExit, before any work, where the pipeline has not run."""
    for fold in p.folds.trained:
        path = paths.model(p.match.backbone, fold)
        if not path.is_file():
            raise SystemExit(f"{path} is not there: run the pipeline first (dvc repro)")


def check_name(identity: str, new_whale: str) -> None:
    """SystemExit where a submission could not hold the name."""
    if not identity or any(letter.isspace() for letter in identity) or identity == new_whale:
        raise SystemExit(
            f"the identity is {identity!r}: a name without blanks is wanted, not {new_whale}"
        )


def known_as(sha256: str) -> str | None:
    """The identity of the competition's training photograph with these bytes; None without one."""
    images_table = tables.read("images", paths.IMAGES)
    names = images_table.loc[images_table["sha256"] == sha256, "image"]
    labels = tables.read("labels", paths.LABELS)
    labels = labels[labels["only_fold"] == ""]  # a pseudo-label is a guess
    found = labels.loc[labels["image"].isin(names), "identity"]
    return None if found.empty else str(found.iloc[0])


def look_at(table: pd.DataFrame, p: params.Params) -> Looked:
    """Crop, embed with every member of match.backbone, and find local features, as the stages do.

    `table` is the "images" table of one file.
    """
    with TemporaryDirectory() as folder:
        crops = Path(folder) / "crops.npy"
        boxes = verify.cut(table, p, crops)
        features = keypoints.extract(table, boxes, crops, p.keypoints)
        vectors = [verify.vectors(table, crops, fold, p)[0] for fold in p.folds.trained]
    return Looked(np.stack(vectors), features)


def made_with(p: params.Params) -> str:
    """A hash of all that decides what `look_at` makes: the networks' files, and settings."""
    files = [paths.model(p.match.backbone, fold) for fold in p.folds.trained]
    files += [paths.UNET] if paths.UNET.is_file() else []
    digest = hashlib.sha256()
    for file in files:
        digest.update(images.sha256(file.read_bytes()).encode())
    for section in (p.crop, p.keypoints, p.embed):
        digest.update(section.model_dump_json().encode())
    return digest.hexdigest()


def renewed(one: Enrolled, p: params.Params, now: str) -> Enrolled:
    """What the members and settings of now (`made_with`) make of its copy, saved in its place."""
    looked = look_at(verify.images_of([paths.ENROLLED / one.copy]), p)
    new = replace(one, made_with=now, vectors=looked.vectors, features=looked.features)
    new.save(paths.ENROLLED)
    return new


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photograph", type=Path)
    parser.add_argument("identity")
    arguments = parser.parse_args()
    main(arguments.photograph, arguments.identity)
