"""Crops as tensors: mirroring, and the same views in every worker."""

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from pipeline.params import Augment
from pipeline.training.dataset import View, ViewDataset


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
