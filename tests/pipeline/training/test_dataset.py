"""Crops as tensors: planes, edges, mirroring, and the same views in every worker."""

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from pipeline.params import Augment
from pipeline.training import dataset
from pipeline.training.dataset import View, ViewDataset


def test_planes_of_3_4_and_5_channels(tiny):
    crop = np.load(tiny.crops)[0]
    five = dataset.to_planes(crop, 5)
    assert five.shape == (5, 32, 64) and five.dtype == np.uint8
    for plane in range(4):
        assert np.array_equal(five[plane], crop[:, :, plane])
    assert np.array_equal(five[4], dataset.edge_magnitude(crop[:, :, :3]))
    assert np.array_equal(dataset.to_planes(crop, 4), five[:4])
    assert np.array_equal(dataset.to_planes(crop, 3), five[:3])


def step(height: int) -> np.ndarray:
    """5 x 6 grey: 0 in columns 0 to 2, `height` in columns 3 to 5."""
    picture = np.zeros((5, 6, 3), dtype=np.uint8)
    picture[:, 3:] = height
    return picture


def test_edges_of_a_step_by_hand():
    """Sobel's rows have weights 1, 2, 1: a step of 20 gives 4 x 20 on either side of it."""
    assert dataset.edge_magnitude(step(20)).tolist() == [[0, 0, 80, 80, 0, 0]] * 5
    rotated = np.ascontiguousarray(step(20).transpose(1, 0, 2))
    assert dataset.edge_magnitude(rotated).T.tolist() == [[0, 0, 80, 80, 0, 0]] * 5


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
        assert np.array_equal(dataset.edge_magnitude(placed), expected)


def test_strong_edges_are_clipped_at_255():
    assert dataset.edge_magnitude(step(200))[0].tolist() == [0, 0, 255, 255, 0, 0]


def test_edges_use_the_luminance():
    """.299 red: a red step of 200 is a grey one of 60, a blue one (.114) of 23."""
    red, blue = step(0), step(0)
    red[:, 3:, 0] = 200
    blue[:, 3:, 2] = 200
    assert dataset.edge_magnitude(red)[0, 2] == 240
    assert dataset.edge_magnitude(blue)[0, 2] == pytest.approx(4 * 22.8, abs=2)


@pytest.mark.parametrize("channels", [3, 4, 5])
def test_a_flipped_view_is_the_mirror_image(channels, tiny):
    views = ViewDataset(tiny.crops, channels, None)
    straight, label = views[View(4, 1, False, 0)]
    flipped, _ = views[View(4, 1, True, 0)]
    assert label == 1 and straight.dtype == torch.uint8
    assert straight.shape == (channels, 32, 64)
    assert torch.equal(flipped, straight.flip(-1))
    assert not torch.equal(flipped, straight)


def test_without_a_transform_the_seed_has_no_effect(tiny):
    views = ViewDataset(tiny.crops, 4, None)
    assert torch.equal(views[View(0, 0, False, 1)][0], views[View(0, 0, False, 2)][0])
    assert np.array_equal(views[View(5, 0, False, 1)][0], np.load(tiny.crops)[5].transpose(2, 0, 1))


def test_the_packed_file_is_never_written(tiny):
    before = tiny.crops.read_bytes()
    picture, _ = ViewDataset(tiny.crops, 4, None)[View(0, 0, False, 0)]
    picture.zero_()
    assert tiny.crops.read_bytes() == before
    assert ViewDataset(tiny.crops, 4, None)[View(0, 0, False, 0)][0].any()


def strength(**some: float) -> Augment:
    return Augment.model_validate(dict.fromkeys(Augment.model_fields, 0) | some)


def test_a_mask_is_emptied_as_often_as_asked_and_nothing_else(tiny):
    views = ViewDataset(tiny.crops, 4, strength(mask_dropout=0.5))
    plain = ViewDataset(tiny.crops, 4, None)[View(0, 0, False, 0)][0]
    sampled = [views[View(0, 0, False, seed)][0] for seed in range(200)]
    assert all(torch.equal(view[:3], plain[:3]) for view in sampled)
    empty = sum(not view[3].any() for view in sampled)
    assert 70 <= empty <= 130
    assert all(torch.equal(view[3], plain[3]) for view in sampled if view[3].any())


def test_an_animal_gets_a_background_of_the_training_set(tiny):
    """Of rows 4 and 5 alone; the animal itself, away from its edge, is untouched."""
    views = ViewDataset(tiny.crops, 4, strength(background=1.0), np.array([4, 5]))
    packed = np.load(tiny.crops)
    corners = set()
    for seed in range(20):
        view = views[View(0, 0, False, seed)][0].numpy().transpose(1, 2, 0)
        assert np.array_equal(view[8:-8, 12:-12], packed[0][8:-8, 12:-12])
        assert np.array_equal(view[:, :, 3], packed[0][:, :, 3])
        corners.add(tuple(view[0, 0, :3]))
    assert corners == {tuple(packed[row][0, 0, :3]) for row in (4, 5)}
    never = ViewDataset(tiny.crops, 4, strength(), np.array([4, 5]))
    assert np.array_equal(never[View(0, 0, False, 0)][0], packed[0].transpose(2, 0, 1))


def test_workers_give_the_same_views(tiny):
    strong = {
        "rotate": 20,
        "zoom": 0.3,
        "perspective": 0.2,
        "brightness": 0.4,
        "noise": 1,
        "erase": 1,
        "mask_dropout": 0.5,
        "background": 0.5,
    }
    keys = [[View(row, row % 6, bool(row % 2), 17 * row + n) for row in range(6)] for n in range(4)]
    seen = []
    for workers in (0, 1, 2):
        views = ViewDataset(tiny.crops, 5, strength(**strong), np.arange(6))
        loader = DataLoader(views, batch_sampler=keys, num_workers=workers)
        seen.append([(crops.clone(), labels.clone()) for crops, labels in loader])
    for others in seen[1:]:
        for (crops, labels), (same_crops, same_labels) in zip(seen[0], others, strict=True):
            assert torch.equal(crops, same_crops) and torch.equal(labels, same_labels)
    assert not torch.equal(seen[0][0][0], seen[0][1][0])  # another seed, another view
