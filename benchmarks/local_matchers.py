"""What each kind of local features costs, with random weights: no network is needed to measure it.

    python -m benchmarks.local_matchers FOLDER [--size 512] [--count 800] [--photographs 3]

FOLDER has photographs. Each is shrunk to `size` pixels on its longer side and described whole.
Prints CPU seconds of one thread: per photograph, and per pair of photographs.
"""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
import torch
import typer
from safetensors.torch import save_file
from torch import nn

from pipeline import params
from pipeline.data import images
from pipeline.models import light_glue, local_detectors, loftr
from pipeline.params.complete import MATCHED_BY_LIGHTGLUE
from pipeline.steps.keypoints import keypoints
from pipeline.steps.match.point_matches import match_mutually


def main(folder: Path, size: int = 512, count: int = 800, photographs: int = 3) -> None:
    """Measure detectors and matchers on the first photographs of a folder."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    files = sorted(file for file in folder.iterdir() if file.is_file())[:photographs]
    canvases = [shrink(images.read_rgb(file), size) for file in files]
    print("canvases", [canvas.shape[:2] for canvas in canvases])
    with TemporaryDirectory() as scratch:
        for name in ("sift", *local_detectors.NETWORKS):
            measure_detector(name, canvases, count, Path(scratch))
        measure_loftr(canvases, Path(scratch))


def shrink(rgb: np.ndarray, size: int) -> np.ndarray:
    """Shrink a photograph to `size` pixels on its longer side."""
    scale = size / max(rgb.shape[:2])
    return cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def measure_detector(name: str, canvases: list[np.ndarray], count: int, scratch: Path) -> None:
    """Measure a detector, and what matches two photographs' features."""
    section = params.load().keypoints.model_copy(update={"detector": name})
    if name != "sift":
        weights = write_weights(local_detectors.NETWORKS[name](), scratch / f"{name}.safetensors")
        section = section.model_copy(update={"weights": weights})
    detect = keypoints.load_detector(section)
    whole = [[(np.full(canvas.shape[:2], 255, np.uint8), count)] for canvas in canvases]
    detect(canvases[0], whole[0])  # the first one also allocates memory
    seconds = [measure(partial(detect, *both)) for both in zip(canvases, whole, strict=True)]
    found = [detect(*both)[0] for both in zip(canvases[:2], whole, strict=False)]
    points, descriptors = zip(*found, strict=True)
    pair = measure(lambda: match_mutually(descriptors[0], [descriptors[1]], 0.9))
    print(f"{name}: {np.mean(seconds):.2f} s per photograph; nearest {pair:.4f} s per pair")
    if name in MATCHED_BY_LIGHTGLUE:
        file = write_weights(light_glue.build(name), scratch / f"glue_{name}.safetensors")
        glue = light_glue.LightGlue(name, file)
        first, second = (np.array(canvas.shape[1::-1]) for canvas in canvases[:2])
        pair = measure(partial(glue.match, points, descriptors, (first, second)))
        print(f"  lightglue {pair:.2f} s per pair")


def measure_loftr(canvases: list[np.ndarray], scratch: Path) -> None:
    """Measure LoFTR; a shortlisted pair costs one photograph and one match."""
    network = loftr.Loftr(write_weights(loftr.build(), scratch / "loftr.safetensors"))
    described = [network.describe(canvas) for canvas in canvases[:2]]
    photograph = measure(lambda: network.describe(canvases[0]))
    pair = measure(lambda: network.match(*described))
    print(f"loftr: {photograph:.2f} s per photograph, {pair:.2f} s per match")


def write_weights(net: nn.Module, path: Path) -> str:
    """Write a network's weights to a file; returns it."""
    save_file({name: tensor.clone() for name, tensor in net.state_dict().items()}, path)
    return str(path)


def measure(run: Callable[[], object]) -> float:
    """The CPU seconds that a call takes."""
    started = time.process_time()
    run()
    return time.process_time() - started


if __name__ == "__main__":
    typer.run(main)
