"""How well the step `crop` finds the animal, against true masks and boxes that no stage may read.

    python -m benchmarks.crop_quality data/demo/photos [--sheet worst.jpg]

The folder needs truth/masks/<stem>.png and truth/boxes.csv (Image,x0,y0,x1,y1) for any subset of
its photographs. Prints the intersection over union (IoU), mean and worst tenth, per source.
--sheet writes the crops with the worst masks: the prediction in green, the truth in magenta, and
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
WORST, COLUMNS = 12, 4  # crops on the sheet, and in a row of it
TILE = (320, 160)  # width and height in pixels
PREDICTED, TRUE = (60, 220, 60), (220, 60, 220)  # BGR


def mask_iou(crop: np.ndarray, truth: np.ndarray, matrix: np.ndarray) -> float:
    """IoU of a crop's mask (H x W) and the photograph's true one, in crop pixels.

    True area outside the crop counts as missed.
    """
    height, width = crop.shape
    true = warping.warp(truth, matrix, width, height, cv2.BORDER_CONSTANT) > 127
    area = (truth > 127).sum() * abs(np.linalg.det(matrix[:, :2]))
    predicted = crop > 127
    union = (predicted | true).sum() + max(0.0, area - true.sum())
    return float((predicted & true).sum() / max(union, 1))


def score_crops(boxes: pd.DataFrame, crops: np.ndarray, truth: Path) -> pd.DataFrame:
    """Score the images with known truth: image, source, mask_iou, box_iou."""
    known = pd.read_csv(truth / "boxes.csv", dtype={0: str}).set_axis(["image", *CORNERS], axis=1)
    rows = boxes.reset_index().merge(known, on="image", suffixes=("", "_true"))
    rows["box_iou"] = boxes_of.box_iou(
        rows[CORNERS].to_numpy(float), rows[[f"{c}_true" for c in CORNERS]].to_numpy(float)
    )
    rows["mask_iou"] = [
        mask_iou(crops[row["index"], :, :, 3], read_true_mask(truth, row["image"]), to_matrix(row))
        for _, row in rows.iterrows()
    ]
    return rows[["image", "source", "mask_iou", "box_iou"]]


def read_true_mask(truth: Path, image: str) -> np.ndarray:
    """Read the true mask of an image, uint8 H x W; ValueError if it is missing."""
    path = truth / "masks" / f"{Path(image).stem}.png"
    mask = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if mask is None:
        raise ValueError(f"{path}: missing, though boxes.csv beside it lists {image}")
    return mask


def to_matrix(row: pd.Series) -> np.ndarray:
    """Return the 2 x 3 transform of a row of the "boxes" table."""
    return row[tables.TRANSFORM].to_numpy(float).reshape(2, 3)


def draw_sheet(
    scores: pd.DataFrame, boxes: pd.DataFrame, crops: np.ndarray, truth: Path
) -> np.ndarray:
    """Draw the WORST crops (BGR) with predicted (green) and true (magenta) outlines."""
    row = {name: i for i, name in enumerate(boxes["image"])}
    tiles = []
    for score in scores.nsmallest(WORST, "mask_iou").itertuples():
        at = row[score.image]
        tile = cv2.cvtColor(np.ascontiguousarray(crops[at, :, :, :3]), cv2.COLOR_RGB2BGR)
        size = tile.shape[1::-1]
        true = warping.warp(
            read_true_mask(truth, score.image),
            to_matrix(boxes.iloc[at]),
            *size,
            cv2.BORDER_CONSTANT,
        )
        for mask, colour in ((true, TRUE), (np.ascontiguousarray(crops[at, :, :, 3]), PREDICTED)):
            outlines, _ = cv2.findContours(
                (mask > 127).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
            )
            cv2.drawContours(tile, outlines, -1, colour, 1)
        tile = cv2.resize(tile, TILE, interpolation=cv2.INTER_LINEAR)
        caption = np.full((26, TILE[0], 3), 255, np.uint8)
        text = f"{score.image}: {score.mask_iou:.2f}, box {score.box_iou:.2f}"
        cv2.putText(
            caption, text, (4, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 0, 0), 1, cv2.LINE_AA
        )
        tiles.append(np.vstack([tile, caption]))
    tiles += [np.full_like(tiles[0], 255)] * (-len(tiles) % COLUMNS)
    rows = [np.hstack(tiles[i : i + COLUMNS]) for i in range(0, len(tiles), COLUMNS)]
    return np.vstack(rows)


def summarize(scores: pd.DataFrame) -> pd.DataFrame:
    """Summarize per source: images, then mean and tenth percentile of both measures."""
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
    scores = score_crops(table, packed, competition / "truth")
    print(summarize(scores).round(3).to_string())
    if sheet:
        picture = draw_sheet(scores, table, packed, competition / "truth")
        _, data = cv2.imencode(sheet.suffix, picture)
        tables.replace(sheet, lambda part: part.write_bytes(data.tobytes()))


if __name__ == "__main__":
    typer.run(main)
