"""The U-Net that fills in missing masks."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from pipeline.data import held_out_masks
from pipeline.models import folding
from pipeline.steps.crop import boxes, unet, unet_evaluation, unet_training
from tests.pipeline.steps.crop import synthetic

CPU = torch.device("cpu")


def training_examples(count, seed=0):
    side = 32 * unet_training.DETAIL
    pairs = (
        (synthetic.photograph(m, seed + i), m)
        for i, m in enumerate(synthetic.scattered(count, seed))
    )
    return np.stack(
        [np.dstack([unet.make_thumbnail(p, side), unet.make_thumbnail(m, side)]) for p, m in pairs]
    )


@pytest.fixture(scope="module")
def trained():
    net, _ = unet_training.train(training_examples(40), synthetic.UNET, CPU)
    return net


def find_masks(net, photographs, given, threads=2):
    with ThreadPoolExecutor(threads) as pool:
        return unet.find_masks(net.eval(), 32, photographs, given, pool)


def test_it_finds_ellipses_after_training(trained):
    unseen = training_examples(20, seed=100)
    names = np.array([f"{number}.png" for number in range(20)])
    untrained = unet_evaluation.evaluate(unet.build(0, CPU), 32, names, unseen, "mask")
    evaluated = unet_evaluation.evaluate(trained, 32, names, unseen, "mask")
    assert evaluated.masks.mean() > 0.8 and evaluated.masks.mean() > untrained.masks.mean() + 0.2
    assert evaluated.boxes.mean() > 0.8
    assert (np.diff(evaluated.masks) >= 0).all() and sorted(evaluated.names) == sorted(names)
    # the pictures are those of the worst, with the mask held out
    worst = int(evaluated.names[0].removesuffix(".png"))
    first = evaluated.pictures[0]
    assert len(evaluated.pictures) == held_out_masks.PICTURES
    assert np.array_equal(first[..., :3], unseen[worst][..., :3])
    assert np.array_equal(first[..., 3] > 0, unseen[worst][..., 3] > 127)
    assert unet_evaluation.mask_iou(first[..., 3], first[..., 4]) == evaluated.masks[0]


def test_the_masks_held_out_are_read_as_written(trained, tmp_path):
    written = unet_evaluation.evaluate(
        trained, 32, np.array(["a", "b"]), training_examples(2, 50), "grabcut"
    )
    for masks in (written, held_out_masks.build_empty()):
        masks.save(tmp_path / "held_out.npz")
        read = held_out_masks.HeldOutMasks.load(tmp_path / "held_out.npz")
        assert read.source == masks.source
        for name in ("names", "masks", "boxes", "pictures"):
            assert np.array_equal(getattr(read, name), getattr(masks, name))


def test_a_net_that_finds_nothing_has_overlap_0(monkeypatch):
    monkeypatch.setattr(unet, "find_masks", lambda net, size, photographs, boxes, pool: [None])
    evaluated = unet_evaluation.evaluate(
        unet.build(0, CPU), 32, np.array(["a"]), training_examples(1), "mask"
    )
    assert evaluated.masks.tolist() == [0] and evaluated.boxes.tolist() == [0]
    assert not evaluated.pictures[0, ..., 4].any()


def test_overlap():
    a, b = np.zeros((2, 4), np.uint8), np.zeros((2, 4), np.uint8)
    assert unet_evaluation.mask_iou(a, b) == 0
    a[0], b[:, 0] = 255, 255  # four pixels, and two with one in common
    assert unet_evaluation.mask_iou(a, b) == 1 / 5


def test_masks_have_the_photographs_size(trained):
    truth = synthetic.ellipse(size=(240, 150), centre=(120, 75), axes=(80, 30))
    (mask,) = find_masks(trained, [synthetic.photograph(truth)], [None])
    assert mask.shape == (150, 240) and set(np.unique(mask)) == {0, 255}
    assert synthetic.iou(mask, truth) > 0.75


def test_a_mask_stays_inside_the_given_box(trained):
    (mask,) = find_masks(trained, [synthetic.photograph(synthetic.ellipse())], [(30, 30, 90, 50)])
    assert mask.any() and not mask[:30].any() and not mask[:, 90:].any()


def test_the_same_seed_gives_the_same_weights():
    quick = synthetic.UNET.model_copy(update={"epochs": 1})
    first, second = (
        unet_training.train(training_examples(8), quick, CPU)[0].state_dict() for _ in range(2)
    )
    assert all(torch.equal(first[key], second[key]) for key in first)


@pytest.mark.parametrize("fraction, expected", [(0.001, False), (0.3, True), (0.99, False)])
def test_tiny_and_huge_masks_are_implausible(fraction, expected):
    mask = np.zeros((100, 100), np.uint8)
    mask.flat[: int(fraction * mask.size)] = 255
    assert unet.is_plausible(mask) is expected


def test_a_region_is_mapped_back_to_the_photograph():
    matrix = boxes.transform(boxes.upright_frame((40, 20, 72, 52)), 32, 32)  # a shift by (40, 20)
    probability = np.zeros((32, 32), np.uint8)
    probability[10:14, 5:20] = 255
    region = unet.extract_region(probability, matrix, (80, 120), None)
    assert region.shape == (80, 120) and boxes.mask_box(region) == (45, 30, 60, 34)
    assert unet.extract_region(probability, matrix, (80, 120), (0, 0, 50, 80))[:, 50:].max() == 0
    assert unet.extract_region(probability // 3, matrix, (80, 120), None) is None


def test_probabilities_of_0_give_no_mask(monkeypatch):
    monkeypatch.setattr(unet, "predict", lambda _, views, pool: np.zeros(views.shape[:3], np.uint8))
    net = torch.nn.Module()
    assert find_masks(net, [synthetic.photograph(synthetic.ellipse())], [None]) == [None]


def test_the_first_pass_finds_a_box_as_fine_as_the_nets_grid():
    """Of 160 x 80 pixels a cell of 32 x 32 is 5 x 2.5: columns 4 to 11, rows 8 to 15."""
    photograph = np.zeros((80, 160, 3), np.uint8)
    probability = np.zeros((32, 32), np.uint8)
    probability[8:16, 4:12], probability[20, 20], probability[0, 30] = 255, 255, 102
    assert unet.find_box(probability, photograph) == (20, 20, 60, 40)
    assert unet.find_box(np.full((32, 32), 102, np.uint8), photograph) is None
    # a photograph smaller than the grid
    assert unet.find_box(probability, photograph[:1, :1]) == (0, 0, 1, 1)


def test_a_given_box_needs_no_first_pass(monkeypatch):
    """Of three photographs, the second one has a box: two are seen whole, and all three closer."""
    seen = []

    def predict(_, views, pool):
        seen.append(len(views))
        return np.full(views.shape[:3], 255, np.uint8)

    monkeypatch.setattr(unet, "predict", predict)
    photographs = [synthetic.photograph(synthetic.ellipse())] * 3
    masks = find_masks(torch.nn.Module(), photographs, [None, (30, 20, 90, 60), None])
    assert seen == [2, 3]
    # all of a photograph is no animal; all of the box is one
    assert masks[0] is None and masks[2] is None and boxes.mask_box(masks[1]) == (30, 20, 90, 60)


def test_the_number_of_threads_changes_no_mask(trained):
    photographs = [synthetic.photograph(mask) for mask in synthetic.scattered(20, seed=9)]
    one, three = (find_masks(trained, photographs, [None] * 20, threads) for threads in (1, 3))
    assert len(photographs) > unet.BATCH  # so that there are several batches
    assert all(np.array_equal(a, b) for a, b in zip(one, three, strict=True))


def test_folded_batch_norms_change_no_logit(trained):
    folded = unet.fold(trained)
    assert not any(folding.is_batch_norm(module) for module in folded.modules())
    assert any(folding.is_batch_norm(module) for module in trained.modules())
    pictures = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        nets = (trained.eval(), folded)
        plain, quick = (net.segmentation_head(net.decoder(net.encoder(pictures))) for net in nets)
    assert torch.allclose(plain, quick, atol=1e-3 * plain.abs().max().item())


def test_the_encoder_has_its_imagenet_weights():
    net = unet.build(0, CPU)
    expected = unet.weights.lite_state_dict(unet.ENCODER)["conv_stem.weight"]
    assert torch.equal(net.encoder.model.conv_stem.weight, expected)


def test_views_transform_image_and_mask_alike():
    generator = torch.Generator().manual_seed(0)
    sampled = unet_training.sample_views(training_examples(8), 32, generator, CPU)
    assert sampled.shape == (8, 4, 32, 32)
    inside, outside = sampled[:, 3] > 0.99, sampled[:, 3] < 0.01
    assert (sampled[:, 0][inside].mean() - sampled[:, 0][outside].mean()) > 0.5


def test_the_surroundings_of_a_mask():
    # A box of 20 x 10 in the middle of 100 x 100, grown to 1.6 times its sides.
    mask = np.zeros((100, 100), np.uint8)
    mask[45:55, 40:60] = 255
    assert unet_training.surroundings(mask) == pytest.approx((0, 0, 0.32, 0.16))


def test_batches_are_nearly_equal():
    generator = torch.Generator().manual_seed(0)
    sizes = [len(b) for b in unet_training.shuffle_rows(np.arange(17), 3, generator)]
    assert sorted(sizes) == [5, 6, 6]


@pytest.mark.parametrize(
    ("most", "sizes"),
    # 2 epochs of 4 batches of 4; or batches of 8 for at most 24, 17 and 1 views
    [(32, [4] * 8), (24, [8] * 3), (17, [8] * 3), (1, [8])],
)
def test_the_views_of_a_training_are_limited(monkeypatch, most, sizes):
    batches = []

    def sample(thumbnails, size, generator, device):
        batches.append(len(thumbnails))
        return torch.rand(len(thumbnails), 4, size, size)

    monkeypatch.setattr(unet_training, "sample_views", sample)
    monkeypatch.setattr(unet_training, "MOST_VIEWS", most)
    settings = synthetic.UNET.model_copy(update={"epochs": 2, "batch": 4})
    unet_training.train(training_examples(17), settings, CPU)
    assert batches == sizes  # 16 of 17 are trained on


def test_a_tenth_is_held_out_and_none_of_fewer_than_ten():
    generator = torch.Generator().manual_seed(0)
    held_out, rows = unet_training.split_rows(20, generator)
    assert len(held_out) == 2 and sorted([*held_out, *rows]) == list(range(20))
    assert len(unet_training.split_rows(9, generator)[0]) == 0


def test_the_loss_by_hand():
    # Logits of 0 are probabilities of one half. BCE: ln 2; Dice: 1 - (2 x 2 + 1) / (4 + 4 + 1).
    target = torch.tensor([[[1.0, 1.0, 1.0, 1.0], [0.0, 0.0, 0.0, 0.0]]])
    loss = unet_training.overlap_loss(torch.zeros(1, 2, 4), target)
    assert loss.item() == pytest.approx(np.log(2) + 1 - 5 / 9)
