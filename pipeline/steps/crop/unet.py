"""A small U-Net (Ronneberger et al. 2015, arXiv 1505.04597) that finds the animal's pixels.

Its encoder is EfficientNet-Lite0 with ImageNet weights. It segments in two passes: the whole
photograph, stretched to a small square, and then the surroundings of the animal found, or of the
given box. Probabilities are stretched back before thresholding, which is finer than the net's grid.
"""

import copy
from concurrent.futures import Executor
from functools import partial

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from pipeline.data.warping import warp
from pipeline.models import depthwise, folding, weights
from pipeline.steps.crop import boxes
from pipeline.steps.crop.boxes import Box, Frame
from pipeline.system.device import multiplies_half

ENCODER = "tf_efficientnet_lite0"
# Down to a sixteenth of the side: one stage more costs a third more time and is no better (mean IoU
# on the demo's held-out masks .898 with it, .903 without).
DEPTH, BLOCKS = 4, 5
DECODER = (128, 64, 32, 16)  # channels, coarse to fine; half of the usual, and as good here
# Padding of the box in the second pass: the first misses thin tips.
SURROUNDINGS = 0.3
# Above this probability, of 255, a pixel is the animal: at one half, thin tips and so the box fall
# short. In bytes a photograph's probabilities take no more memory than its mask.
THRESHOLD = 102
BATCH = 16  # views that a CPU's core segments at once; a GPU gets all of a run
PROBE = 64  # pixels per side of a picture that only shows which layer follows which
# A smaller or larger fraction of the photograph is a failure and not an animal.
PLAUSIBLE = (0.005, 0.95)


class SegmentationNet(nn.Module):
    """The attributes of a U-Net that are used here, for type checkers."""

    encoder: nn.Module
    decoder: nn.Module
    segmentation_head: nn.Module


def build(seed: int, device: torch.device) -> SegmentationNet:
    """Build the untrained U-Net: B x 3 x S x S (mean = std = 0.5) to B x 1 x S x S logits."""
    # imported here because they take seconds and many competitions need no U-Net
    import segmentation_models_pytorch as smp

    from pipeline.models.timm_networks import SAME_PADDED

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = smp.Unet(
            f"tu-{ENCODER}", encoder_depth=DEPTH, encoder_weights=None, decoder_channels=DECODER
        )
    # strict=False because an encoder has no classifier; nothing else may differ
    fit = net.encoder.model.load_state_dict(weights.lite_state_dict(ENCODER), strict=False)
    left = [key for key in fit.unexpected_keys if not key.startswith(("conv_head", "bn2", "class"))]
    if fit.missing_keys or left:
        raise RuntimeError(f"{ENCODER}: missing {fit.missing_keys[:3]}, left over {left[:3]}")
    # timm would still compute the deeper blocks, which are not used
    del net.encoder.model.blocks[BLOCKS:]
    depthwise.replace_depthwise(net.encoder.model, SAME_PADDED)
    return net.to(device, memory_format=torch.channels_last)


@torch.no_grad()
def fold(net: SegmentationNet) -> SegmentationNet:
    """A copy for prediction alone, in which convolutions do the work of the batch normalisation.

    A batch takes a quarter less time. `net` stays as it is.
    """
    folded = copy.deepcopy(net).eval().requires_grad_(False)
    noise = torch.randn(1, 3, PROBE, PROBE, generator=torch.Generator().manual_seed(0))
    pictures = noise.to(next(net.parameters()).device)

    def run() -> Tensor:
        return folded.segmentation_head(folded.decoder(folded.encoder(pictures)))

    folding.fold_pairs(set(folded.modules()), run, folded)
    return folded


def make_thumbnail(photograph: np.ndarray, size: int) -> np.ndarray:
    """Stretch a photograph or mask, uint8, to size x size."""
    return cv2.resize(photograph, (size, size), interpolation=cv2.INTER_AREA)


def normalise(thumbnails: np.ndarray, device: torch.device) -> Tensor:
    """Turn uint8 B x S x S x 3 into the network's float input, B x 3 x S x S."""
    pixels = torch.from_numpy(thumbnails).to(device).permute(0, 3, 1, 2)
    pixels = (pixels.float() / 255 - weights.MEAN) / weights.STD
    return pixels.contiguous(memory_format=torch.channels_last)


def compute_logits(net: SegmentationNet, pictures: Tensor) -> Tensor:
    """Apply the net to B x 3 x S x S; B x S x S.

    It works in bf16 where the device multiplies that: on one core with AVX-512's bf16 a step of
    training takes a fifth less time than with the decoder alone in bf16, and prediction too.
    """
    kind = pictures.device.type
    with torch.autocast(kind, dtype=torch.bfloat16, enabled=multiplies_half(kind)):
        logits = net.segmentation_head(net.decoder(net.encoder(pictures)))
    return logits[:, 0].float()


def predict(net: SegmentationNet, thumbnails: np.ndarray, pool: Executor) -> np.ndarray:
    """Probability of the animal in each pixel of uint8 B x S x S x 3, as uint8 B x S x S.

    net : in evaluation mode

    The same photographs are always batched alike, however many threads the pool has.
    """
    if next(net.parameters()).is_cuda:
        return predict_batch(net, thumbnails)
    batches = [thumbnails[at : at + BATCH] for at in range(0, len(thumbnails), BATCH)]
    return np.concatenate(list(pool.map(partial(predict_batch, net), batches)))


@torch.inference_mode()
def predict_batch(net: SegmentationNet, thumbnails: np.ndarray) -> np.ndarray:
    """Predict one batch as `predict` does."""
    pictures = normalise(thumbnails, next(net.parameters()).device)
    probabilities = torch.sigmoid(compute_logits(net, pictures))
    return (probabilities * 255).round().to(torch.uint8).cpu().numpy()


def find_masks(
    net: SegmentationNet,
    size: int,
    photographs: list[np.ndarray],
    given: list[Box | None],
    pool: Executor,
) -> list[np.ndarray | None]:
    """Find a mask, 0 and 255, for each uint8 H x W x 3 photograph; None if none is plausible.

    The mask lies inside the given box, if there is one.
    """
    frames = find_frames(net, size, photographs, given, pool)
    matrices = [boxes.transform(frame, size, size) for frame in frames]
    probabilities = predict(net, view(photographs, matrices, size, pool), pool)
    shapes = [photograph.shape[:2] for photograph in photographs]
    regions = pool.map(extract_region, probabilities, matrices, shapes, given)
    return [region if region is not None and is_plausible(region) else None for region in regions]


def find_frames(
    net: SegmentationNet,
    size: int,
    photographs: list[np.ndarray],
    given: list[Box | None],
    pool: Executor,
) -> list[Frame]:
    """The second pass's frames: the surroundings of the box, given or found in the first pass.

    The whole photograph if neither is there.
    """
    found = list(given)
    missing = [i for i, box in enumerate(given) if box is None]
    if missing:
        without = [photographs[i] for i in missing]
        frames = [boxes.upright_frame(whole_box(photograph)) for photograph in without]
        matrices = [boxes.transform(frame, size, size) for frame in frames]
        probabilities = predict(net, view(without, matrices, size, pool), pool)
        for i, box in zip(missing, map(find_box, probabilities, without), strict=True):
            found[i] = box
    return [
        boxes.upright_frame(whole_box(photograph))
        if box is None
        else boxes.upright_frame(box).pad(SURROUNDINGS)
        for photograph, box in zip(photographs, found, strict=True)
    ]


def whole_box(photograph: np.ndarray) -> Box:
    """The box that is all of a photograph."""
    return 0, 0, photograph.shape[1], photograph.shape[0]


def find_box(probability: np.ndarray, photograph: np.ndarray) -> Box | None:
    """The box, in pixels of the photograph, of the largest region above the threshold, if any.

    probability : of the whole photograph, S x S

    It is as fine as the net's grid, which is enough for the surroundings.
    """
    region = boxes.largest_component((probability > THRESHOLD).astype(np.uint8))
    if region is None:
        return None
    scales = np.tile(whole_box(photograph)[2:], 2) / len(probability)
    x0, y0, x1, y1 = np.rint(boxes.mask_box(region) * scales).astype(int).tolist()
    return x0, y0, max(x1, x0 + 1), max(y1, y0 + 1)


def view(
    photographs: list[np.ndarray], matrices: list[np.ndarray], size: int, pool: Executor
) -> np.ndarray:
    """Warp each photograph by its matrix to what the net sees, B x size x size x 3."""

    def warp_one(photograph: np.ndarray, matrix: np.ndarray) -> np.ndarray:
        return warp(photograph, matrix, size, size, cv2.BORDER_REPLICATE)

    return np.stack(list(pool.map(warp_one, photographs, matrices)))


def extract_region(
    probability: np.ndarray, matrix: np.ndarray, shape: tuple[int, int], box: Box | None
) -> np.ndarray | None:
    """The largest region above the threshold (inside the box), uint8 H x W; None for none.

    `matrix` maps the photograph, of `shape` (height, width), to the probability's pixels.
    """
    inverse = cv2.invertAffineTransform(matrix)
    full = cv2.warpAffine(probability, inverse, shape[::-1], flags=cv2.INTER_LINEAR)
    cv2.threshold(full, THRESHOLD, 1, cv2.THRESH_BINARY, dst=full)
    return boxes.largest_component(boxes.clip_mask(full, box) if box else full)


def is_plausible(mask: np.ndarray) -> bool:
    """True if the mask's fraction of the photograph can be an animal."""
    low, high = PLAUSIBLE
    return bool(low <= np.count_nonzero(mask) / mask.size <= high)
