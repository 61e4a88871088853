"""Find the local features of every photograph."""

from pipeline import params, paths
from pipeline.data import tables
from pipeline.steps.keypoints import keypoints


def main() -> None:
    p = params.load()
    images = tables.read("images", paths.IMAGES)
    boxes = tables.read("boxes", paths.BOXES)
    keypoints.extract(images, boxes, paths.CROPS, p.keypoints).save(paths.KEYPOINTS)


if __name__ == "__main__":
    main()
