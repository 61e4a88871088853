"""Reference rows that keep the demo honest: scores of trivial competitors, by its solution.

    python -m benchmarks.demo_baselines [data/demo/photos]

These are the constant new_whale, nearest neighbours on features that were not trained on whales,
and a booster that sees the files but not the pixels. Crops are cut by the true boxes, so that no
row depends on a detector. The threshold of new_whale is swept on the training photographs by
leave-one-out.
"""

from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import pandas as pd
import typer

NEW_WHALE = "new_whale"
HEIGHT, WIDTH = 96, 192  # of a crop, pixels
CELL, ANGLES = 12, 9  # of the histograms of oriented gradients
THRESHOLDS = np.linspace(0, 1, 401)


def main(root: Annotated[Path, typer.Argument()] = Path("data/demo/photos")) -> None:
    """Print the scores that a competitor gets for nothing on the demo."""
    train = pd.read_csv(root / "train.csv", dtype=str)
    test = pd.read_csv(root / "solution.csv", dtype=str)
    crops = cut_crops(root, "train", train), cut_crops(root, "test", test)
    rows = [("constant new_whale", "map5", float(np.mean(test.Id == NEW_WHALE)), "")]
    for name, features in (
        ("colour + HOG, 1-NN", colour_and_gradients),
        ("untrained lite0, 1-NN", untrained_lite0),
    ):
        similar = [unit(features(images)) for images in crops]
        threshold = fit_threshold(similar[0], train.Id.to_numpy())
        score = score_test(similar, train, test, threshold)
        best = max(score_test(similar, train, test, t) for t in THRESHOLDS)
        rows.append((name, "map5", score, f"at the best threshold of the test itself {best:.3f}"))
    rows += score_files(root, train, test)
    print(f"{'reference':40} {'metric':8} {'value':>6}")
    for name, metric, value, remark in rows:
        print(f"{name:40} {metric:8} {value:6.3f}  {remark}")


def cut_crops(root: Path, split: str, table: pd.DataFrame) -> np.ndarray:
    """Crops (N, 96, 192, 3) uint8 RGB by the true boxes."""
    boxes = pd.read_csv(root / "truth/boxes.csv").set_index("Image")
    crops = np.empty((len(table), HEIGHT, WIDTH, 3), np.uint8)
    for i, image in enumerate(table.Image):
        x0, y0, x1, y1 = boxes.loc[image]
        photo = cv2.imread(str(root / split / image))[y0:y1, x0:x1, ::-1]
        crops[i] = cv2.resize(photo, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    return crops


def colour_and_gradients(crops: np.ndarray) -> np.ndarray:
    """Features (N, D): a histogram of colours beside histograms of oriented gradients."""
    colours = [cv2.calcHist([c], [0, 1, 2], None, [6] * 3, [0, 256] * 3).ravel() for c in crops]
    colours = np.sqrt(np.stack(colours))
    return np.hstack([unit(colours), unit(np.stack([oriented_gradients(c) for c in crops]))])


def oriented_gradients(crop: np.ndarray) -> np.ndarray:
    """Dalal and Triggs (2005): gradient angles per cell, normalised over blocks of 2 x 2 cells."""
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY).astype(np.float32)
    dx, dy = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    bin_ = (np.arctan2(dy, dx) / np.pi % 1 * ANGLES).astype(int) % ANGLES
    votes = np.hypot(dx, dy)[..., None] * (bin_[..., None] == np.arange(ANGLES))
    cells = votes.reshape(HEIGHT // CELL, CELL, WIDTH // CELL, CELL, ANGLES).sum(axis=(1, 3))
    corners = [cells[:-1, :-1], cells[:-1, 1:], cells[1:, :-1], cells[1:, 1:]]
    blocks = np.concatenate(corners, axis=2)
    return (blocks / (np.linalg.norm(blocks, axis=2, keepdims=True) + 1e-3)).ravel()


def untrained_lite0(crops: np.ndarray) -> np.ndarray:
    """Pooled ImageNet features (N, 1280)."""
    import timm
    import torch

    from pipeline.models.weights import lite_state_dict

    net = timm.create_model("tf_efficientnet_lite0", num_classes=0).eval()
    net.load_state_dict(lite_state_dict("tf_efficientnet_lite0"), strict=False)
    with torch.inference_mode():
        batches = torch.from_numpy(crops).permute(0, 3, 1, 2).split(64)
        return torch.cat([net(batch.float() / 127.5 - 1) for batch in batches]).numpy()


def unit(features: np.ndarray) -> np.ndarray:
    return features / np.linalg.norm(features, axis=1, keepdims=True)


def rank_of_truth(
    similarity: np.ndarray, identities: np.ndarray, truths: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The best five identities' scores of each query (Q, 5), descending, and the truth's rank (Q,).

    The rank is 5 if the truth is not among the five. `similarity` is (Q, G), `identities` (G,).
    """
    names, codes = np.unique(identities, return_inverse=True)
    best = np.full((len(similarity), len(names)), -np.inf)
    for column in range(similarity.shape[1]):
        code = codes[column]
        best[:, code] = np.maximum(best[:, code], similarity[:, column])
    order = np.argsort(-best, axis=1)[:, :5]
    hit = names[order] == truths[:, None]
    place = np.where(hit.any(axis=1), hit.argmax(axis=1), 5)
    return np.take_along_axis(best, order, axis=1), place


def map5(scores: np.ndarray, place: np.ndarray, new: np.ndarray, threshold: float) -> np.ndarray:
    """Average precision (Q,) with new_whale placed before the first score under `threshold`."""
    at = (scores >= threshold).sum(axis=1)  # the rank of new_whale, 5 if it is not among the five
    known_place = place + (at <= place)
    rank = np.where(new, at, known_place)
    return np.where((rank < 5) & (new | (place < 5)), 1 / (1 + rank), 0)


def fit_threshold(train: np.ndarray, identities: np.ndarray) -> float:
    """The best threshold of leave-one-out, new queries weighted to the test's fraction."""
    similarity = train @ train.T
    np.fill_diagonal(similarity, -np.inf)
    known = identities != NEW_WHALE
    scores, place = rank_of_truth(similarity[:, known], identities[known], identities)
    single = pd.Series(identities).map(pd.Series(identities).value_counts()).to_numpy() == 1
    new = ~known | single
    weight = np.where(new, 0.276 / new.mean(), 0.724 / (~new).mean())
    return max(THRESHOLDS, key=lambda t: (weight * map5(scores, place, new, t)).mean())


def score_test(
    similar: list[np.ndarray], train: pd.DataFrame, test: pd.DataFrame, threshold: float
) -> float:
    known = (train.Id != NEW_WHALE).to_numpy()
    identities, truths = train.Id.to_numpy()[known], test.Id.to_numpy()
    scores, place = rank_of_truth(similar[1] @ similar[0][known].T, identities, truths)
    return float(map5(scores, place, truths == NEW_WHALE, threshold).mean())


def score_files(root: Path, train: pd.DataFrame, test: pd.DataFrame) -> list[tuple]:
    """How well size, dimensions, name, place in the table and JPEG tables predict the label."""
    from lightgbm import LGBMClassifier
    from sklearn.metrics import roc_auc_score

    x = np.stack([describe_file(root / "train" / name, i) for i, name in enumerate(train.Image)])
    q = np.stack([describe_file(root / "test" / name, i) for i, name in enumerate(test.Image)])
    booster = {"n_estimators": 60, "num_leaves": 7, "min_child_samples": 20, "verbose": -1}
    new = LGBMClassifier(**booster).fit(x, train.Id == NEW_WHALE).predict_proba(q)[:, 1]
    auc = roc_auc_score(test.Id == NEW_WHALE, new)
    common = train.Id.value_counts().drop(NEW_WHALE).index[:10]
    rows, queries = train.Id.isin(common).to_numpy(), test.Id.isin(common).to_numpy()
    truths, labels = test.Id[queries].to_numpy(), train.Id[rows].to_numpy()

    def top1(labels: np.ndarray) -> float:
        guess = LGBMClassifier(**booster).fit(x[rows], labels).predict(q[queries])
        return float(np.mean(guess == truths))

    rng = np.random.default_rng(0)
    chance = [top1(rng.permutation(labels)) for _ in range(20)]  # labels without information
    remark = f"labels shuffled 20 times: {min(chance):.3f} to {max(chance):.3f}"
    return [
        ("LightGBM on the files, new or known", "AUC", auc, "chance .5"),
        ("LightGBM on the files, ten identities", "top1", top1(labels), remark),
    ]


def describe_file(path: Path, place: int) -> list[float]:
    """Numbers of a file apart from its pixels; of the JPEG table, one number and its sum."""
    data, (height, width) = path.read_bytes(), cv2.imread(str(path)).shape[:2]
    start = data.index(b"\xff\xdb") + 5  # past the marker, its length and the table's number
    table = [data[start], sum(data[start : start + 64])]
    digits = [int(digit, 16) for digit in path.stem]
    size = len(data)
    return [
        place,
        path.stat().st_mtime,
        size,
        width,
        height,
        size / (width * height),
        *table,
        *digits,
    ]


if __name__ == "__main__":
    typer.run(main)
