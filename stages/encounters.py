"""Find the encounters: photographs of one place and time."""

from pipeline import params, paths
from pipeline.data import artefacts, tables
from pipeline.steps.encounters import encounters
from pipeline.system.start import run


def main() -> None:
    p = params.load()
    taken = tables.read("occasions", paths.OCCASIONS)
    table = encounters.find_encounters(artefacts.load_images()["image"], taken, p.encounters)
    tables.write("encounters", table, paths.ENCOUNTERS)
    if found := encounters.describe(table, taken):
        print(f"encounters: {found}")


if __name__ == "__main__":
    run(main)
