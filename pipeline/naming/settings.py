"""The settings of `tailprint name`: a preset's, with what differs for a quick answer."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline import params
from pipeline.exchange.detections import DetectionFiles
from pipeline.params import Params

PRESETS = Path(__file__).parents[2] / "presets"
PRESET = "animals-frozen"
BACKBONE = "lite0"  # the preset's name of the network
ENSEMBLE = "name"
LOCAL_SCORES = ["votes", "consistent_votes", "inliers", "ratio", "coverage"]
PRIOR = 0.15
SQUARE = 224  # pixels per side of the crops of other networks than the default
DEFAULT_NETWORK = "tf_efficientnet_lite0"


@dataclass(frozen=True)
class Options:
    """What the user chooses.

    prior : the probability that a new photograph shows none of the known individuals
    backbone : a network's name, NAME=FILE with its weights, a folder with a network in timm's
        layout, or a file with weights for the default one
    skip_bad : go on without the photographs that can't be read
    sort : copy the new photographs into one folder per answer
    train : learn from the catalogue which features tell its animals apart
    detections : where the animals are on the new photographs, and on the catalogue's
    dates : a photographs.csv, in place of EXIF
    """

    prior: float = PRIOR
    backbone: str = DEFAULT_NETWORK
    skip_bad: bool = False
    sort: bool = False
    train: bool = False
    detections: DetectionFiles = DetectionFiles()
    dates: Path | None = None


def build_settings(options: Options) -> Params:
    """The complete settings.

    GrabCut's masks instead of a U-Net's, which is trained with `train` alone; the blend of a few
    weights instead of boosted trees, which need more photographs than a small catalogue has.
    """
    differing: dict[str, Any] = {
        "crop": {"without_masks": "grabcut", **choose_crop(options.backbone)},
        "keypoints": {"around": 0},
        "evaluation": {"new_whale_prior": options.prior},
        "backbones": {BACKBONE: choose_network(options.backbone)},
        "ensembles": {
            ENSEMBLE: {
                "backbones": {BACKBONE: 1.0},
                "folds": "all",
                "scores": ["nearest", "centre", "vote"],
                "local": dict.fromkeys(LOCAL_SCORES, 1.0),
                "method": "weighted",
                "duplicates": True,
                "new_whale": {"method": "posterior", "shift": 0.0},
            }
        },
    }
    path = PRESETS / f"{PRESET}.yaml"
    return params.validate(Params, params.merge(params.load_settings(path), differing), path)


def choose_network(backbone: str) -> dict[str, str]:
    """The architecture and the weights that the option stands for."""
    if Path(backbone).is_file():
        return {"timm_name": DEFAULT_NETWORK, "weights": str(Path(backbone).resolve())}
    if Path(backbone).is_dir():
        return {"timm_name": f"local-dir:{Path(backbone).resolve()}", "weights": "imagenet"}
    name, _, weights = backbone.partition("=")
    if weights:
        return {"timm_name": name, "weights": str(Path(weights).resolve())}
    return {"timm_name": backbone, "weights": "imagenet"}


def choose_crop(backbone: str) -> dict[str, int]:
    """The size of crops: transformers are published for square ones."""
    network = choose_network(backbone)["timm_name"]
    return {} if network == DEFAULT_NETWORK else {"height": SQUARE, "width": SQUARE}
