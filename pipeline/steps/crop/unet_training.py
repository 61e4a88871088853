"""Training of the U-Net."""

from collections.abc import Iterator
from itertools import chain, islice
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm import tqdm

from pipeline.params import UNet
from pipeline.steps.crop import boxes, unet
from pipeline.steps.crop.half_batches import HalfBatches
from pipeline.steps.crop.unet import SegmentationNet
from pipeline.system.workers import start_workers
from pipeline.training.loop import gradient_step, run_steps
from pipeline.training.schedule import set_one_cycle

HELD_OUT = 0.1  # of the masks, to evaluate the net
WARM_UP = 0.2  # of the steps
WEIGHT_DECAY = 0.01
DETAIL = 2  # the stored thumbnails' side over the net's, for the second pass
# Views that a net is trained on at most, however many masks there are; if so, in batches LARGER
# times the parameter, which two cores share. With 1,100 of the demo's masks, mean IoU of masks and
# boxes of 300 others: .914 and .887 after 400 batches of 8, .908 and .890 after 200 of 16.
MOST_VIEWS, LARGER = 4000, 2
CLOSER = 0.7  # fraction of the views that show the animal's surroundings, as the second pass
# Light augmentation: largest rotation (radians), zoom (powers of 2), shift (fraction of half a
# side), and change of contrast, of one colour against the others, and of brightness.
ROTATE, ZOOM, SHIFT, CONTRAST, COLOUR, BRIGHTNESS = 0.2, 0.3, 0.15, 0.3, 0.1, 0.2


def train(
    thumbnails: np.ndarray, settings: UNet, device: torch.device
) -> tuple[SegmentationNet, np.ndarray]:
    """Train a U-Net on uint8 N x D x D x 4 (RGB and the mask, 0 to 255), D = DETAIL x its size.

    Returns the net, and the rows of the tenth of the thumbnails that was held out.
    """
    generator = torch.Generator().manual_seed(settings.seed)
    net = unet.build(settings.seed, device)
    held_out, rows = split_rows(len(thumbnails), generator)
    optimizer = torch.optim.AdamW(net.parameters(), weight_decay=WEIGHT_DECAY, fused=True)
    limited = settings.epochs * len(rows) > MOST_VIEWS
    batch = settings.batch * (LARGER if limited else 1)
    batches = -(-len(rows) // batch)
    steps = min(settings.epochs * batches, -(-MOST_VIEWS // batch))
    epochs = (shuffle_rows(rows, batches, generator) for _ in range(settings.epochs))
    first = islice(chain.from_iterable(epochs), steps)
    progress = tqdm(first, total=steps, desc="u-net", unit="step", mininterval=2)

    def set_rate(step: int) -> float:
        return set_one_cycle(optimizer, settings.learning_rate, step, steps, WARM_UP)

    def load_views(batch: np.ndarray) -> Tensor:
        return sample_views(thumbnails[batch], settings.size, generator, device)

    net.train()
    with start_workers() as pool:
        halves = HalfBatches(net, len(rows) // batches, pool)

        def update(batch: np.ndarray) -> Tensor:
            loss, gradient = halves.compute_gradient(compute_loss, load_views(batch))

            def backward(_: Tensor) -> None:
                for weight, slope in zip(halves.weights, gradient, strict=True):
                    weight.grad = slope

            return gradient_step({"overlap": loss}, optimizer, backward)

        for _ in run_steps(progress, set_rate, update):
            pass
    halves.join_statistics()
    return net, held_out


def compute_loss(net: nn.Module, views: Tensor) -> Tensor:
    """The net's loss on views, B x 4 x S x S as of `sample_views`."""
    return overlap_loss(unet.compute_logits(cast(SegmentationNet, net), views[:, :3]), views[:, 3])


def split_rows(count: int, generator: torch.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Split rows 0 to count - 1 at random: a tenth held out (none of fewer than ten), the rest."""
    order = torch.randperm(count, generator=generator).numpy()
    held_out = int(count * HELD_OUT)
    return order[:held_out], order[held_out:]


def shuffle_rows(
    rows: np.ndarray, batches: int, generator: torch.Generator
) -> Iterator[np.ndarray]:
    """Yield an epoch in batches of nearly equal size: batch norm can't take a last batch of one."""
    order = torch.randperm(len(rows), generator=generator).numpy()
    yield from np.array_split(rows[order], batches)


def sample_views(
    thumbnails: np.ndarray, size: int, generator: torch.Generator, device: torch.device
) -> Tensor:
    """Sample one view of each of uint8 B x D x D x 4, as float B x 4 x size x size on the device.

    Colours range from -1 to 1, the mask from 0 to 1. A view shows the whole photograph or the
    animal's surroundings, mirrored, rotated, zoomed and shifted, with other colours.
    """
    batch = to_tensor(thumbnails, device)
    affine = sample_affine(thumbnails[..., 3], generator).to(device)
    grid = F.affine_grid(affine, [len(batch), 4, size, size], align_corners=False)
    colours = F.grid_sample(batch[:, :3], grid, padding_mode="border", align_corners=False)
    mask = F.grid_sample(batch[:, 3:], grid, padding_mode="zeros", align_corners=False)
    contrast = 1 + sample_uniform(generator, CONTRAST, len(batch), 1, 1, 1)
    contrast = contrast + sample_uniform(generator, COLOUR, len(batch), 3, 1, 1)
    brightness = sample_uniform(generator, BRIGHTNESS, len(batch), 1, 1, 1)
    colours = colours * contrast.to(device) + brightness.to(device)
    return torch.cat([colours, mask], dim=1).contiguous(memory_format=torch.channels_last)


def to_tensor(thumbnails: np.ndarray, device: torch.device) -> Tensor:
    """Turn uint8 B x D x D x 4 into float B x 4 x D x D: colours -1 to 1, mask 0 to 1."""
    colours = unet.normalise(thumbnails[..., :3], device)
    masks = torch.from_numpy(thumbnails[..., 3]).to(device)
    return torch.cat([colours, masks.unsqueeze(1) / 255], dim=1)


def sample_affine(masks: np.ndarray, generator: torch.Generator) -> Tensor:
    """Sample each view's place on its thumbnail (-1 to 1): F.affine_grid's B x 2 x 3."""
    count = len(masks)
    close = torch.rand(count, generator=generator) < CLOSER
    frames = [
        surroundings(mask) if c else (0, 0, 1, 1) for mask, c in zip(masks, close, strict=True)
    ]
    x, y, width, height = torch.tensor(frames, dtype=torch.float32).T
    zoom = 2 ** sample_uniform(generator, ZOOM, count)
    angle = sample_uniform(generator, ROTATE, count)
    mirror = sample_uniform(generator, 1.0, count).sign()
    shift = sample_uniform(generator, SHIFT, 2, count)
    cos, sin = zoom * angle.cos(), zoom * angle.sin()
    rows = [mirror * cos * width, -mirror * sin * width, x + shift[0] * width]
    rows += [sin * height, cos * height, y + shift[1] * height]
    return torch.stack(rows, dim=1).view(-1, 2, 3)


def surroundings(mask: np.ndarray) -> tuple[float, float, float, float]:
    """The second pass's frame: centre and half sides, the thumbnail's edges being -1 and 1."""
    side = len(mask)
    frame = boxes.upright_frame(boxes.mask_box(mask)).pad(unet.SURROUNDINGS)
    return 2 * frame.x / side - 1, 2 * frame.y / side - 1, frame.width / side, frame.height / side


def sample_uniform(generator: torch.Generator, limit: float, *shape: int) -> Tensor:
    """Sample uniform random numbers from -limit to limit."""
    return limit * (2 * torch.rand(*shape, generator=generator) - 1)


def overlap_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Binary cross-entropy plus Dice, B x S x S each; targets may lie between 0 and 1."""
    predicted = logits.sigmoid()
    shared = 2 * (predicted * target).sum((1, 2)) + 1
    dice = 1 - shared / (predicted.sum((1, 2)) + target.sum((1, 2)) + 1)
    return F.binary_cross_entropy_with_logits(logits, target) + dice.mean()
