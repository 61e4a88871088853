"""A tiny competition without a fault."""

import cv2
import numpy as np
import pytest

from pipeline.params import Columns

COLUMNS = Columns(image="Image", identity="Id", answer="Id", new_whale="new_whale")
TRAIN = "Image,Id\nb.jpg,w1\na.jpg,new_whale\ne.jpg,w2\n"
SAMPLE = "Image,Id\nd.jpg,new_whale\nc.jpg,new_whale\n"


def write_photo(path, width=16, height=8):
    path.parent.mkdir(parents=True, exist_ok=True)
    value = sum(path.stem.encode()) % 256
    cv2.imwrite(str(path), np.full((height, width, 3), value, np.uint8))


@pytest.fixture
def folder(tmp_path):
    """Three training and two test photographs of 16 x 8 pixels, without a fault."""
    root = tmp_path / "photos"
    for name in ("train/a.jpg", "train/b.jpg", "train/e.jpg", "test/c.jpg", "test/d.jpg"):
        write_photo(root / name)
    (root / "train.csv").write_text(TRAIN)
    (root / "sample_submission.csv").write_text(SAMPLE)
    return root
