"""Find duplicates of photographs in the data set."""

from pipeline import params, paths
from pipeline.data import artefacts, tables
from pipeline.steps.dedup import dedup
from pipeline.system.start import run


def main() -> None:
    p = params.load()
    images = artefacts.load_images()
    groups = dedup.group_images(images, p.dedup)
    conflicts = dedup.find_conflicts(images, groups)
    tables.write("groups", groups, paths.GROUPS)
    tables.write("conflicts", conflicts, paths.CONFLICTS)
    print(
        f"{len(images)} images, {groups['group'].nunique()} photographs, "
        f"{len(conflicts)} under several identities"
    )


if __name__ == "__main__":
    run(main)
