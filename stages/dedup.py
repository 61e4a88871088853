"""Find the photographs that are in the data set more than once."""

from pipeline import params, paths
from pipeline.data import artefacts, tables
from pipeline.steps.dedup import dedup


def main() -> None:
    p = params.load()
    images = artefacts.load_images()
    found = dedup.find(images, p.dedup)
    conflicts = dedup.conflicts(images, found)
    tables.write("groups", found, paths.GROUPS)
    tables.write("conflicts", conflicts, paths.CONFLICTS)
    print(
        f"{len(images)} images, {found['group'].nunique()} photographs, "
        f"{len(conflicts)} under several identities"
    )


if __name__ == "__main__":
    main()
