"""Read and check the raw files: one row per image, the order of the sample, viewpoints."""

from pathlib import Path

from pipeline import params, paths
from pipeline.data import tables
from pipeline.models.checked_networks import check_networks_once
from pipeline.steps.competition import competition, kaggle
from pipeline.system.start import run


def main() -> None:
    p = params.load()
    check_networks_once(p, paths.CHECKED_NETWORKS)
    paths.DOWNLOAD.mkdir(parents=True, exist_ok=True)
    folder = Path(p.competition.path)
    if p.competition.source == "kaggle":
        folder = kaggle.download(p.competition.slug, paths.DOWNLOAD)
    images, sample, viewpoints = competition.read_competition(folder, p.competition.columns)
    competition.check_folds(images, p.folds.count)
    tables.write("images", images, paths.IMAGES)
    tables.write_csv(sample, paths.SAMPLE)
    tables.write("viewpoints", viewpoints, paths.VIEWPOINTS)


if __name__ == "__main__":
    run(main)
