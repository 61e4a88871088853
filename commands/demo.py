"""`tailprint demo`."""

from pathlib import Path

EXAMPLES = ["tailprint demo"]
PHOTOS = Path("data/demo/photos")


def main() -> None:
    """Draw the demo, a synthetic competition of whale flukes."""
    import shutil
    from functools import partial

    from tqdm import tqdm

    from pipeline import params
    from pipeline.demo.competition import write_competition
    from pipeline.system.files import rename_folder

    demo = params.load().demo
    counts = demo.train_images, demo.test_images
    bar = partial(tqdm, total=sum(counts), desc="photographs", unit="image")
    part = PHOTOS.with_name(".part-photos")
    shutil.rmtree(part, ignore_errors=True)
    write_competition(part, demo.seed, *counts, progress=bar, encounters=demo.encounters)
    shutil.rmtree(PHOTOS, ignore_errors=True)
    rename_folder(part, PHOTOS)
