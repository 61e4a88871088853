"""Crops in shards are, byte for byte, those of the stage that is not split."""

import pandas as pd

from pipeline import paths
from pipeline.data import artefacts, tables
from pipeline.steps.crop import pack
from stages import crop
from stages.shards import crop as crop_shards
from tests.pipeline.steps.crop import synthetic
from tests.stages.shards.projects import run_in_shards, take_files


def test_crops_in_shards(project, monkeypatch):
    """In runs of four; photographs and masks lie outside of the project."""
    monkeypatch.setattr(pack, "CHUNK", 4)
    for module in (crop, crop_shards):
        monkeypatch.setattr(module, "check_networks_once", lambda p, path: None)
    table = synthetic.competition(project.parent / "whales", synthetic.scattered(14), given=10)
    tables.write("images", table, paths.IMAGES)
    boxes = pd.DataFrame([["13.png", 5, 5, 115, 75]], columns=tables.COLUMNS["given_boxes"])
    tables.write("given_boxes", boxes, paths.GIVEN_BOXES)
    files = [str(project.parent / f"whales/masks/{i}.png") for i in range(10)]
    masks = pd.DataFrame({"image": table["image"][:10], "path": files, "sha256": ""})
    tables.write("given_masks", masks, paths.GIVEN_MASKS)
    crop.main()
    assert set(artefacts.load_boxes()["source"]) == {"mask", "unet", "given"}
    whole = take_files(paths.CROPS.parent)
    assert len(whole) == 4
    assert run_in_shards(crop_shards, project / "shards") == 4  # runs of 4, 4, 4 and 2
    assert take_files(paths.CROPS.parent) == whole
