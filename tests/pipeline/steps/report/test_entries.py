import numpy as np
import pandas as pd

from pipeline.data.tables import TRANSFORM
from pipeline.steps.crop import boxes
from pipeline.steps.report import answers, entries

ROWS = [("q", "known", "a", 0, 0, "a", 0.71), ("q", "known", "a", 0, 1, "new_whale", 0.2)]
ROWS += [("q", "known", "a", 0, 2, "b", 0.0), ("t", "test", "", -1, 0, "a", 0.5)]
ANSWERS = pd.DataFrame(ROWS, columns=answers.COLUMNS)
KEYS = ["query", "identity"]
MATCHES = pd.DataFrame(
    [("q", "a", "a1", 7), ("t", "a", "a0", 0)], columns=[*KEYS, "image", "inliers"]
)
PROBABILITIES = pd.DataFrame(
    [("q", "a", 0.123456, 0.5)], columns=[*KEYS, "lite0.nearest", "local.votes"]
)


def build_queries() -> list[dict]:
    lines = {("q", "a1"): [1, 2, 3, 4]}
    changes = {"q": (["b", "a"], ["a", "b"])}
    details = entries.Details(MATCHES, lines, PROBABILITIES.set_index(KEYS), changes, {"t": 3})
    return entries.build_queries(ANSWERS, details, {"q": 4})


def test_the_entry_of_a_held_out_query():
    first = build_queries()[0]
    answer = {"i": "a", "p": 0.71, "g": "a1", "x": 7, "l": [1, 2, 3, 4], "s": [0.1235, 0.5]}
    new, filler = {"i": "new_whale", "p": 0.2}, {"i": "b", "p": 0.0}
    assert first == {
        "q": "q",
        "k": "known",
        "t": "a",
        "f": 0,
        "n": 4,
        "a": [answer, new, filler],
        "b": (["b", "a"], ["a", "b"]),
    }


def test_the_entry_of_a_test_query_without_details():
    second = build_queries()[1]
    assert second == {
        "q": "t",
        "k": "test",
        "t": "",
        "f": -1,
        "n": 0,
        "a": [{"i": "a", "p": 0.5, "g": "a0", "x": 0}],
        "u": 3,
    }


def test_photographs_are_found_by_their_rows(monkeypatch):
    """Three photographs, of which the last and the first are shown; the last has a mask."""
    monkeypatch.setattr(
        entries.photographs, "encode_within_budget", lambda paths, budget: list(paths)
    )
    names = ["a", "b", "c"]
    table = pd.DataFrame({"image": names, "path": [f"{n}.jpg" for n in names], "width": 20})
    matrix = boxes.transform(boxes.upright_frame((0, 0, 20, 10)), 20, 10).ravel()
    cut = pd.DataFrame([matrix] * 3, columns=TRANSFORM)
    crops = np.zeros((3, 10, 20, 4), np.uint8)
    crops[2, 2:8, 5:15, 3] = 255
    photographs, paths = entries.build_photographs(
        ["c", "a"], table.assign(height=10), cut, crops, 1
    )
    assert paths == ["c.jpg", "a.jpg"] and list(photographs) == ["c", "a"]
    assert photographs["a"] == {
        "t": 1,
        "w": 20,
        "h": 10,
        "c": [0, 0, 1000, 0, 1000, 1000, 0, 1000],
        "m": [],
    }
    assert (
        photographs["c"]["t"] == 0
        and min(photographs["c"]["m"]) > 200
        and max(photographs["c"]["m"]) < 800
    )
