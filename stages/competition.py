"""Read and check the raw files: one row per image, the order of the sample, viewpoints, masks."""

from pathlib import Path

from pipeline import params, paths
from pipeline.data import tables
from pipeline.data.photograph_files import tabulate
from pipeline.models.checked_networks import check_networks_once
from pipeline.steps.competition import competition, given, kaggle
from pipeline.system.start import run


def main() -> None:
    p = params.load()
    check_networks_once(p, paths.CHECKED_NETWORKS)
    paths.DOWNLOAD.mkdir(parents=True, exist_ok=True)
    own, folder, use_exif = p.competition, Path(p.competition.path), p.encounters.exif
    if own.source == "kaggle":
        folder = kaggle.download(own.slug, paths.DOWNLOAD)
    read = competition.read_competition(folder, own.columns, own.layout, own.skip_bad, use_exif)
    competition.check_folds(read.images, p.folds.count)
    masks = given.tabulate_masks(read.annotations, read.images, paths.DRAWN_MASKS)
    tables.write("images", read.images, paths.IMAGES)
    tables.write_csv(read.sample, paths.SAMPLE)
    tables.write("left_out", tabulate(read.left_out), paths.LEFT_OUT)
    tables.write("viewpoints", read.viewpoints, paths.VIEWPOINTS)
    tables.write("occasions", read.occasions, paths.OCCASIONS)
    read.scenarios.write(paths.QUERIES, paths.DATABASES)
    tables.write("given_boxes", read.annotations.boxes, paths.GIVEN_BOXES)
    tables.write("given_masks", masks, paths.GIVEN_MASKS)
    tables.write_json(read.columns.model_dump(), paths.COLUMNS)


if __name__ == "__main__":
    run(main)
