"""Teaching the U-Net with the given masks, and how good it is at others."""

from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm import tqdm

from pipeline.data import held_out_masks
from pipeline.data.held_out_masks import UnseenMasks
from pipeline.params import UNet
from pipeline.steps.crop import boxes, unet
from pipeline.training.loop import gradient_step, run_steps
from pipeline.training.schedule import set_one_cycle

HELD_OUT = 0.1  # of the masks, to see how good the net is
WARM_UP = 0.2  # of the steps
WEIGHT_DECAY = 0.01
DETAIL = 2  # the stored thumbnails' side over the net's, for the closer look
CLOSER = 0.7  # the share of closer looks among the views
# Light augmentation: largest rotation (radians), zoom (powers of 2), shift (share of half a side),
# and change of contrast, of one colour against the others, and of brightness.
ROTATE, ZOOM, SHIFT, CONTRAST, COLOUR, BRIGHTNESS = 0.2, 0.3, 0.15, 0.3, 0.1, 0.2


def train(
    thumbnails: np.ndarray, settings: UNet, device: torch.device
) -> tuple[nn.Module, np.ndarray]:
    """A U-Net trained on uint8 N x D x D x 4 (RGB and the mask, 0 to 255), D = DETAIL x its size;
    and the numbers of the tenth of them that it was not shown.
    """
    generator = torch.Generator().manual_seed(settings.seed)
    net = unet.build(settings.seed, device)
    held, kept = split(len(thumbnails), generator)
    optimizer = torch.optim.AdamW(net.parameters(), weight_decay=WEIGHT_DECAY)
    batches = -(-len(kept) // settings.batch)
    steps = settings.epochs * batches

    def set_rate(step: int) -> float:
        return set_one_cycle(optimizer, settings.learning_rate, step, steps, WARM_UP)

    def update(chosen: np.ndarray) -> Tensor:
        batch = views(thumbnails[chosen], settings.size, generator).to(device)
        loss = overlap_loss(unet.logits(net, batch[:, :3]), batch[:, 3])
        return gradient_step({"overlap": loss}, optimizer)

    net.train()
    chosen = (
        batch
        for _ in tqdm(range(settings.epochs), desc="u-net", unit="epoch", mininterval=2)
        for batch in shuffled(kept, batches, generator)
    )
    for _ in run_steps(chosen, set_rate, update):
        pass
    return net, held


def split(count: int, generator: torch.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Numbers 0 to count - 1, shuffled: a tenth (none of fewer than ten) and the others."""
    order = torch.randperm(count, generator=generator).numpy()
    held = int(count * HELD_OUT)
    return order[:held], order[held:]


def shuffled(kept: np.ndarray, batches: int, generator: torch.Generator) -> Iterator[np.ndarray]:
    """An epoch in batches of nearly equal size: batch norm can't take a last batch of one."""
    order = torch.randperm(len(kept), generator=generator).numpy()
    yield from np.array_split(kept[order], batches)


def views(thumbnails: np.ndarray, size: int, generator: torch.Generator) -> Tensor:
    """One view of each of uint8 B x D x D x 4, as float B x 4 x size x size.

    Colours run from -1 to 1, the mask from 0 to 1. A view shows all of the photograph or the
    animal's surroundings, mirrored, turned, zoomed and shifted, the colours varied.
    """
    batch = as_batch(thumbnails)
    grid = F.affine_grid(
        placed(thumbnails[..., 3], generator), [len(batch), 4, size, size], align_corners=False
    )
    colours = F.grid_sample(batch[:, :3], grid, padding_mode="border", align_corners=False)
    mask = F.grid_sample(batch[:, 3:], grid, padding_mode="zeros", align_corners=False)
    contrast = 1 + between(generator, CONTRAST, len(batch), 1, 1, 1)
    contrast = contrast + between(generator, COLOUR, len(batch), 3, 1, 1)
    colours = colours * contrast + between(generator, BRIGHTNESS, len(batch), 1, 1, 1)
    return torch.cat([colours, mask], dim=1).contiguous(memory_format=torch.channels_last)


def as_batch(thumbnails: np.ndarray) -> Tensor:
    """uint8 B x D x D x 4 to float B x 4 x D x D: colours -1 to 1, mask 0 to 1."""
    colours = unet.normalised(thumbnails[..., :3], torch.device("cpu"))
    return torch.cat([colours, torch.from_numpy(thumbnails[..., 3]).unsqueeze(1) / 255], dim=1)


def placed(masks: np.ndarray, generator: torch.Generator) -> Tensor:
    """Where each view lies on its thumbnail, as F.affine_grid's B x 2 x 3: -1 to 1 is all of it."""
    count = len(masks)
    close = torch.rand(count, generator=generator) < CLOSER
    frames = [
        surroundings(mask) if c else (0, 0, 1, 1) for mask, c in zip(masks, close, strict=True)
    ]
    x, y, across, down = torch.tensor(frames, dtype=torch.float32).T
    zoom, angle = 2 ** between(generator, ZOOM, count), between(generator, ROTATE, count)
    mirror, shift = between(generator, 1.0, count).sign(), between(generator, SHIFT, 2, count)
    cos, sin = zoom * angle.cos(), zoom * angle.sin()
    rows = [mirror * cos * across, -mirror * sin * across, x + shift[0] * across]
    rows += [sin * down, cos * down, y + shift[1] * down]
    return torch.stack(rows, dim=1).view(-1, 2, 3)


def surroundings(mask: np.ndarray) -> tuple[float, float, float, float]:
    """What the second look will show: centre and half sides, the thumbnail's edges at -1 and 1."""
    side = len(mask)
    frame = boxes.upright(boxes.mask_box(mask)).widened(unet.SURROUNDINGS)
    return 2 * frame.x / side - 1, 2 * frame.y / side - 1, frame.width / side, frame.height / side


def between(generator: torch.Generator, limit: float, *shape: int) -> Tensor:
    """Even random numbers from -limit to limit."""
    return limit * (2 * torch.rand(*shape, generator=generator) - 1)


def overlap_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Binary cross-entropy plus Dice; B x S x S each. Soft targets (a pixel half covered) count."""
    found = logits.sigmoid()
    shared = 2 * (found * target).sum((1, 2)) + 1
    dice = 1 - shared / (found.sum((1, 2)) + target.sum((1, 2)) + 1)
    return F.binary_cross_entropy_with_logits(logits, target) + dice.mean()


def compared(
    net: nn.Module, size: int, names: np.ndarray, thumbnails: np.ndarray, source: str
) -> UnseenMasks:
    """What the net with its two looks finds in uint8 n x D x D x 4 (RGB and a mask that is not
    empty), which it was not shown. `size` is its input's side, `source` whose masks these are.
    """
    if not len(names):
        return held_out_masks.nothing()
    asked = [np.ascontiguousarray(one[..., :3]) for one in thumbnails]
    found = [unet.masks(net, size, [one], [None])[0] for one in asked]
    truth = [np.where(one[..., 3] > 127, np.uint8(255), np.uint8(0)) for one in thumbnails]
    given = [
        np.zeros_like(true) if one is None else one for one, true in zip(found, truth, strict=True)
    ]
    masks = np.array([mask_iou(*pair) for pair in zip(truth, given, strict=True)])
    order = np.argsort(masks, kind="stable")
    pictures = [
        np.dstack([asked[row], truth[row], given[row]]) for row in order[: held_out_masks.SHOWN]
    ]
    around = np.array([[boxes.mask_box(one) for one in own] for own in (truth, given)], float)
    return UnseenMasks(
        names[order].astype(str),
        masks[order],
        boxes.box_iou(*around)[order],
        np.stack(pictures),
        source,
    )


def mask_iou(one: np.ndarray, other: np.ndarray) -> float:
    """Intersection over union of two masks, 0 for no animal; 0 where both are empty."""
    either = ((one > 0) | (other > 0)).sum()
    return float(((one > 0) & (other > 0)).sum() / max(either, 1))
