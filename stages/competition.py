"""Read and check the raw files: one row per image, the order of the sample, viewpoints."""

from pathlib import Path

from pipeline import params, paths
from pipeline.data import tables
from pipeline.steps.competition import competition, kaggle
from pipeline.steps.competition.faults import Faults


def main() -> None:
    p = params.load()
    paths.DOWNLOAD.mkdir(parents=True, exist_ok=True)
    folder = Path(p.competition.path)
    try:
        if p.competition.source == "kaggle":
            folder = kaggle.download(p.competition.slug, paths.DOWNLOAD)
        images, sample, viewpoints = competition.read_competition(folder, p.competition.columns)
    except Faults as faults:
        raise SystemExit(str(faults)) from None
    tables.write("images", images, paths.IMAGES)
    tables.write_csv(sample, paths.SAMPLE)
    tables.write("viewpoints", viewpoints, paths.VIEWPOINTS)


if __name__ == "__main__":
    main()
