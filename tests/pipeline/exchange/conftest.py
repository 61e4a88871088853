"""A folder as `tailprint name` writes it: answers of each kind, photographs of 40 x 20."""

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from pipeline.exchange import named_folder

NAMES = [f"{kind}_{n}" for n in range(1, 6) for kind in ("name", "probability")]
BOX = [0.25, 0.1, 0.5, 0.8]  # 10, 2, 20 and 16 pixels


def row(photograph, result, names=(), new=0.0, group="", box=(), animal=""):
    cells = [cell for pair in names for cell in pair]
    named = dict(zip(NAMES, cells + [""] * (10 - len(cells)), strict=True))
    places = dict(zip(named_folder.BOX, box or [""] * 4, strict=True))
    more = {"new_probability": new, "unknown_group": group, "animal": animal}
    return {"photograph": photograph, "result": result, **named, **more, **places}


ROWS = [
    row("cam1/a.png", "known", [("Anna", 0.9), ("007", 0.05)], 0.05, box=BOX, animal="1 of 2"),
    row("cam1/a.png", "known", [("007", 0.8), ("Anna", 0.1)], 0.1, box=BOX, animal="2 of 2"),
    row("cam1/b.png", "new", [("Anna", 0.2)], 0.8, group="1"),
    row("cam2/a.png", "unsure", [("Anna", 0.45), ("007", 0.15)], 0.4),
    row("c.png", "copy", [("=1+1", 1.0)]),
    {**row("d.png", "empty"), "new_probability": ""},
]


def write_photograph(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imencode(path.suffix, np.full((20, 40, 3), 99, np.uint8))[1].tofile(path)
    return path


def write_answers(folder: Path, rows, catalogue=()) -> Path:
    """The folder of the answers; the photographs are in `new` and `catalogue` beside it.

    rows : as of `row`; catalogue : photograph and individual
    """
    out = folder / "answers"
    out.mkdir()
    pd.DataFrame(rows).to_csv(out / "answers.csv", index=False)
    compared = []
    for photograph, name in catalogue:
        file = write_photograph(folder / "catalogue" / photograph)
        compared.append(("catalogue", photograph, "", str(file), "", name))
    for one in rows:
        file = write_photograph(folder / "new" / one["photograph"])
        compared.append(("new", one["photograph"], one["animal"], str(file), "", ""))
    named_folder.write_compared(pd.DataFrame(compared, columns=named_folder.COLUMNS), out)
    return out


@pytest.fixture
def answers(tmp_path) -> Path:
    """The folder of ROWS; the photographs are in `new` beside it."""
    return write_answers(tmp_path, ROWS)


@pytest.fixture
def named(answers):
    return named_folder.read(answers)
