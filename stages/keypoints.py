"""Find the local features of every photograph."""

from pipeline import params, paths
from pipeline.data import artefacts
from pipeline.steps.keypoints import keypoints


def main() -> None:
    p = params.load()
    images = artefacts.load_images()
    boxes = artefacts.load_boxes()
    keypoints.extract(images, boxes, paths.CROPS, p.keypoints).save(paths.KEYPOINTS)


if __name__ == "__main__":
    main()
