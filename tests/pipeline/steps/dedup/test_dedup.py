"""Duplicates of photographs are found; similar photographs are not taken for duplicates."""

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from pipeline.data import images as decoding
from pipeline.data import tables
from pipeline.params import Dedup
from pipeline.steps.dedup import alignment, candidates, dedup, fingerprints

ON = Dedup(enabled=True, hash_distance=8, pixel_difference=0.05, mirror=True)


def scene(seed: int, width: int = 300, height: int = 200) -> np.ndarray:
    """Soft random blobs, H x W x 3, different for each seed."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 255, (12, 18, 3), np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)


def save(path: Path, pixels: np.ndarray, quality: int = 90) -> Path:
    cv2.imwrite(str(path), pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return path


def images_table(paths: list[Path], identities: list[str] | None = None) -> pd.DataFrame:
    """An "images" table; an empty identity makes a test image."""
    identities = identities or ["w1"] * len(paths)
    rows = []
    for path, identity in zip(paths, identities, strict=True):
        data = path.read_bytes()
        width, height = decoding.read_size(path)
        split = "train" if identity else "test"
        sha256 = decoding.hash_bytes(data)
        rows.append([path.name, split, identity, str(path), width, height, len(data), sha256])
    return pd.DataFrame(rows, columns=tables.COLUMNS["images"])


def group_numbers(paths: list[Path], settings: Dedup = ON) -> list[int]:
    return dedup.group_images(images_table(paths), settings)["group"].tolist()


ALTERATIONS = {
    "exact": lambda pixels: pixels,
    "encoded again": lambda pixels: cv2.imdecode(
        cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 50])[1], cv2.IMREAD_COLOR
    ),
    "resized": lambda pixels: cv2.resize(pixels, (190, 130), interpolation=cv2.INTER_AREA),
    "cropped": lambda pixels: pixels[8:-3, 3:-14],
    "mirrored": lambda pixels: pixels[:, ::-1],
    "mirrored and cropped": lambda pixels: pixels[4:-6, ::-1][:, 5:-9],
}


@pytest.mark.parametrize("kind", ALTERATIONS)
def test_duplicates_join_the_group_of_their_original(tmp_path, kind):
    paths = [save(tmp_path / f"{seed}.jpg", scene(seed)) for seed in range(4)]
    paths.append(save(tmp_path / "copy.jpg", ALTERATIONS[kind](scene(2))))
    assert group_numbers(paths) == [0, 1, 2, 3, 2]


def test_mirrored_duplicates_stay_apart_without_mirror(tmp_path):
    paths = [save(tmp_path / "a.jpg", scene(0)), save(tmp_path / "b.jpg", scene(0)[:, ::-1])]
    assert group_numbers(paths, ON.model_copy(update={"mirror": False})) == [0, 1]


def test_a_frame_of_a_burst_is_another_photograph(tmp_path):
    first = scene(0)
    second = first.copy()
    second[70:130, 110:170] = first[70:130, 100:160]  # a part has moved by 10 of 300 pixels
    paths = [save(tmp_path / "a.jpg", first), save(tmp_path / "b.jpg", second)]
    assert group_numbers(paths) == [0, 1]


def test_photographs_without_contrast_are_duplicates_only_if_byte_identical(tmp_path):
    black = [save(tmp_path / f"{i}.jpg", np.full((200, 300, 3), i, np.uint8)) for i in (0, 1)]
    third = tmp_path / "third.jpg"
    third.write_bytes(black[1].read_bytes())
    assert group_numbers([*black, third]) == [0, 1, 1]


def test_a_groups_number_is_the_row_of_its_first_image(tmp_path):
    a, b = save(tmp_path / "a.jpg", scene(0)), save(tmp_path / "b.jpg", scene(1))
    again = tmp_path / "z.jpg"
    again.write_bytes(b.read_bytes())
    small = save(tmp_path / "y.jpg", cv2.resize(scene(1), (200, 140)))
    assert group_numbers([b, a, small, again]) == [0, 1, 0, 0]


def test_one_image_or_none(tmp_path):
    path = save(tmp_path / "a.jpg", scene(0))
    assert group_numbers([path]) == [0]
    assert dedup.group_images(images_table([path]).iloc[:0], ON).empty


def test_a_disabled_step_opens_no_file():
    table = pd.DataFrame({"image": ["a.jpg", "b.jpg"], "split": "train", "identity": ["w1", "w2"]})
    found = dedup.group_images(table, ON.model_copy(update={"enabled": False}))
    assert found["group"].tolist() == [0, 1]
    assert dedup.find_conflicts(table, found).empty


def test_groups_with_several_identities_are_conflicts():
    images = pd.DataFrame(
        {
            "image": ["a", "b", "c", "d", "e", "f"],
            "split": ["train"] * 4 + ["test"] * 2,
            "identity": ["w1", "w2", "w3", "w3", "", ""],
        }
    )
    found = pd.DataFrame({"image": images["image"], "group": [0, 0, 2, 2, 0, 5]})
    conflicts = dedup.find_conflicts(images, found)
    assert conflicts.to_numpy().tolist() == [[0, "a b", "w1 w2"]]


def test_hash_search_equals_a_double_loop():
    rng = np.random.default_rng(0)
    gallery = rng.integers(0, 256, (60, 8), np.uint8)
    flips = np.packbits(rng.random((60, 64)) < 0.15, axis=1)
    queries = gallery ^ flips
    found = {
        (int(q), int(g))
        for qs, gs in candidates.search_hashes(queries, gallery, 9)
        for q, g in zip(qs, gs, strict=True)
    }
    expected = {
        (q, g)
        for q in range(60)
        for g in range(60)
        if sum(bin(a ^ b).count("1") for a, b in zip(queries[q], gallery[g], strict=True)) <= 9
    }
    assert found == expected and 10 < len(expected) < 60


def test_search_in_blocks_gives_the_same_pairs(monkeypatch):
    gallery = np.random.default_rng(1).integers(0, 256, (50, 8), np.uint8)
    whole = [
        np.concatenate(rows)
        for rows in zip(*candidates.search_hashes(gallery, gallery, 25), strict=True)
    ]
    monkeypatch.setattr(candidates, "BLOCK", 7)
    parts = [
        np.concatenate(rows)
        for rows in zip(*candidates.search_hashes(gallery, gallery, 25), strict=True)
    ]
    np.testing.assert_array_equal(whole, parts)


def test_the_signature_of_a_mirror_image_follows_from_the_original():
    thumbnail = cv2.resize(cv2.cvtColor(scene(3), cv2.COLOR_BGR2GRAY), (96, 96))
    mirrored = fingerprints.compute_signature(np.ascontiguousarray(thumbnail[:, ::-1]))
    expected = fingerprints.compute_signature(thumbnail) * fingerprints.MIRROR
    np.testing.assert_allclose(mirrored, expected, atol=1e-4)


def test_hash_bits_are_the_coefficients_above_the_median():
    signature = np.arange(63.0)  # the median is 31: 32 to 62 are above
    bits = np.unpackbits(fingerprints.compute_hashes(signature))
    assert bits.tolist() == [0] * 32 + [1] * 31 + [0]


def test_difference_of_a_thumbnail_to_itself_and_to_another():
    a, b = (cv2.resize(cv2.cvtColor(scene(s), cv2.COLOR_BGR2GRAY), (96, 96)) for s in (0, 1))
    assert alignment.compute_difference(a, a) == pytest.approx(0, abs=1e-3)
    assert alignment.compute_difference(a, b) > 0.15


def test_a_chain_of_pairs_is_cut_if_its_ends_disagree():
    def never(a: int, b: int) -> bool:
        return False

    assert dedup.merge_pairs(4, [(1, 0), (1, 2), (2, 3)], never).tolist() == [0, 0, 2, 2]
    assert dedup.merge_pairs(3, [(1, 0), (1, 2), (0, 2)], never).tolist() == [0, 0, 0]
    assert dedup.merge_pairs(3, [(1, 0), (1, 2)], lambda a, b: True).tolist() == [0, 0, 0]
    assert dedup.merge_pairs(2, [], never).tolist() == [0, 1]


@pytest.mark.parametrize("ending", [".png", ".tiff", ".webp"])
def test_fine_stripes_are_averaged_in_every_format(tmp_path, ending):
    """Nine pixels wide, they alias if pixels are skipped: OpenCV does so outside of JPEG."""
    stripes = 128 + 100 * np.sin(2 * np.pi * np.arange(1800) / 9)
    pixels = np.repeat(np.tile(stripes.round().astype(np.uint8), (1600, 1))[..., None], 3, axis=2)
    paths = [tmp_path / f"a{ending}", tmp_path / "b.jpg"]
    for path in paths:
        cv2.imwrite(str(path), pixels)
    thumbnails = [fingerprints.read_thumbnail(str(path), 1600) for path in paths]
    assert all(thumbnail.std() < 15 for thumbnail in thumbnails)
    difference = np.abs(np.subtract(*(t.astype(float) for t in thumbnails))).mean()
    assert difference < ON.pixel_difference * 255
