"""Whatever a collection looks like: it is refused, or the pipeline accepts what is written."""

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline import params
from pipeline.catalogue.convert import convert
from pipeline.catalogue.source import Source
from pipeline.catalogue.split import Split
from pipeline.steps.competition import competition
from pipeline.system.errors import UserError
from tests.conftest import ROOT

P = params.load(ROOT / "tests/params.yaml")
NAMES = [
    *("ann", "Ann", "ANN", "ann ", " ann", "a nn", "ann\u00a0", "a\tb", "a\nb", "ann\u200b", "7"),
    *("07", "NA", "new_whale", "Zo\u00eb", "Zoe\u0308", "\u9be8", "=1+1", "a,b", 'a"b', "<b>"),
    *(".ann", "__MACOSX", "@eaDir", "Thumbs.db", "train", "ann.jpg", "\udcff", "-", "#1", "a;b"),
]
FILES = [
    *(
        "1.jpg",
        "2.JPG",
        "3.jfif",
        "4.gif",
        "5.psd",
        "._6.jpg",
        "7",
        "8.txt",
        "9 9.jpg",
        "\udcfe.jpg",
    ),
    *("a,b.jpg", 'a"b.jpg', "a\nb.jpg", "Screenshot\u202f1.jpg", "10.png", "sub/11.jpg", "#.jpg"),
]
SPLITS = [
    Split(),
    Split(ratio=0.05),
    Split(ratio=0.99),
    Split("open", new=0.5),
    Split("open", new=0.99),
    Split(as_published=True),
    Split("date", ratio=0.5),
]
DATES = ["2024-05-01", "2024:05:02 10:00:00", "2024-05-03T10:00+02:00", "31/05/2024", ""]
CELLS = ["{path},{name},{date}", "{path},{name},{date},", '"{path}","{name}","{date}"']
BYTES: list[Callable[[str], bytes]] = [
    lambda text: text.encode("utf-8", "surrogateescape"),
    lambda text: text.encode("utf-16", "replace"),
    lambda text: text.encode("latin-1", "replace"),
    lambda text: text.replace("\n", "\r\n").encode("utf-8", "replace"),
    lambda text: text.replace(",", ";").encode("utf-8", "replace"),
]


def photograph(rng: random.Random) -> bytes:
    """A photograph's bytes, sometimes the same again, sometimes cut off."""
    pixels = np.random.default_rng(rng.randrange(60)).integers(0, 256, (12, 16, 3), dtype=np.uint8)
    data: bytes = cv2.imencode(rng.choice([".jpg", ".png", ".gif"]), pixels)[1].tobytes()
    return data if rng.random() < 0.99 else data[: rng.randrange(len(data))]


def write_collection(folder: Path, rng: random.Random) -> list[tuple[str, str]]:
    """Individuals of odd names with files of odd names; returns (path, name) of each."""
    listed = []
    usual = [f"w{number}" for number in range(4)]
    for name in usual[: rng.choice([0, 1, 4, 4, 4])] + rng.sample(NAMES, rng.choice([0, 0, 1, 2])):
        files = ["u.jpg", "v.jpg", *rng.sample(FILES, rng.choice([0, 0, 1, 3]))]
        for file in files[rng.choice([0, 0, 1]) :]:
            path = folder / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(photograph(rng))
            listed.append((f"{name}/{file}", name))
        if rng.random() < 0.1:
            os.mkfifo(folder / name / "pipe.jpg")
            (folder / name / "link.jpg").symlink_to("/dev/zero")
    return listed


def write_list(file: Path, listed: list[tuple[str, str]], rng: random.Random) -> None:
    form, usual = rng.choice(CELLS), rng.random() < 0.7
    rows = ["path,identity,date"]
    for path, name in listed:
        date = rng.choice(DATES[: 2 if usual else None])
        rows.append(form.format(path=path, name=name, date=date))
        rows += [rows[-1]] if rng.random() < 0.01 else []
        rows += [",,"] if rng.random() < 0.02 else []
    file.write_bytes(rng.choice(BYTES)("\n".join(rows) + "\n"))


@pytest.mark.slow
@pytest.mark.fault(
    "folders",
    "collections of odd names, kinds, duplicates, lists, dates and splits",
    "refused in the command's own words with nothing written, or a competition that is accepted",
)
@pytest.mark.parametrize("seed", range(300))
def test_a_collection_is_refused_or_accepted(tmp_path, seed):
    rng = random.Random(seed)
    folder = tmp_path / "collection"
    folder.mkdir()
    listed = write_collection(folder, rng)
    source, split = Source(folder), rng.choice(SPLITS)
    if split.method == "date" or rng.random() < 0.5:
        write_list(folder / "list.csv", listed, rng)
        source = Source(folder / "list.csv", date="date")
    before = sorted(folder.rglob("*"))
    try:
        convert(source, split, tmp_path / "out", P.dedup)
    except UserError as error:
        assert str(error).startswith("nothing was written: ")
        assert "codec" not in str(error) and "Traceback" not in str(error)
        assert [path.name for path in tmp_path.iterdir()] == ["collection"]
    else:
        competition.read_competition(tmp_path / "out", P.competition.columns)
        shutil.rmtree(tmp_path / "out")
    assert sorted(folder.rglob("*")) == before
