"""Which layout a competition's folder has, and its reader."""

from pathlib import Path

from pipeline.params import Columns, Layout
from pipeline.steps.competition import folders_layout, metadata_layout, scenarios
from pipeline.steps.competition.listing import Listing
from pipeline.system.errors import Faults


def list_photographs(path: Path, layout: Layout, columns: Columns, faults: list[str]) -> Listing:
    """List a competition's photographs; what is wrong is added to `faults`.

    columns : of the layout humpback; the others have names of their own
    """
    if layout == "auto":
        layout = recognise(path)
        print(f"competition: the layout of {path} is that of {layout}", flush=True)
    if layout == "humpback":
        return folders_layout.list_humpback(path, columns, faults)
    if layout == "happywhale":
        return folders_layout.list_happywhale(path, faults)
    if layout == "whaledo":
        return metadata_layout.list_whaledo(path, faults)
    if layout == "animalclef":
        return metadata_layout.list_animalclef(path, faults)
    return metadata_layout.list_wildlife_datasets(path, faults)


def recognise(path: Path) -> Layout:
    """The layout of a folder, by what lies there; humpback if nothing is known, for its faults.

    Raises Faults if it may be that of several.
    """
    has = {entry.name for entry in path.iterdir()}
    layouts: list[Layout] = []
    if "train.csv" in has:
        layouts += ["happywhale"] if {"train_images", "test_images"} & has else []
        layouts += ["humpback"] if {"train", "test"} & has else []
    if metadata_layout.FILE in has:
        layouts.append(_recognise_metadata(has))
    if len(layouts) > 1:
        choices = " or ".join(layouts)
        raise Faults(path, [f"its layout may be {choices}: set competition.layout in params.yaml"])
    return layouts[0] if layouts else "humpback"


def _recognise_metadata(has: set[str]) -> Layout:
    if scenarios.FILE in has:
        return "whaledo"
    return "animalclef" if metadata_layout.SAMPLE in has else "wildlife_datasets"
