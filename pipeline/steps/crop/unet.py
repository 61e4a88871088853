"""A small U-Net (Ronneberger et al. 2015, arXiv 1505.04597) that finds the animal's pixels.

Its encoder is EfficientNet-Lite0 with ImageNet weights. It segments in two passes: the whole
photograph, stretched to a small square, and then the surroundings of the animal found, or of the
given box. Probabilities are stretched back before thresholding, which is finer than the net's grid.
"""

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from pipeline.data.warping import warp
from pipeline.models import weights
from pipeline.steps.crop import boxes
from pipeline.steps.crop.boxes import Box, Frame
from pipeline.system.device import is_half_precision_faster

ENCODER = "tf_efficientnet_lite0"
# Down to a sixteenth of the side: one stage more costs a third more time and is no better (mean IoU
# on the demo's held-out masks .898 with it, .903 without).
DEPTH, BLOCKS = 4, 5
DECODER = (128, 64, 32, 16)  # channels, coarse to fine; half of the usual, and as good here
# Padding of the box in the second pass: the first misses thin tips.
SURROUNDINGS = 0.3
# Above this probability a pixel is the animal: at one half, thin tips and so the box fall short.
THRESHOLD = 0.4
STRIP = 2**24  # pixels that are enlarged at once
# A smaller or larger fraction of the photograph is a failure and not an animal.
PLAUSIBLE = (0.005, 0.95)


class SegmentationNet(nn.Module):
    """The attributes of a U-Net that are used here, for type checkers."""

    encoder: nn.Module
    decoder: nn.Module
    segmentation_head: nn.Module


def build(seed: int, device: torch.device) -> SegmentationNet:
    """Build the untrained U-Net: B x 3 x S x S (mean = std = 0.5) to B x 1 x S x S logits."""
    # imported here because it takes seconds and many competitions need no U-Net
    import segmentation_models_pytorch as smp

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
    return net.to(device, memory_format=torch.channels_last)


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

    The decoder works in half precision if that pays: with it a step of training took a quarter less
    time on a CPU with AMX. The encoder's depthwise convolutions would take longer.
    """
    half = is_half_precision_faster(net.decoder)
    maps = net.encoder(pictures)
    with torch.autocast(pictures.device.type, dtype=torch.bfloat16, enabled=half):
        logits = net.segmentation_head(net.decoder(maps))
    return logits[:, 0].float()


@torch.inference_mode()
def predict(net: SegmentationNet, thumbnails: np.ndarray) -> np.ndarray:
    """Probability of the animal in each pixel of uint8 B x S x S x 3, float B x S x S."""
    net.eval()
    pictures = normalise(thumbnails, next(net.parameters()).device)
    return torch.sigmoid(compute_logits(net, pictures)).cpu().numpy()


def find_masks(
    net: SegmentationNet, size: int, photographs: list[np.ndarray], given: list[Box | None]
) -> list[np.ndarray | None]:
    """Find a mask, 0 and 255, for each uint8 H x W x 3 photograph; None if none is plausible.

    The mask lies inside the given box, if there is one.
    """
    whole = [boxes.upright_frame((0, 0, p.shape[1], p.shape[0])) for p in photographs]
    first = segment_frames(net, size, photographs, whole, given)
    closer = [
        closer_frame(frame, box, mask) for frame, box, mask in zip(whole, given, first, strict=True)
    ]
    second = segment_frames(net, size, photographs, closer, given)
    return [mask if mask is not None and is_plausible(mask) else None for mask in second]


def closer_frame(frame: Frame, box: Box | None, mask: np.ndarray | None) -> Frame:
    """The second pass's frame: the surroundings of the box or mask; `frame` if there is neither."""
    if box is None and mask is not None:
        box = boxes.mask_box(mask)
    return frame if box is None else boxes.upright_frame(box).pad(SURROUNDINGS)


def segment_frames(
    net: SegmentationNet,
    size: int,
    photographs: list[np.ndarray],
    frames: list[Frame],
    given: list[Box | None],
) -> list[np.ndarray | None]:
    """Segment each photograph within its frame; masks as of `extract_region`."""
    matrices = [boxes.transform(frame, size, size) for frame in frames]
    views = [
        warp(photograph, matrix, size, size, cv2.BORDER_REPLICATE)
        for photograph, matrix in zip(photographs, matrices, strict=True)
    ]
    probabilities = predict(net, np.stack(views))
    return [
        extract_region(probability, matrix, photograph.shape[:2], box)
        for probability, matrix, photograph, box in zip(
            probabilities, matrices, photographs, given, strict=True
        )
    ]


def extract_region(
    probability: np.ndarray, matrix: np.ndarray, shape: tuple[int, int], box: Box | None
) -> np.ndarray | None:
    """The largest region above the threshold (inside the box), uint8 H x W; None for none.

    `matrix` maps the photograph, of `shape` (height, width), to the probability's pixels.
    """
    full = threshold_enlarged(probability, cv2.invertAffineTransform(matrix), shape)
    return boxes.largest_component(boxes.clip_mask(full, box) if box else full)


def threshold_enlarged(
    probability: np.ndarray, matrix: np.ndarray, shape: tuple[int, int]
) -> np.ndarray:
    """Where the probability, warped to `shape`, is above the threshold: uint8 H x W, 0 and 1.

    In strips, because a probability takes four times the memory of the mask.
    """
    height, width = shape
    rows = max(1, STRIP // width)
    full = np.empty(shape, np.uint8)
    for top in range(0, height, rows):
        strip = full[top : top + rows]
        down = matrix + np.array([[0, 0, 0], [0, 0, -top]])
        warped = cv2.warpAffine(probability, down, strip.shape[::-1], flags=cv2.INTER_LINEAR)
        strip[:] = warped > THRESHOLD
    return full


def is_plausible(mask: np.ndarray) -> bool:
    """True if the mask's fraction of the photograph can be an animal."""
    low, high = PLAUSIBLE
    return bool(low <= np.count_nonzero(mask) / mask.size <= high)
