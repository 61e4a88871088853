"""Find the local features of every photograph."""

from pipeline import params, paths
from pipeline.data import artefacts
from pipeline.steps.keypoints import keypoints
from pipeline.system.start import run


def main() -> None:
    p = params.load()
    images = artefacts.load_images()
    boxes = artefacts.load_boxes()
    features = keypoints.extract(images, boxes, paths.CROPS, p.keypoints)
    keypoints.check_found(features, p.keypoints)
    features.save(paths.KEYPOINTS)


if __name__ == "__main__":
    run(main)
