"""Are these two photographs the same animal?

    python -m commands.verify A.jpg B.jpg [--prior 0.5] [--picture verify.png]

Any two photographs, of the competition or not: the animal is found, embedded and matched as in the
pipeline, by members that did not train on both. Prints the probability that they show the same
animal and draws the matched points. The prior is what you would have said before looking: one half
where nothing is known, 1 / 200 for a photograph drawn from a catalogue of 200.
"""

import argparse
import json
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
import pandas as pd
from safetensors.torch import load_file

from pipeline import embed, gallery, images, model, params, paths, tables
from pipeline.crop import cropping, pack
from pipeline.crop.given import Given
from pipeline.features import Features
from pipeline.keypoints import keypoints
from pipeline.match import geometry, match
from pipeline.verify import picture
from pipeline.verify.judge import Judge
from pipeline.warping import warp


def main(files: list[Path], prior: float, drawing: Path) -> None:
    p = params.load()
    judge = learned()
    table = described(files)
    with TemporaryDirectory() as folder:
        crops = Path(folder) / "crops.npy"
        boxes = cut(table, p, crops)
        features = keypoints.extract(table, boxes, crops, p.keypoints)
        members = fair_members(table["sha256"].tolist(), p.folds.trained)
        similarity = np.mean([similar(table, crops, fold, p) for fold in members])
    matched = match.matcher(p.keypoints.detector, p.match)
    found = match.compared(features, (0, 1), matched, p.match)
    pair = pd.DataFrame({"similarity": [similarity], "inliers": [float(found.inliers)]})
    chance = judge.chance(pair, prior)[0]
    draw(table, features, found, drawing)
    print(f"{files[0]} and {files[1]}: the same animal with probability {chance:.3f}")
    print(f"(where {prior:g} was its probability before anybody looked)")
    names = ", ".join(paths.member(p.match.backbone, fold) for fold in members)
    print(f"similarity {similarity:.3f} ({names})")
    print(f"{found.inliers} of {len(found.pairs)} matched points fit one map: {drawing}")


def learned() -> Judge:
    """What `verify` learned; SystemExit where it has not run, or had nothing to learn from."""
    if not paths.JUDGE.is_file():
        raise SystemExit(f"{paths.JUDGE} is not there: run the pipeline first (dvc repro verify)")
    judge = Judge.from_dict(json.loads(paths.JUDGE.read_text()))
    if not judge.weights_.any():
        raise SystemExit(
            f"{paths.JUDGE}: the held-out pairs taught nothing. Set keypoints.enabled to true and "
            "match.lots above 0, and run dvc repro verify"
        )
    return judge


def described(files: list[Path]) -> pd.DataFrame:
    """The "images" table of two files; SystemExit where one is no photograph."""
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
    """Both crops into a file, and their "boxes" rows, the animal being found as `crop` does."""
    net = cropping.learned_unet(paths.UNET, p.crop)
    source, segment = cropping.segmenter(net, p.crop)
    return pack.pack(table, Given({}, {}), source, segment, p.crop, crops)


def fair_members(hashes: list[str], trained: list[int]) -> list[int]:
    """The folds whose members know the two photographs as a query and a gallery photograph are
    known in the pipeline: one trained on, the other not. Else those that know neither, else all."""
    folds = tables.read("folds", paths.FOLDS)
    known = tables.read("images", paths.IMAGES).set_index("image")["sha256"]
    taught = {}
    for fold in trained:
        seen = set(known[gallery.training_rows(folds, fold)["image"]])
        taught[fold] = sum(one in seen for one in hashes)
    for wanted in (1, 0):
        if fair := [fold for fold in trained if taught[fold] == wanted]:
            return fair
    return trained


def similar(table: pd.DataFrame, crops: Path, fold: int, p: params.Params) -> float:
    """The similarity of the two crops to one member."""
    backbone = p.match.backbone
    settings = p.member_train(backbone)
    net = model.for_backbone(p.backbones[backbone], settings, trained=True)
    net.load_state_dict(load_file(paths.model(backbone, fold)))
    found = embed.embed(net, crops, table["image"], settings.channels, p.embed.flip)
    return float(found.vectors[0] @ found.vectors[1])


def draw(table: pd.DataFrame, features: Features, found: geometry.Agreement, drawing: Path) -> None:
    """Write the picture of the two animals with their matched points."""
    views = tuple(
        warp(images.read_rgb(path), matrix, *(int(v) for v in size), cv2.BORDER_REPLICATE)
        for path, matrix, size in zip(table["path"], features.canvases, features.sizes, strict=True)
    )
    points = tuple(features.points[features.rows(i)][found.pairs[:, i]] for i in (0, 1))
    shown = picture.joined(views, points, found.inlier)
    done, data = cv2.imencode(drawing.suffix or ".png", cv2.cvtColor(shown, cv2.COLOR_RGB2BGR))
    if not done:
        raise SystemExit(f"{drawing}: can't be written as a picture; give it the ending .png")
    tables.replace(drawing, lambda part: part.write_bytes(data.tobytes()))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs=2, type=Path, metavar="photograph")
    parser.add_argument("--prior", type=float, default=0.5)
    parser.add_argument("--picture", type=Path, default=Path("verify.png"))
    arguments = parser.parse_args()
    if not 0 < arguments.prior < 1:
        parser.error(f"--prior is {arguments.prior}: between 0 and 1")
    main(arguments.files, arguments.prior, arguments.picture)
