"""Are these two photographs the same animal?

    python -m commands.verify A.jpg B.jpg [--prior 0.5] [--picture verify.png]

Any two photographs. One of the competition has its crop; in others the animal is found as `crop`
finds it. They are embedded by members that did not train on both, and their local features are
matched. Prints the probability that they show the same animal and draws the matched points. The
prior is what you would have said before looking: one half where nothing is known, 1 / 200 for a
photograph drawn from a catalogue of 200.
"""

import argparse
import json
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
import pandas as pd
from safetensors.torch import load_file

from pipeline import params, paths
from pipeline.data import gallery, images, tables
from pipeline.data.features import Features
from pipeline.data.warping import warp
from pipeline.models import embedding_net
from pipeline.steps.crop import crop, pack
from pipeline.steps.crop.given import Given
from pipeline.steps.embed import embed
from pipeline.steps.keypoints import keypoints
from pipeline.steps.match.geometry import PairMatches
from pipeline.steps.match.pairs import PointMatcher, load_point_matcher, match_photographs
from pipeline.steps.match.points import INLIER_COLUMNS, describe_inliers
from pipeline.steps.verify import picture
from pipeline.steps.verify.judge import Judge
from pipeline.steps.verify.pairs import SCORES
from pipeline.steps.weigh.point_weights import PointWeigher
from pipeline.steps.weigh.weigh import NOT_HELD_OUT

# what it means that the animal of a photograph is not found, by crop.frame
LACK = {
    "animal": "The members learned from cut-out animals: cut it out yourself, and ask again.",
    "photograph": "Its background is matched too: don't believe points outside the animal.",
}


def main(files: list[Path], prior: float, drawing: Path) -> None:
    p = params.load()
    judge = learned()
    table = images_of(files)
    members = fair_members(table["sha256"].tolist(), p.folds.trained)
    with TemporaryDirectory() as folder:
        crops = Path(folder) / "crops.npy"
        boxes = cut(table, p, crops)
        features = keypoints.extract(table, boxes, crops, p.keypoints)
        pairs = [vectors(table, crops, fold, p) for fold in members]
    similarities = [float(first @ second) for first, second in pairs]
    scale = fair_scale(table["sha256"].tolist())
    paired = load_point_matcher(p.keypoints.detector, p.match)
    scores, found = look(features, similarities, scale, paired, p.match)
    chance = judge.probability(scores, prior).mean()
    print(f"{files[0]} and {files[1]}: the same animal with probability {chance:.3f}")
    print(f"(where {prior:g} was its probability before anybody looked)")
    for fold, similarity in zip(members, similarities, strict=True):
        print(f"{paths.member(p.match.backbone, fold)}: similarity {similarity:.3f}")
    draw(table, features, found, drawing)
    print(f"{found.inliers} of {len(found.pairs)} matched points fit one map: {drawing}")
    if found.background:
        print(
            f"{found.background} more were set aside: they move with the background, as bushes do, "
            "and an animal that stood still between two photographs of one place."
        )


def learned() -> Judge:
    """What `verify` learned; SystemExit where it has not run, or had nothing to learn from."""
    if not paths.JUDGE.is_file():
        raise SystemExit(f"{paths.JUDGE} is not there: run the pipeline first (dvc repro verify)")
    judge = Judge.from_dict(json.loads(paths.JUDGE.read_text()))
    if len(judge.weights_) != len(SCORES):
        raise SystemExit(f"{paths.JUDGE} is of another version: run dvc repro verify")
    if not judge.weights_.any():
        raise SystemExit(
            f"{paths.JUDGE}: the held-out pairs taught nothing. Set keypoints.enabled to true and "
            "run dvc repro verify"
        )
    return judge


def images_of(files: list[Path]) -> pd.DataFrame:
    """The "images" table of these files; SystemExit where one is no photograph."""
    rows = []
    for number, path in enumerate(files):
        try:
            width, height = images.size(path)
        except ValueError as error:
            raise SystemExit(str(error)) from None
        data = path.read_bytes()
        name = f"{number} {path.name}"
        rows.append([name, "test", "", str(path), width, height, len(data), images.sha256(data)])
    return pd.DataFrame(rows, columns=tables.COLUMNS["images"])


def cut(table: pd.DataFrame, p: params.Params, crops: Path) -> pd.DataFrame:
    """All crops into a file, and their "boxes" rows: those of `crop`, or made as it makes them."""
    net = crop.learned_unet(paths.UNET, p.crop)
    source, segment = crop.segmenter(net, p.crop)
    boxes = pack.pack(table, Given({}, {}), source, segment, p.crop, crops)
    known = tables.read("boxes", paths.BOXES)
    packed, own = np.load(paths.CROPS, mmap_mode="r"), np.load(crops, mmap_mode="r+")
    hashes = tables.read("images", paths.IMAGES)["sha256"].tolist()
    for row, digest in enumerate(table["sha256"]):
        if digest in hashes:
            at = hashes.index(digest)
            own[row] = packed[at]
            boxes.loc[row, boxes.columns[1:]] = known.loc[at, known.columns[1:]]
        elif boxes.loc[row, "source"] == "whole" and (known["source"] != "whole").any():
            print(
                f"{table['path'][row]}: the animal was not found, and all of it is taken.",
                LACK[p.crop.frame],
            )
    own.flush()
    return boxes


def fair_members(hashes: list[str], trained: list[int]) -> list[int]:
    """The folds whose members know the two photographs as a query and a gallery photograph are
    known in the pipeline: one trained on, the other not. Else those that know neither.

    A copy of a photograph that a member trained on counts as that. SystemExit where each member
    trained on both: it would find them less alike, or more, than it finds what it never saw.
    """
    folds = tables.read("folds", paths.FOLDS)
    groups = groups_of(hashes)
    taught = {}
    for fold in trained:
        seen = set(gallery.training_rows(folds, fold)["group"])
        taught[fold] = sum(bool(own & seen) for own in groups)
    for wanted in (1, 0):
        if fair := [fold for fold in trained if taught[fold] == wanted]:
            return fair
    raise SystemExit(
        f"every member (folds.trained: {trained}) was trained on both photographs: none can "
        "judge them: train all folds"
    )


def groups_of(hashes: list[str]) -> list[set[int]]:
    """The groups of copies that each photograph belongs to; none for one from elsewhere."""
    group = tables.read("groups", paths.GROUPS).set_index("image")["group"]
    asked = tables.read("images", paths.IMAGES).set_index("sha256")["image"]
    return [set(group[asked.loc[[one]]]) if one in asked.index else set() for one in hashes]


def fair_scale(hashes: list[str]) -> PointWeigher:
    """What weighs the points of two photographs and learned from no pair of theirs: from none of
    the first's part where it is a held-out query, else of the second's.
    """
    parts = pd.read_csv(paths.CROSS_FIT_PARTS).set_index("image")["part"]
    asked = tables.read("images", paths.IMAGES).set_index("sha256")["image"]
    for one in hashes:
        held = parts.reindex(asked.loc[[one]]).dropna() if one in asked.index else parts[:0]
        if len(held):
            return PointWeigher.load(paths.point_weights(int(held.iloc[0])))
    return PointWeigher.load(paths.point_weights(NOT_HELD_OUT))


def look(
    features: Features,
    similarities: list[float],
    scale: PointWeigher,
    paired: PointMatcher,
    settings: params.Match,
) -> tuple[pd.DataFrame, PairMatches]:
    """Match the two photographs of `features`: what the judge is asked (a row a member, columns
    SCORES), and the matched points.
    """
    found = match_photographs(features, (0, 1), paired, settings)
    points = pd.DataFrame(describe_inliers(features, (0, 1), found), columns=INLIER_COLUMNS)
    weighed = scale.weigh(points).sum()
    scores = {
        "similarity": similarities,
        "inliers": float(found.inliers),
        "weighted_inliers": weighed,
    }
    return pd.DataFrame(scores), found


def vectors(table: pd.DataFrame, crops: Path, fold: int, p: params.Params) -> np.ndarray:
    """What one member makes of the crops, n x d unit vectors."""
    backbone = p.match.backbone
    settings = p.member_train(backbone)
    net = embedding_net.for_backbone(p.backbones[backbone], settings, trained=True)
    net.load_state_dict(load_file(paths.model(backbone, fold)))
    return embed.embed(net, crops, table["image"], settings.channels, p.embed.flip).vectors


def draw(table: pd.DataFrame, features: Features, found: PairMatches, drawing: Path) -> None:
    """Write the picture of the two animals with their matched points."""
    views = tuple(
        warp(images.read_rgb(path), matrix, *(int(v) for v in size), cv2.BORDER_REPLICATE)
        for path, matrix, size in zip(table["path"], features.canvases, features.sizes, strict=True)
    )
    points = tuple(features.points[features.rows(i)][found.pairs[:, i]] for i in (0, 1))
    shown = picture.draw_matches(views, points, found.inlier)
    _, data = cv2.imencode(drawing.suffix, cv2.cvtColor(shown, cv2.COLOR_RGB2BGR))
    tables.replace(drawing, lambda part: part.write_bytes(data.tobytes()))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs=2, type=Path, metavar="photograph")
    parser.add_argument("--prior", type=float, default=0.5)
    parser.add_argument("--picture", type=Path, default=Path("verify.png"))
    arguments = parser.parse_args()
    if not 0 < arguments.prior < 1:
        parser.error(f"--prior is {arguments.prior}: between 0 and 1")
    if not cv2.haveImageWriter(arguments.picture.name):
        parser.error(f"--picture is {arguments.picture}: give it the ending .png or .jpg")
    main(arguments.files, arguments.prior, arguments.picture)
