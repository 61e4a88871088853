"""The demo competition: its proportions, its duplicates, and that its pixels do not change."""

import hashlib
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from pipeline.demo import duplicates
from pipeline.demo.competition import find_box, write_competition
from pipeline.demo.photograph import take_photograph
from pipeline.demo.roster import build_roster
from pipeline.demo.sightings import FIRST_UNLABELLED, NEW_WHALE
from pipeline.system.errors import UserError

TRAIN, TEST = 40, 20


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("demo") / "photos"
    write_competition(out, seed=3, train_images=TRAIN, test_images=TEST, workers=1)
    return out


@pytest.fixture(scope="module")
def roster():
    return build_roster(seed=0, train_images=1000, test_images=400)


def read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def digest(root: Path) -> dict[str, str]:
    files = [path for path in sorted(root.rglob("*")) if path.is_file()]
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
    }


def photo_of(root: Path, image: str) -> Path:
    return next(path for path in (root / "train" / image, root / "test" / image) if path.exists())


# --- the roster, without pixels ----------------------------------------------------------------


def test_the_photographs_per_identity_have_a_long_tail(roster):
    counts = Counter(p.identity for p in roster.photos if p.split == "train")
    del counts[NEW_WHALE]
    sizes = np.array(list(counts.values()))
    assert np.mean(sizes == 1) == pytest.approx(0.40, abs=0.03)
    assert np.mean(sizes <= 5) == pytest.approx(0.85, abs=0.03)
    assert 15 <= sizes.max() <= 40


@pytest.mark.parametrize(("train", "test"), [(1000, 400), (40, 20), (40, 200), (3000, 20)])
def test_new_whale_has_its_fraction_and_every_known_test_whale_is_in_train(train, test):
    photos = build_roster(1, train, test).photos
    identities = {
        split: [p.identity for p in photos if p.split == split] for split in ("train", "test")
    }
    assert (len(identities["train"]), len(identities["test"])) == (train, test)
    assert identities["train"].count(NEW_WHALE) == round(0.30 * train)
    assert identities["test"].count(NEW_WHALE) == round(0.276 * test)
    assert set(identities["test"]) - {NEW_WHALE} <= set(identities["train"])


def test_a_seed_that_leaves_too_few_photographs_for_duplicates_is_refused():
    with pytest.raises(UserError, match=r"too small for its 12 duplicates: .* demo\.seed"):
        build_roster(27, 40, 20)


def test_no_whale_is_both_labelled_and_unlabelled(roster):
    labelled = {p.whale for p in roster.photos if p.identity != NEW_WHALE}
    unlabelled = {p.whale for p in roster.photos if p.identity == NEW_WHALE}
    assert not labelled & unlabelled
    assert max(labelled) < FIRST_UNLABELLED


def test_a_test_query_has_as_many_gallery_photographs_as_a_held_out_one():
    """The mean number over ten seeds: a held-out score predicts the hidden one."""
    held_out, hidden = [], []
    for seed in range(10):
        originals = [p for p in build_roster(seed, 1000, 400).photos if not p.kind]
        known = [p for p in originals if p.identity != NEW_WHALE]
        seen = Counter(p.whale for p in known if p.split == "train")
        held_out += [min(n, 11) - 1 for n in map(seen.get, seen) for _ in range(n) if n > 1]
        hidden += [min(seen[p.whale], 10) for p in known if p.split == "test"]
    assert np.mean(hidden) == pytest.approx(np.mean(held_out), abs=0.25)


def test_duplicates_of_every_kind_are_planted_at_every_place(roster):
    images = {p.image: p for p in roster.photos}
    planted = [p for p in roster.photos if p.kind]
    assert len(planted) == pytest.approx(0.03 * 1400, abs=1)
    kinds, places = Counter(p.kind for p in planted), Counter(p.place for p in planted)
    assert set(kinds) == set(duplicates.KINDS) and min(kinds.values()) >= 6
    assert set(places) == {"train", "across", "conflict"} and min(places.values()) >= 4
    for copy in planted:
        original = images[copy.original]
        assert (original.kind, original.split) == ("", "train")
        assert (original.take, original.whale) == (copy.take, copy.whale)
        assert copy.split == ("test" if copy.place == "across" else "train")
        assert (copy.identity == original.identity) == (copy.place != "conflict")


def test_one_whale_has_two_identities(roster):
    whales = [
        {p.whale for p in roster.photos if p.identity == i} for i in roster.duplicate_identities
    ]
    assert roster.duplicate_identities[0] != roster.duplicate_identities[1]
    assert whales[0] == whales[1] and len(whales[0]) == 1


def test_names_are_unrelated_to_identities(roster):
    names = [p.image for p in roster.photos]
    assert len(set(names)) == 1400 and {len(name) for name in names} == {13}
    known = [int(p.image[:4], 16) for p in roster.photos if p.identity != NEW_WHALE]
    assert np.mean(known) == pytest.approx(2**15, rel=0.05)


def test_a_large_roster_has_the_same_proportions():
    counts = Counter(p.identity for p in build_roster(0, 25_000, 8_000).photos if not p.kind)
    assert len(counts) > 5_000
    assert counts[NEW_WHALE] > 9_000


# --- the directory -----------------------------------------------------------------------------


def test_two_processes_write_the_same_bytes_as_one(demo, tmp_path):
    write_competition(tmp_path / "again", 3, TRAIN, TEST, workers=2)
    assert digest(tmp_path / "again") == digest(demo)


def test_another_seed_gives_other_photographs():
    pixels = [take_photograph(seed, whale=1, take=1)[0] for seed in (0, 1)]
    assert pixels[0].shape != pixels[1].shape or (pixels[0] != pixels[1]).any()


def test_tables_cover_the_photographs(demo):
    files = {split: sorted(p.name for p in (demo / split).iterdir()) for split in ("train", "test")}
    assert sorted(read(demo / "train.csv").Image) == files["train"]
    sample, solution = read(demo / "sample_submission.csv"), read(demo / "solution.csv")
    assert sorted(sample.Image) == files["test"] and list(sample.Image) == list(solution.Image)
    assert list(sample.Image) != files["test"]
    assert Counter(solution.Usage) == {"Public": 6, "Private": 14}
    assert sorted(read(demo / "truth/boxes.csv").Image) == sorted(files["train"] + files["test"])


def test_boxes_are_tight_and_subsets_agree_with_the_truth(demo):
    truth = pd.read_csv(demo / "truth/boxes.csv", index_col="Image")
    for image, box in truth.iterrows():
        mask = cv2.imread(str(demo / f"truth/masks/{image[:-4]}.png"), cv2.IMREAD_UNCHANGED)
        assert mask.shape == cv2.imread(str(photo_of(demo, image))).shape[:2]
        assert set(np.unique(mask)) == {0, 255}
        assert tuple(box) == find_box(mask)
    train = set(read(demo / "train.csv").Image)
    subset = pd.read_csv(demo / "boxes.csv", index_col="Image")
    assert len(subset) == 14 and set(subset.index) <= train
    assert (subset == truth.loc[subset.index]).all(axis=None)
    masks = list((demo / "masks").iterdir())
    assert len(masks) == 14 and {f"{mask.stem}.jpg" for mask in masks} <= train
    for mask in masks:
        assert mask.read_bytes() == (demo / "truth/masks" / mask.name).read_bytes()


def test_the_box_of_a_mask_is_tight():
    mask = np.zeros((6, 8), np.uint8)
    mask[2, 3] = mask[4, 5] = 255
    assert find_box(mask) == (3, 2, 6, 5)


def test_planted_pairs_are_the_same_photograph(demo):
    pairs = read(demo / "truth/duplicates.csv")
    assert set(pairs.kind) == set(duplicates.KINDS) and len(pairs) == 12
    for pair in pairs.itertuples():
        first, second = photo_of(demo, pair.image_a), photo_of(demo, pair.image_b)
        assert (first.read_bytes() == second.read_bytes()) == (pair.kind == "exact")
        shapes = [cv2.imread(str(path)).shape for path in (first, second)]
        assert (shapes[0] == shapes[1]) == (pair.kind in ("exact", "reencoded"))


def test_a_cropped_duplicate_has_the_mask_at_the_same_place():
    mask = np.zeros((100, 200), np.uint8)
    mask[40:60, 80:120] = 255
    pixels, cut = duplicates.alter(
        np.random.default_rng(0), "cropped", np.dstack([mask, mask, mask]), mask
    )
    assert (pixels[..., 0] == cut).all()
    assert cut.shape < mask.shape and cut.sum() == mask.sum()


# --- the pixels --------------------------------------------------------------------------------


def test_photographs_of_one_whale_differ():
    (first, mask), (second, other) = (take_photograph(0, whale=5, take=t) for t in (1, 2))
    assert first.shape != second.shape or (mask != other).mean() > 0.02
    assert first.dtype == np.uint8 and mask.dtype == np.uint8


FROZEN = "79cfc1d2dc6b89abd22eeff870cd17186341cbf83af85aaced85b6f5f02e9851"


def coarse(pixels: np.ndarray) -> bytes:
    """Sums over 16 x 16 pixels, in steps of four grey levels of their mean.

    Processors round a few pixels in a million differently by one level, which must not count.
    """
    height, width = (size // 16 * 16 for size in pixels.shape[:2])
    blocks = pixels[:height, :width].astype(np.int32).reshape(height // 16, 16, width // 16, 16, 3)
    return (blocks.sum(axis=(1, 3)) // 1024).astype(np.uint8).tobytes()


def test_the_pixels_do_not_change():
    """Other pixels would be another competition, with other scores than all that are reported."""
    frozen = hashlib.sha256()
    for whale, take in ((0, 0), (7, 100)):
        pixels, mask = take_photograph(0, whale, take)
        frozen.update(coarse(pixels) + mask.tobytes())
    assert frozen.hexdigest() == FROZEN


def test_dates_are_written_only_with_encounters(demo):
    assert not (demo / "photographs.csv").exists()
