"""The contest of few labels: how photographs are shared out, and what is said of the ways."""

import numpy as np
import pandas as pd
import pytest

from benchmarks import few_labels
from pipeline.data import tables
from pipeline.data.tables import NEW_WHALE

ROWS = [(f"w{number:02d}", count) for number, count in enumerate([9, 8, 7, 7, 7, 6, 6, 6, 6, 6, 5])]
COPY = "w00_8.jpg"


def drawn(folder, seed: int, train: int, test: int) -> None:
    """A demo of eleven individuals, strangers and one copy, of files that are no pictures."""
    names = [f"{name}_{k}.jpg" for name, count in ROWS for k in range(count)]
    table = pd.DataFrame({"Image": names, "Id": [name[:3] for name in names]})
    strangers = pd.DataFrame({"Image": ["new_0.jpg", "new_1.jpg"], "Id": NEW_WHALE})
    solution = table[table.index % 3 == 0].assign(Usage="Public")
    shown = pd.concat([table[table.index % 3 > 0], strangers])
    for split, rows in (("train", shown), ("test", solution)):
        (folder / split).mkdir(parents=True)
        for name in rows["Image"]:
            (folder / split / name).write_text(name)
    (folder / "truth").mkdir()
    tables.write_csv(shown, folder / "train.csv")
    tables.write_csv(solution, folder / "solution.csv")
    copies = pd.DataFrame({"image_a": ["w00_0.jpg"], "image_b": [COPY]})
    tables.write_csv(copies, folder / "truth/duplicates.csv")
    boxes = pd.DataFrame({"Image": names, "x0": 0, "y0": 0, "x1": 9, "y1": 9})
    tables.write_csv(boxes, folder / "truth/boxes.csv")


@pytest.fixture
def photos(tmp_path, monkeypatch):
    monkeypatch.setattr(few_labels, "write_competition", drawn)
    few_labels.contest(tmp_path, 3)
    assert [path.name for path in tmp_path.iterdir()] == ["photos"]
    return tmp_path / "photos"


def test_ten_individuals_keep_two_labels_each(photos):
    train = pd.read_csv(photos / "train.csv")
    assert train["Id"].value_counts().to_dict() == {name: 2 for name, _ in ROWS[:10]}


def test_a_photograph_is_in_one_part_and_a_copy_in_none(photos):
    parts = [{path.name for path in (photos / part).iterdir()} for part in ("train", "test")]
    parts.append({path.name for path in (photos / "unlabelled").iterdir()})
    assert len(set.union(*parts)) == sum(map(len, parts))
    expected = {f"{name}_{k}.jpg" for name, count in ROWS[:10] for k in range(count)}
    assert set.union(*parts) == expected - {COPY}
    assert parts[0] == set(pd.read_csv(photos / "train.csv")["Image"])
    solution, sample = (pd.read_csv(photos / f"{n}.csv") for n in ("solution", "sample_submission"))
    assert parts[1] == set(solution["Image"]) and solution["Image"].equals(sample["Image"])
    assert (sample["Id"] == NEW_WHALE).all()
    assert [image[:3] for image in solution["Image"]] == solution["Id"].tolist()
    hidden = pd.read_csv(photos / "unlabelled.csv")
    assert set(hidden["Image"]) == parts[2]
    assert [image[:3] for image in hidden["Image"]] == hidden["Id"].tolist()


def test_pseudo_labels_are_held_against_whom_the_photographs_show(photos):
    """Two members believe one photograph, once wrongly; the other way has no pseudo-labels."""
    image, name = pd.read_csv(photos / "unlabelled.csv").iloc[0]
    rows = [(image, who, 0.7, fold, 1, "5") for fold, who in enumerate((name, "w99"))]
    for way, own in (("supervised", rows), ("simsiam", [])):
        found = pd.DataFrame(own, columns=tables.COLUMNS["pseudo"])
        tables.write("pseudo", found, photos.parent / way / "data/pseudo.csv")
    found = few_labels.guesses(photos.parent, 3)
    assert found[["way", "image", "right", "seed"]].values.tolist() == [
        ["supervised", image, True, 3],
        ["supervised", image, False, 3],
    ]


def test_a_gain_is_of_the_same_photographs_and_its_interval_of_individuals(capsys):
    """One individual of four gains all of its ten photographs, at both seeds: +.25, and resampling
    individuals says far less of it than resampling eighty photographs would."""
    rows = [
        (seed, f"w{one}", f"w{one}_{k}.jpg", way, way != "supervised" and one == 0)
        for seed in (0, 1)
        for one in range(4)
        for k in range(10)
        for way in ("supervised", "simsiam")
    ]
    columns = ["seed", "identity", "image", "way", "right"]
    few_labels.said(pd.DataFrame(rows, columns=columns))
    line = capsys.readouterr().out.splitlines()[-1]
    assert line.startswith("simsiam: +0.250 (")
    low, high = (float(word.strip("()")) for word in line.split()[2::2])
    assert low == 0.0 and np.isclose(high, 0.5, atol=0.13)  # +-.1 by photographs
