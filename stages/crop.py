"""Find the animal in every photograph, cut it out, and pack all crops into one array file."""

from pathlib import Path

from pipeline import params, paths
from pipeline.data import artefacts, tables
from pipeline.models.checked_networks import check_networks_once
from pipeline.steps.crop import crop
from pipeline.system.start import run


def main() -> None:
    p = params.load()
    check_networks_once(p, paths.CHECKED_NETWORKS)
    images = artefacts.load_images()
    kaggle = p.competition.source == "kaggle"
    directory = paths.DOWNLOAD if kaggle else Path(p.competition.path)
    column = p.competition.columns.image
    boxes, unseen = crop.crop(images, directory, column, p.crop, paths.CROPS, paths.UNET)
    tables.write("boxes", boxes, paths.BOXES)
    unseen.save(paths.HELD_OUT_MASKS)


if __name__ == "__main__":
    run(main)
