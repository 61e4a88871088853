"""A small U-Net (Ronneberger et al. 2015, arXiv 1505.04597) that says which pixels are the animal.

Its encoder is EfficientNet-Lite0 with ImageNet weights. It looks twice: at the whole photograph,
stretched to a small square, and then at the surroundings of what it found, or of the given box.
Both answers are stretched back before thresholding, which is finer than the net's own grid.
"""

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from pipeline.data.warping import warp
from pipeline.models import weights
from pipeline.steps.crop import boxes
from pipeline.steps.crop.boxes import Box, Frame
from pipeline.system import device

ENCODER = "tf_efficientnet_lite0"
# Down to a sixteenth of the side: the stage below it costs a third more time and finds no more
# (mean IoU on the demo's held-out masks .898 with it, .903 without).
DEPTH, BLOCKS = 4, 5
DECODER = (128, 64, 32, 16)  # channels, coarse to fine; half of the usual, and as good here
# The second look shows the box with this share of its sides around it: the first misses thin tips.
SURROUNDINGS = 0.3
# Above this a pixel is the animal: at one half the thin tips, and with them the box, fall short.
THRESHOLD = 0.4
# Less of the photograph than this, or more, is a failure and not an animal.
PLAUSIBLE = (0.005, 0.95)


def build(seed: int, where: torch.device) -> nn.Module:
    """The untrained U-Net: B x 3 x S x S in (mean = std = 0.5) to B x 1 x S x S logits out."""
    # Imported here because it takes seconds and most photographs' owners need no U-Net.
    import segmentation_models_pytorch as smp

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = smp.Unet(
            f"tu-{ENCODER}", encoder_depth=DEPTH, encoder_weights=None, decoder_channels=DECODER
        )
    # strict=False for the classifier's sake, which an encoder hasn't: nothing else may differ.
    fit = net.encoder.model.load_state_dict(weights.lite_state_dict(ENCODER), strict=False)
    left = [key for key in fit.unexpected_keys if not key.startswith(("conv_head", "bn2", "class"))]
    if fit.missing_keys or left:
        raise RuntimeError(f"{ENCODER}: missing {fit.missing_keys[:3]}, left over {left[:3]}")
    # timm would still compute what lies deeper and throw it away
    del net.encoder.model.blocks[BLOCKS:]
    return net.to(where, memory_format=torch.channels_last)


def thumbnail(photograph: np.ndarray, size: int) -> np.ndarray:
    """A photograph or mask stretched to size x size, uint8."""
    return cv2.resize(photograph, (size, size), interpolation=cv2.INTER_AREA)


def normalised(thumbnails: np.ndarray, where: torch.device) -> Tensor:
    """uint8 B x S x S x 3 as the network's float input."""
    pixels = torch.from_numpy(thumbnails).to(where).permute(0, 3, 1, 2)
    pixels = (pixels.float() / 255 - weights.MEAN) / weights.STD
    return pixels.contiguous(memory_format=torch.channels_last)


def logits(net: nn.Module, pictures: Tensor) -> Tensor:
    """What the net says of B x 3 x S x S, as B x S x S.

    The decoder works in half precision where that pays: with it a step of training took a quarter
    less time on a CPU with AMX. The encoder's depthwise convolutions would take longer.
    """
    half = device.half_precision_pays(net.decoder)
    maps = net.encoder(pictures)
    with torch.autocast(pictures.device.type, dtype=torch.bfloat16, enabled=half):
        found = net.segmentation_head(net.decoder(maps))
    return found[:, 0].float()


@torch.inference_mode()
def probabilities(net: nn.Module, thumbnails: np.ndarray) -> np.ndarray:
    """uint8 B x S x S x 3 to the probability of the animal in each pixel, float B x S x S."""
    net.eval()
    pictures = normalised(thumbnails, next(net.parameters()).device)
    return torch.sigmoid(logits(net, pictures)).cpu().numpy()


def masks(
    net: nn.Module, size: int, photographs: list[np.ndarray], given: list[Box | None]
) -> list[np.ndarray | None]:
    """A mask for each uint8 H x W x 3 photograph, 0 and 255; None where none is plausible.

    Where a box is given, the mask is what lies inside it.
    """
    whole = [boxes.upright((0, 0, p.shape[1], p.shape[0])) for p in photographs]
    first = look(net, size, photographs, whole, given)
    closer = [
        boxes.upright(box or boxes.mask_box(mask)).widened(SURROUNDINGS)
        if box or mask is not None
        else frame
        for box, mask, frame in zip(given, first, whole, strict=True)
    ]
    second = look(net, size, photographs, closer, given)
    return [mask if mask is not None and plausible(mask) else None for mask in second]


def look(
    net: nn.Module,
    size: int,
    photographs: list[np.ndarray],
    frames: list[Frame],
    given: list[Box | None],
) -> list[np.ndarray | None]:
    """What the net sees of each photograph in its frame, as `region` returns it."""
    matrices = [boxes.transform(frame, size, size) for frame in frames]
    views = [
        warp(photograph, matrix, size, size, cv2.BORDER_REPLICATE)
        for photograph, matrix in zip(photographs, matrices, strict=True)
    ]
    found = probabilities(net, np.stack(views))
    return [
        region(probability, matrix, photograph.shape[:2], box)
        for probability, matrix, photograph, box in zip(
            found, matrices, photographs, given, strict=True
        )
    ]


def region(
    probability: np.ndarray, matrix: np.ndarray, shape: tuple[int, int], box: Box | None
) -> np.ndarray | None:
    """The largest region above the threshold (inside the box), uint8 H x W; None where none is.

    `matrix` maps the photograph, of `shape` (height, width), to the probability's pixels.
    """
    inverse = cv2.invertAffineTransform(matrix)
    full = cv2.warpAffine(probability, inverse, shape[::-1], flags=cv2.INTER_LINEAR)
    full = (full > THRESHOLD).astype(np.uint8)
    return boxes.largest_component(boxes.clipped(full, box) if box else full)


def plausible(mask: np.ndarray) -> bool:
    """Whether the mask is an animal's share of a photograph."""
    low, high = PLAUSIBLE
    return bool(low <= np.mean(mask > 0) <= high)
