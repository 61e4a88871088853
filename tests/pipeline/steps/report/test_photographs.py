import base64

import cv2
import numpy as np
import pytest

from pipeline.steps.report import photographs


@pytest.fixture
def paths(tmp_path) -> list[str]:
    rng = np.random.default_rng(0)
    paths = []
    for i in range(5):
        noise = rng.integers(0, 255, (400, 700, 3), np.uint8)
        paths.append(str(tmp_path / f"{i}.png"))
        cv2.imwrite(paths[-1], noise)
    return paths


def decode(text: str) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(base64.b64decode(text), np.uint8), cv2.IMREAD_COLOR)


def test_all_are_as_large_as_the_budget_allows(paths):
    sizes = {}
    for budget in (1e9, 1e5, 1):
        encoded = photographs.encode_within_budget(paths, budget)
        assert len(encoded) == len(paths)
        sizes[budget] = {decode(text).shape[1] for text in encoded}
        if budget == 1e5:
            assert sum(map(len, encoded)) < budget
    assert sizes[1e9] == {photographs.SIZES[0]} and sizes[1] == {photographs.SIZES[-1]}
    assert photographs.SIZES[-1] < sizes[1e5].pop() < photographs.SIZES[0]


def test_proportions_stay_and_no_photograph_is_enlarged():
    picture = np.zeros((40, 70, 3), np.uint8)
    picture[:, :, 0] = 200  # red
    whole = decode(photographs.encode_webp(picture, 512))
    assert whole.shape == (40, 70, 3)
    assert whole[20, 35, 2] > 150 > whole[20, 35, 0]
    assert decode(photographs.encode_webp(picture, 35)).shape == (20, 35, 3)


def test_no_photograph_gives_no_thumbnail():
    assert photographs.encode_within_budget([], 100) == []
