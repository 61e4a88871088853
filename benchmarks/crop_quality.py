"""How well the step `crop` finds the animal, against drawn masks and boxes that no stage may read.

    python -m benchmarks.crop_quality data/demo/photos [--sheet worst.jpg]

The folder needs truth/masks/<stem>.png and truth/boxes.csv (Image,x0,y0,x1,y1) for any subset of
its photographs. IoU is intersection over union, the mean and the worst tenth of each source.
--sheet writes the crops with the worst masks: what was found in green, the truth in magenta, and
both IoUs below.
"""

from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import pandas as pd
import typer

from pipeline import paths
from pipeline.data import tables, warping
from pipeline.steps.crop import boxes as boxes_of

CORNERS = ["x0", "y0", "x1", "y1"]
WORST, ACROSS = 12, 4  # crops on the sheet, and in a row of it
TILE = (320, 160)  # pixels, width and height
FOUND, TRUE = (60, 220, 60), (220, 60, 220)  # BGR


def mask_iou(crop: np.ndarray, truth: np.ndarray, matrix: np.ndarray) -> float:
    """The crop's mask (H x W) against the photograph's true one, in crop pixels.

    True area that the crop leaves out counts as missed.
    """
    height, width = crop.shape
    seen = warping.warp(truth, matrix, width, height, cv2.BORDER_CONSTANT) > 127
    area = (truth > 127).sum() * abs(np.linalg.det(matrix[:, :2]))
    found = crop > 127
    union = (found | seen).sum() + max(0.0, area - seen.sum())
    return float((found & seen).sum() / max(union, 1))


def score(boxes: pd.DataFrame, crops: np.ndarray, truth: Path) -> pd.DataFrame:
    """One row an image with known truth: image, source, mask_iou, box_iou."""
    known = pd.read_csv(truth / "boxes.csv", dtype={0: str}).set_axis(["image", *CORNERS], axis=1)
    rows = boxes.reset_index().merge(known, on="image", suffixes=("", "_true"))
    rows["box_iou"] = boxes_of.box_iou(
        rows[CORNERS].to_numpy(float), rows[[f"{c}_true" for c in CORNERS]].to_numpy(float)
    )
    rows["mask_iou"] = [
        mask_iou(crops[row["index"], :, :, 3], drawn(truth, row["image"]), matrix_of(row))
        for _, row in rows.iterrows()
    ]
    return rows[["image", "source", "mask_iou", "box_iou"]]


def drawn(truth: Path, image: str) -> np.ndarray:
    """The true mask, uint8 H x W."""
    path = truth / "masks" / f"{Path(image).stem}.png"
    mask = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if mask is None:
        raise ValueError(f"{path}: missing, though boxes.csv beside it lists {image}")
    return mask


def matrix_of(row: pd.Series) -> np.ndarray:
    return row[tables.TRANSFORM].to_numpy(float).reshape(2, 3)


def draw_sheet(
    scores: pd.DataFrame, boxes: pd.DataFrame, crops: np.ndarray, truth: Path
) -> np.ndarray:
    """The WORST crops side by side, BGR: mask outlines as found (green) and in truth (magenta)."""
    row = {name: i for i, name in enumerate(boxes["image"])}
    tiles = []
    for one in scores.nsmallest(WORST, "mask_iou").itertuples():
        at = row[one.image]
        tile = cv2.cvtColor(np.ascontiguousarray(crops[at, :, :, :3]), cv2.COLOR_RGB2BGR)
        size = tile.shape[1::-1]
        seen = warping.warp(
            drawn(truth, one.image), matrix_of(boxes.iloc[at]), *size, cv2.BORDER_CONSTANT
        )
        for mask, colour in ((seen, TRUE), (np.ascontiguousarray(crops[at, :, :, 3]), FOUND)):
            outlines, _ = cv2.findContours(
                (mask > 127).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
            )
            cv2.drawContours(tile, outlines, -1, colour, 1)
        tile = cv2.resize(tile, TILE, interpolation=cv2.INTER_LINEAR)
        words = np.full((26, TILE[0], 3), 255, np.uint8)
        text = f"{one.image}: {one.mask_iou:.2f}, box {one.box_iou:.2f}"
        cv2.putText(words, text, (4, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 0, 0), 1, cv2.LINE_AA)
        tiles.append(np.vstack([tile, words]))
    tiles += [np.full_like(tiles[0], 255)] * (-len(tiles) % ACROSS)
    rows = [np.hstack(tiles[i : i + ACROSS]) for i in range(0, len(tiles), ACROSS)]
    return np.vstack(rows)


def summary(scores: pd.DataFrame) -> pd.DataFrame:
    """One row a source: images, then mean and tenth percentile of both measures."""
    grouped = scores.groupby("source")[["mask_iou", "box_iou"]]
    worst = grouped.quantile(0.1).add_suffix("_worst_tenth")
    return grouped.mean().join(worst).join(scores["source"].value_counts().rename("images"))


def main(
    competition: Annotated[Path, typer.Argument(help="a competition directory with truth/")],
    boxes: Path = paths.BOXES,
    crops: Path = paths.CROPS,
    sheet: Annotated[Path | None, typer.Option(help="a picture of the worst masks")] = None,
) -> None:
    """Compare the crops with the true masks and boxes."""
    table, packed = tables.read("boxes", boxes), np.load(crops, mmap_mode="r")
    scores = score(table, packed, competition / "truth")
    print(summary(scores).round(3).to_string())
    if sheet:
        picture = draw_sheet(scores, table, packed, competition / "truth")
        _, data = cv2.imencode(sheet.suffix, picture)
        tables.replace(sheet, lambda part: part.write_bytes(data.tobytes()))


if __name__ == "__main__":
    typer.run(main)
