"""LoFTR (Sun et al. 2021) by kornia: matches of two photographs without keypoints."""

import numpy as np
import torch
from torch import Tensor, nn

from pipeline.models import published_local
from pipeline.models.local_detectors import enlarge

CONFIDENCE = 0.2  # of a match, at least; the authors' own value


# what the network gives of one photograph, to be matched with those of several others
Described = dict[str, Tensor]


class Loftr:
    """The network. Raises UserError if its weights can't be had."""

    def __init__(self, weights: str) -> None:
        self.net = published_local.to_device(load_network(weights))

    @torch.inference_mode()
    def describe(self, rgb: np.ndarray) -> Described:
        """Describe a canvas, uint8 H x W x 3."""
        device = next(self.net.parameters()).device
        picture = torch.from_numpy(enlarge(rgb, "edge")).to(device).float() / 255
        weights = torch.tensor([0.299, 0.587, 0.114], device=device)
        return self.net.extract_features((picture @ weights)[None, None])  # type: ignore[operator]

    @torch.inference_mode()
    def match(self, first: Described, second: Described) -> tuple[np.ndarray, np.ndarray]:
        """Match two canvases; the points of both, n x 2, in pixels."""
        found = self.net({"features0": first, "features1": second})
        first_points, second_points = (
            found[f"keypoints{side}"].cpu().numpy() - 0.5 for side in (0, 1)
        )
        return first_points, second_points


def load_network(weights: str) -> nn.Module:
    """Load LoFTR on the CPU."""
    key = "match.pairs_weights"
    state = published_local.read_weights("loftr", weights, key)
    return published_local.load(build(), state, key)


def build() -> nn.Module:
    """LoFTR without weights."""
    from kornia.feature import LoFTR  # takes seconds
    from kornia.feature.loftr.loftr import default_cfg

    coarse = {**default_cfg["match_coarse"], "thr": CONFIDENCE}  # type: ignore[dict-item]
    return LoFTR(None, {**default_cfg, "match_coarse": coarse})
