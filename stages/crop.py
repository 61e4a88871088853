"""Find the animal in every photograph, cut it out, and pack all crops into one array file."""

from pipeline import params, paths
from pipeline.data import artefacts, tables
from pipeline.models.checked_networks import check_networks_once
from pipeline.steps.crop import crop
from pipeline.steps.crop.given import build_given
from pipeline.system.start import run


def main() -> None:
    p = params.load()
    check_networks_once(p, paths.CHECKED_NETWORKS)
    images = artefacts.load_images()
    boxes = tables.read("given_boxes", paths.GIVEN_BOXES)
    known = build_given(boxes, tables.read("given_masks", paths.GIVEN_MASKS))
    found, unseen = crop.crop(images, known, p.crop, paths.CROPS, paths.UNET)
    tables.write("boxes", found, paths.BOXES)
    unseen.save(paths.HELD_OUT_MASKS)


if __name__ == "__main__":
    run(main)
