"""Find the photographs that are in the data set more than once."""

from pipeline import params, paths, tables
from pipeline.dedup import groups


def main() -> None:
    p = params.load()
    images = tables.read("images", paths.IMAGES)
    found = groups.find(images, p.dedup)
    conflicts = groups.conflicts(images, found)
    tables.write("groups", found, paths.GROUPS)
    tables.write("conflicts", conflicts, paths.CONFLICTS)
    print(
        f"{len(images)} images, {found['group'].nunique()} photographs, "
        f"{len(conflicts)} under several identities"
    )


if __name__ == "__main__":
    main()
