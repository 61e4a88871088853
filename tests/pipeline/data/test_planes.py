"""The planes of a crop that networks see, and its edges."""

import numpy as np
import pytest

from pipeline.data import planes


def test_planes_of_3_4_and_5_channels(tiny):
    crop = np.load(tiny.crops)[0]
    five = planes.to_planes(crop, 5)
    assert five.shape == (5, 32, 64) and five.dtype == np.uint8
    for plane in range(4):
        assert np.array_equal(five[plane], crop[:, :, plane])
    assert np.array_equal(five[4], planes.edge_magnitude(crop[:, :, :3]))
    assert np.array_equal(planes.to_planes(crop, 4), five[:4])
    assert np.array_equal(planes.to_planes(crop, 3), five[:3])


@pytest.mark.parametrize(("height", "width"), [(1, 1), (5, 7), (16, 64), (224, 256)])
def test_split_planes_are_the_channels_and_never_aligned_alike(height, width):
    """OpenCV would write those that are past the caches."""
    shape = (height, width, 4)
    crop = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    split = planes.split(crop)
    assert np.array_equal(split, crop.transpose(2, 0, 1))
    if height * width % 8 == 0:  # others never are
        assert len({plane.ctypes.data % 16 for plane in split}) > 1


def step(height: int) -> np.ndarray:
    """5 x 6 grey: 0 in columns 0 to 2, `height` in columns 3 to 5."""
    picture = np.zeros((5, 6, 3), dtype=np.uint8)
    picture[:, 3:] = height
    return picture


def test_edges_of_a_step_by_hand():
    """Sobel's rows have weights 1, 2, 1: a step of 20 gives 4 x 20 on either side of it."""
    assert planes.edge_magnitude(step(20)).tolist() == [[0, 0, 80, 80, 0, 0]] * 5
    rotated = np.ascontiguousarray(step(20).transpose(1, 0, 2))
    assert planes.edge_magnitude(rotated).T.tolist() == [[0, 0, 80, 80, 0, 0]] * 5


def test_edges_are_the_rounded_root_at_every_memory_alignment():
    """Some roots are integers, such as 5 from 3 and 4: rounding errors must have no effect."""
    rng = np.random.default_rng(0)
    memory = np.zeros(40 * 70 * 3 + 64, dtype=np.uint8)
    picture = np.repeat(rng.integers(0, 60, (40, 70, 1), dtype=np.uint8), 3, axis=2)
    grey = np.pad(picture[:, :, 0].astype(int), 1, mode="reflect")
    across = (grey[:, 2:] - grey[:, :-2])[:-2] + 2 * (grey[:, 2:] - grey[:, :-2])[1:-1]
    across += (grey[:, 2:] - grey[:, :-2])[2:]
    down = (grey[2:] - grey[:-2])[:, :-2] + 2 * (grey[2:] - grey[:-2])[:, 1:-1]
    down += (grey[2:] - grey[:-2])[:, 2:]
    expected = np.minimum(np.rint(np.sqrt(across**2 + down**2)), 255)
    for offset in (0, 1, 7, 32):
        placed = memory[offset : offset + picture.size].reshape(picture.shape)
        placed[:] = picture
        assert np.array_equal(planes.edge_magnitude(placed), expected)


def test_strong_edges_are_clipped_at_255():
    assert planes.edge_magnitude(step(200))[0].tolist() == [0, 0, 255, 255, 0, 0]


def test_edges_use_the_luminance():
    """.299 red: a red step of 200 is a grey one of 60, a blue one (.114) of 23."""
    red, blue = step(0), step(0)
    red[:, 3:, 0] = 200
    blue[:, 3:, 2] = 200
    assert planes.edge_magnitude(red)[0, 2] == 240
    assert planes.edge_magnitude(blue)[0, 2] == pytest.approx(4 * 22.8, abs=2)
