"""Two moments of a camera that does not move are told from duplicates."""

import cv2
import numpy as np
import pytest

from pipeline.steps.dedup import candidates, fixed_camera
from pipeline.steps.dedup.fingerprints import (
    SIZE,
    WINDOWS,
    Fingerprints,
    compute_signature,
    cut_window,
)

CHANGED = 0.1


def draw_view(seed: int = 0) -> np.ndarray:
    """A view with detail everywhere, 4 times as large as a thumbnail."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(40, 200, (24, 24), np.uint8)
    return cv2.resize(coarse, (4 * SIZE, 4 * SIZE), interpolation=cv2.INTER_CUBIC)


def draw_animal(view: np.ndarray, column: int, grey: int) -> np.ndarray:
    """The same view with an animal, which fills one or two blocks."""
    pixels = view.copy()
    cv2.ellipse(pixels, (column, 280), (40, 30), 0, 0, 360, grey, -1)
    return pixels


def shrink(*views: np.ndarray) -> np.ndarray:
    size = (SIZE, SIZE)
    return np.stack([cv2.resize(view, size, interpolation=cv2.INTER_AREA) for view in views])


def are_other_moments(first: np.ndarray, second: np.ndarray) -> bool:
    frames = fixed_camera.shrink_frames(shrink(first, second))
    [found] = fixed_camera.are_other_moments(frames, np.array([0]), np.array([1]), CHANGED)
    return bool(found)


def test_an_animal_that_moved_makes_another_moment():
    view = draw_view()
    assert are_other_moments(draw_animal(view, 80, 10), draw_animal(view, 300, 10))
    assert are_other_moments(view, draw_animal(view, 300, 10))  # or came


def test_another_exposure_alone_does_not():
    view = draw_view()
    assert not are_other_moments(view, view)
    assert not are_other_moments(view, cv2.convertScaleAbs(view, alpha=0.8, beta=10))


def test_another_exposure_does_not_hide_it():
    view = draw_view()
    darker = cv2.convertScaleAbs(draw_animal(view, 300, 10), alpha=0.8)
    assert are_other_moments(draw_animal(view, 80, 10), darker)


@pytest.mark.parametrize("pixels", [4, 8, 16])  # 1, 2 and 4 % of the width
def test_a_cropped_duplicate_is_none(pixels):
    photograph = draw_animal(draw_view(), 80, 10)
    assert not are_other_moments(photograph, photograph[pixels:, :-pixels])


def test_two_animals_before_an_empty_sky_are_none():
    sky = np.full((4 * SIZE, 4 * SIZE), 150, np.uint8)  # which no shift makes different
    assert not are_other_moments(draw_animal(sky, 80, 10), draw_animal(sky, 300, 10))


def test_another_view_is_none():
    assert not are_other_moments(draw_view(0), draw_view(1))


def test_many_pairs_are_compared_as_single_ones(monkeypatch):
    places = [(seed, column) for seed in (0, 1) for column in (80, 200, 320)]
    views = [draw_animal(draw_view(seed), column, 10) for seed, column in places]
    frames = fixed_camera.shrink_frames(shrink(*views))
    first, second = np.triu_indices(len(views), 1)
    monkeypatch.setattr(fixed_camera, "CHUNK", 4)
    found = fixed_camera.are_other_moments(frames, first, second, CHANGED)
    assert found.tolist() == [a // 3 == b // 3 for a, b in zip(first, second, strict=True)]


def test_no_pair_gives_nothing():
    none = np.empty(0, int)
    assert not len(fixed_camera.are_other_moments(np.empty((0, 32, 32), np.uint8), none, none, 0.1))


def test_of_a_cameras_frames_only_duplicates_are_candidates():
    view = draw_view()
    frames = [draw_animal(view, column, 10) for column in range(60, 340, 40)]
    _, encoded = cv2.imencode(".jpg", frames[2], [cv2.IMWRITE_JPEG_QUALITY, 60])
    thumbnails = shrink(*frames, cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE))
    signatures = [
        [compute_signature(cut_window(thumbnail, window)) for window in WINDOWS]
        for thumbnail in thumbnails
    ]
    flat = np.zeros(len(thumbnails), bool)
    prints = Fingerprints(thumbnails, np.stack(signatures), flat)
    found = candidates.find_candidates(prints, 64, True, CHANGED / candidates.CHANGED)
    assert {frozenset(pair[:2]) for pair in found} == {frozenset({2, len(frames)})}
