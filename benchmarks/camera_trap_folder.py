"""A small camera-trap study, to try the whole path from detections to a number of animals on.

    python -m benchmarks.camera_trap_folder STUDY

draws into the new folder STUDY, with the demo's generator:

    catalogue/W01/...     photographs of 60 known animals
    new/cam1/...          135 photographs of three cameras, in bursts: of known animals and of ten
                          unknown ones, some with two animals or none; dates in their EXIF
    detections.json       where the animals are on them, as MegaDetector writes it
    photographs.csv       date, place, position and camera of all photographs
    package/              a Camtrap DP of the new photographs, without observations
    truth.csv             which animal is in which box

docs/guide/camera-traps.md walks the path.
"""

import csv
import datetime
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import typer
from PIL import Image

from pipeline.demo import camera as exposure
from pipeline.demo import sea
from pipeline.demo.competition import find_box
from pipeline.demo.photograph import take_photograph

KNOWN, UNKNOWN = 60, 10  # animals
VISITS, UNKNOWN_VISITS, PAIRED = 46, 14, 5  # bursts; of these, with two animals
EMPTY = 12  # photographs without an animal
MOST = 4  # photographs of a burst
HEIGHT, WIDTH = 900, 1200
CLOSE = 0.55  # width of an animal's photograph in that of the camera, at most
PLACES = {
    "cam1": ("North Bank", 60.391, 5.322),
    "cam2": ("Old Harbour", 60.402, 5.289),
    "cam3": ("Gull Island", 60.371, 5.241),
}
LAST_SEASON, SEASON = datetime.datetime(2023, 6, 1), datetime.datetime(2024, 6, 1)
DAYS = 40
ORIGINAL, MAKE, MODEL, SERIAL = 0x9003, 0x010F, 0x0110, 0xA431  # tags of EXIF


@dataclass
class Study:
    """What is written about the photographs, while they are drawn."""

    folder: Path
    seed: int
    take: int = 0
    rows: list[tuple] = field(default_factory=list)
    images: list[dict] = field(default_factory=list)
    truth: list[tuple] = field(default_factory=list)

    def draw_animal(self, animal: int, encounter: int) -> tuple[np.ndarray, np.ndarray]:
        """A photograph of one animal, BGR, and its mask; each take differs."""
        self.take += 1
        return take_photograph(self.seed, animal, self.take, encounter)

    def save(self, name: str, pixels: np.ndarray, camera: str, when: datetime.datetime) -> None:
        """Write a photograph with its date and camera in EXIF, and note its row."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        exif = Image.Exif()
        exif[MAKE], exif[MODEL] = "Trapper", "T1"
        exif.get_ifd(0x8769).update({ORIGINAL: f"{when:%Y:%m:%d %H:%M:%S}", SERIAL: camera})
        Image.fromarray(pixels[..., ::-1]).save(path, quality=92, exif=exif)
        listed = name.partition("/")[2]  # from the folder `catalogue` or `new`
        place, latitude, longitude = PLACES[camera]
        self.rows.append((listed, f"{when}", place, latitude, longitude, camera))


def main(out: Path, seed: int = 0) -> None:
    """Draw the study into a new folder."""
    out.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    study = Study(out, seed)
    draw_catalogue(study, rng)
    draw_visits(study, rng)
    draw_empty(study, rng)
    write_csv(out / "truth.csv", ["photograph", "animal", "individual"], study.truth)
    header = ["photograph", "date", "place", "latitude", "longitude", "camera"]
    write_csv(out / "photographs.csv", header, sorted(study.rows))
    categories = {"1": "animal", "2": "person", "3": "vehicle"}
    info = {"format_version": "1.4", "detector": "drawn"}
    content = {"info": info, "detection_categories": categories, "images": study.images}
    (out / "detections.json").write_text(json.dumps(content, indent=1))
    write_package(study)
    print(f"{out}: {KNOWN} known animals, {len(study.images)} new photographs")


def draw_catalogue(study: Study, rng: np.random.Generator) -> None:
    """Two to five photographs of each known animal, of as many days, the year before."""
    for animal in range(KNOWN):
        for number in range(int(rng.integers(2, 6))):
            pixels, _ = study.draw_animal(animal, -1)
            when = sample_time(rng, LAST_SEASON)
            name = f"catalogue/W{animal + 1:02d}/W{animal + 1:02d}_{number + 1}.jpg"
            study.save(name, pixels, str(rng.choice(list(PLACES))), when)


def draw_visits(study: Study, rng: np.random.Generator) -> None:
    """Bursts of one animal or two before a camera."""
    animals = [*rng.integers(KNOWN, size=VISITS), *(KNOWN + np.arange(UNKNOWN_VISITS) % UNKNOWN)]
    paired = set(rng.choice(len(animals), PAIRED, replace=False).tolist())
    for visit, animal in enumerate(animals):
        both = [int(animal)] + ([int(rng.integers(KNOWN))] if visit in paired else [])
        camera, when = str(rng.choice(list(PLACES))), sample_time(rng, SEASON)
        for _ in range(int(rng.integers(1, MOST))):
            draw_photograph(study, rng, both, 2 * visit, camera, when)
            when += datetime.timedelta(seconds=int(rng.integers(2, 30)))


def draw_photograph(
    study: Study,
    rng: np.random.Generator,
    animals: list[int],
    encounter: int,
    camera: str,
    when: datetime.datetime,
) -> None:
    """One photograph of a camera: animals side by side, each in its half."""
    scene = draw_scene(rng).astype(float)
    room = WIDTH // len(animals)
    detections = []
    name = name_photograph(study, camera)
    for place, animal in enumerate(animals):
        pixels, mask = study.draw_animal(animal, encounter + place)
        width = int(min(room - 20, CLOSE * WIDTH) * rng.uniform(0.8, 1))
        height = width * pixels.shape[0] // pixels.shape[1]
        left = place * room + int(rng.integers(room - width))
        top = int(rng.integers(HEIGHT - height))
        box = paste(scene, pixels, mask, (left, top, width, height))
        detections.append({"category": "1", "conf": sample_confidence(rng), "bbox": box})
        study.truth.append((name, len(detections), f"W{animal + 1:02d}"))
    study.save(f"new/{name}", np.clip(scene, 0, 255).astype(np.uint8), camera, when)
    study.images.append({"file": name, "detections": detections})


def paste(
    scene: np.ndarray, pixels: np.ndarray, mask: np.ndarray, place: tuple[int, int, int, int]
) -> list[float]:
    """Blend an animal into the scene; returns its box, x, y, width and height in fractions."""
    left, top, width, height = place
    small = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
    inside = cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(cv2.dilate(inside, np.ones((7, 7))), (0, 0), 3)[..., None] / 255
    part = scene[top : top + height, left : left + width]
    part += soft * (small - part)
    x0, y0, x1, y1 = find_box((inside > 127).astype(np.uint8))
    fractions = ((left + x0) / WIDTH, (top + y0) / HEIGHT, (x1 - x0) / WIDTH, (y1 - y0) / HEIGHT)
    return [round(value, 4) for value in fractions]


def draw_empty(study: Study, rng: np.random.Generator) -> None:
    """Photographs of the sea alone; on some the detector has seen a little, or a person."""
    for number in range(EMPTY):
        camera, when = str(rng.choice(list(PLACES))), sample_time(rng, SEASON)
        name = name_photograph(study, camera)
        study.save(f"new/{name}", draw_scene(rng), camera, when)
        box = [0.41, 0.37, 0.12, 0.2]
        seen = [{"category": "1", "conf": 0.07, "bbox": box}] if number % 3 == 0 else []
        seen += [{"category": "2", "conf": 0.91, "bbox": box}] if number % 5 == 1 else []
        study.images.append({"file": name, "detections": seen})


def draw_scene(rng: np.random.Generator) -> np.ndarray:
    """The sea without an animal, H x W x 3, BGR."""
    return exposure.expose(rng, sea.draw_sea(rng, HEIGHT, WIDTH, 0.0), rng)


def name_photograph(study: Study, camera: str) -> str:
    """The next file of a camera."""
    return f"{camera}/IMG_{len(study.images) + 1:04d}.JPG"


def sample_time(rng: np.random.Generator, start: datetime.datetime) -> datetime.datetime:
    """A moment by day in the season that begins then."""
    days, hours, seconds = (int(rng.integers(*span)) for span in ((0, DAYS), (6, 20), (0, 3600)))
    return start + datetime.timedelta(days=days, hours=hours, seconds=seconds)


def sample_confidence(rng: np.random.Generator) -> float:
    return round(float(rng.uniform(0.75, 0.98)), 3)


def write_csv(path: Path, header: list[str], rows: list[tuple]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])


def describe_package(name: str) -> dict[str, Any]:
    """The datapackage.json of the three tables of a Camtrap DP, with the official schemas."""
    address = "https://raw.githubusercontent.com/tdwg/camtrap-dp/1.0.2"
    resources = [
        {
            "name": table,
            "path": f"{table}.csv",
            "profile": "tabular-data-resource",
            "schema": f"{address}/{table}-table-schema.json",
        }
        for table in ("deployments", "media", "observations")
    ]
    return {"name": name, "project": {"individualAnimals": False}, "resources": resources}


def write_package(study: Study) -> None:
    """A Camtrap DP: https://camtrap-dp.tdwg.org/data."""
    folder = study.folder / "package"
    folder.mkdir()
    end = SEASON + datetime.timedelta(days=DAYS + 1)
    span = (f"{SEASON:%Y-%m-%dT%H:%M:%SZ}", f"{end:%Y-%m-%dT%H:%M:%SZ}")
    deployments = [(name, *where, *span) for name, where in PLACES.items()]
    header = ["deploymentID", "locationName", "latitude", "longitude"]
    header += ["deploymentStart", "deploymentEnd"]
    write_csv(folder / "deployments.csv", header, deployments)
    when = {name: date.replace(" ", "T") + "Z" for name, date, *_ in study.rows}
    files = [image["file"] for image in study.images]
    media = [
        (name.replace("/", "-"), name.partition("/")[0], when[name], name, "false", "image/jpeg")
        for name in files
    ]
    header = ["mediaID", "deploymentID", "timestamp", "filePath", "filePublic", "fileMediatype"]
    write_csv(folder / "media.csv", header, media)
    columns = ["observationID", "deploymentID", "mediaID", "eventStart", "eventEnd"]
    columns += ["observationLevel", "observationType", "scientificName"]
    write_csv(folder / "observations.csv", columns, [])
    content = describe_package("study")
    (folder / "datapackage.json").write_text(json.dumps(content, indent=1))


if __name__ == "__main__":
    typer.run(main)
