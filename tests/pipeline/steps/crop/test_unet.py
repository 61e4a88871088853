"""The U-Net that fills in missing masks."""

import numpy as np
import pytest
import torch

from pipeline.data import held_out_masks
from pipeline.steps.crop import boxes, unet, unet_training
from tests.pipeline.steps.crop import synthetic

CPU = torch.device("cpu")


def lessons(count, seed=0):
    side = 32 * unet_training.DETAIL
    pairs = (
        (synthetic.photograph(m, seed + i), m)
        for i, m in enumerate(synthetic.scattered(count, seed))
    )
    return np.stack(
        [np.dstack([unet.thumbnail(p, side), unet.thumbnail(m, side)]) for p, m in pairs]
    )


@pytest.fixture(scope="module")
def trained():
    net, _ = unet_training.train(lessons(40), synthetic.UNET, CPU)
    return net


def test_it_learns_ellipses(trained):
    unseen = lessons(20, seed=100)
    names = np.array([f"{number}.png" for number in range(20)])
    untrained = unet_training.compared(unet.build(0, CPU), 32, names, unseen, "mask")
    learnt = unet_training.compared(trained, 32, names, unseen, "mask")
    assert learnt.masks.mean() > 0.8 and learnt.masks.mean() > untrained.masks.mean() + 0.2
    assert learnt.boxes.mean() > 0.8
    assert (np.diff(learnt.masks) >= 0).all() and sorted(learnt.names) == sorted(names)
    # the pictures are those of the worst, with the mask that was not shown to the net
    worst = int(learnt.names[0].removesuffix(".png"))
    first = learnt.pictures[0]
    assert len(learnt.pictures) == held_out_masks.SHOWN
    assert np.array_equal(first[..., :3], unseen[worst][..., :3])
    assert np.array_equal(first[..., 3] > 0, unseen[worst][..., 3] > 127)
    assert unet_training.mask_iou(first[..., 3], first[..., 4]) == learnt.masks[0]


def test_what_was_held_out_is_read_as_it_was_written(trained, tmp_path):
    written = unet_training.compared(trained, 32, np.array(["a", "b"]), lessons(2, 50), "grabcut")
    for one in (written, held_out_masks.nothing()):
        one.save(tmp_path / "held_out.npz")
        read = held_out_masks.UnseenMasks.load(tmp_path / "held_out.npz")
        assert read.source == one.source
        for name in ("names", "masks", "boxes", "pictures"):
            assert np.array_equal(getattr(read, name), getattr(one, name))


def test_a_net_that_finds_nothing_overlaps_nothing(monkeypatch):
    monkeypatch.setattr(unet, "masks", lambda net, size, photographs, boxes: [None])
    found = unet_training.compared(None, 32, np.array(["a"]), lessons(1), "mask")
    assert found.masks.tolist() == [0] and found.boxes.tolist() == [0]
    assert not found.pictures[0, ..., 4].any()


def test_overlap():
    one, other = np.zeros((2, 4), np.uint8), np.zeros((2, 4), np.uint8)
    assert unet_training.mask_iou(one, other) == 0
    one[0], other[:, 0] = 255, 255  # four pixels, and two of which one is common
    assert unet_training.mask_iou(one, other) == 1 / 5


def test_masks_have_the_photographs_size(trained):
    truth = synthetic.ellipse(size=(240, 150), centre=(120, 75), axes=(80, 30))
    (mask,) = unet.masks(trained, 32, [synthetic.photograph(truth)], [None])
    assert mask.shape == (150, 240) and set(np.unique(mask)) == {0, 255}
    assert synthetic.iou(mask, truth) > 0.75


def test_a_mask_stays_inside_the_given_box(trained):
    (mask,) = unet.masks(
        trained, 32, [synthetic.photograph(synthetic.ellipse())], [(30, 30, 90, 50)]
    )
    assert mask.any() and not mask[:30].any() and not mask[:, 90:].any()


def test_the_same_seed_gives_the_same_weights():
    quick = synthetic.UNET.model_copy(update={"epochs": 1})
    one, two = (unet_training.train(lessons(8), quick, CPU)[0].state_dict() for _ in range(2))
    assert all(torch.equal(one[key], two[key]) for key in one)


@pytest.mark.parametrize("share, expected", [(0.001, False), (0.3, True), (0.99, False)])
def test_almost_nothing_and_almost_all_are_implausible(share, expected):
    mask = np.zeros((100, 100), np.uint8)
    mask.flat[: int(share * mask.size)] = 255
    assert unet.plausible(mask) is expected


def test_a_region_comes_back_to_its_place():
    matrix = boxes.transform(boxes.upright((40, 20, 72, 52)), 32, 32)  # a shift by (40, 20)
    probability = np.zeros((32, 32), np.float32)
    probability[10:14, 5:20] = 1
    found = unet.region(probability, matrix, (80, 120), None)
    assert found.shape == (80, 120) and boxes.mask_box(found) == (45, 30, 60, 34)
    assert unet.region(probability, matrix, (80, 120), (0, 0, 50, 80))[:, 50:].max() == 0
    assert unet.region(probability * 0.3, matrix, (80, 120), None) is None


def test_a_net_that_sees_nothing_gives_no_mask(monkeypatch):
    monkeypatch.setattr(unet, "probabilities", lambda _, views: np.zeros(views.shape[:3], "f4"))
    assert unet.masks(None, 32, [synthetic.photograph(synthetic.ellipse())], [None]) == [None]


def test_the_encoder_has_its_imagenet_weights():
    net = unet.build(0, CPU)
    expected = unet.weights.lite_state_dict(unet.ENCODER)["conv_stem.weight"]
    assert torch.equal(net.encoder.model.conv_stem.weight, expected)


def test_views_move_image_and_mask_together():
    seen = unet_training.views(lessons(8), 32, torch.Generator().manual_seed(0))
    assert seen.shape == (8, 4, 32, 32)
    inside, outside = seen[:, 3] > 0.99, seen[:, 3] < 0.01
    assert (seen[:, 0][inside].mean() - seen[:, 0][outside].mean()) > 0.5


def test_the_surroundings_of_a_mask():
    # A box of 20 x 10 in the middle of 100 x 100, grown to 1.6 times its sides.
    mask = np.zeros((100, 100), np.uint8)
    mask[45:55, 40:60] = 255
    assert unet_training.surroundings(mask) == pytest.approx((0, 0, 0.32, 0.16))


def test_batches_are_nearly_equal():
    generator = torch.Generator().manual_seed(0)
    sizes = [len(b) for b in unet_training.shuffled(np.arange(17), 3, generator)]
    assert sorted(sizes) == [5, 6, 6]


def test_a_tenth_is_held_out_and_nothing_of_a_few():
    generator = torch.Generator().manual_seed(0)
    held, kept = unet_training.split(20, generator)
    assert len(held) == 2 and sorted([*held, *kept]) == list(range(20))
    assert len(unet_training.split(9, generator)[0]) == 0


def test_the_loss_by_hand():
    # Logits of 0 are probabilities of one half. BCE: ln 2; Dice: 1 - (2 x 2 + 1) / (4 + 4 + 1).
    target = torch.tensor([[[1.0, 1.0, 1.0, 1.0], [0.0, 0.0, 0.0, 0.0]]])
    loss = unet_training.overlap_loss(torch.zeros(1, 2, 4), target)
    assert loss.item() == pytest.approx(np.log(2) + 1 - 5 / 9)
