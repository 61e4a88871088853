"""The benchmark of few labels: how photographs are split, and the gains that it prints."""

import numpy as np
import pandas as pd
import pytest

from benchmarks import few_labels, few_labels_data
from pipeline.data import tables
from pipeline.data.tables import NEW_WHALE

ROWS = [(f"w{number:02d}", count) for number, count in enumerate([9, 8, 7, 7, 7, 6, 6, 6, 6, 6, 5])]
DUPLICATE = "w00_8.jpg"


def write_demo(folder, seed: int, train: int, test: int) -> None:
    """A demo of eleven individuals, two new ones and one duplicate; the files are no images."""
    names = [f"{name}_{k}.jpg" for name, count in ROWS for k in range(count)]
    table = pd.DataFrame({"Image": names, "Id": [name[:3] for name in names]})
    new = pd.DataFrame({"Image": ["new_0.jpg", "new_1.jpg"], "Id": NEW_WHALE})
    solution = table[table.index % 3 == 0].assign(Usage="Public")
    train_rows = pd.concat([table[table.index % 3 > 0], new])
    for split, rows in (("train", train_rows), ("test", solution)):
        (folder / split).mkdir(parents=True)
        for name in rows["Image"]:
            (folder / split / name).write_text(name)
    (folder / "truth").mkdir()
    tables.write_csv(train_rows, folder / "train.csv")
    tables.write_csv(solution, folder / "solution.csv")
    duplicates = pd.DataFrame({"image_a": ["w00_0.jpg"], "image_b": [DUPLICATE]})
    tables.write_csv(duplicates, folder / "truth/duplicates.csv")
    boxes = pd.DataFrame({"Image": names, "x0": 0, "y0": 0, "x1": 9, "y1": 9})
    tables.write_csv(boxes, folder / "truth/boxes.csv")


@pytest.fixture
def photos(tmp_path, monkeypatch):
    monkeypatch.setattr(few_labels_data, "write_competition", write_demo)
    few_labels_data.build_dataset(tmp_path, 3)
    assert [path.name for path in tmp_path.iterdir()] == ["photos"]
    return tmp_path / "photos"


def test_ten_individuals_keep_two_labels_each(photos):
    train = pd.read_csv(photos / "train.csv")
    assert train["Id"].value_counts().to_dict() == {name: 2 for name, _ in ROWS[:10]}


def test_a_photograph_is_in_one_split_and_a_duplicate_in_none(photos):
    parts = [{path.name for path in (photos / part).iterdir()} for part in ("train", "test")]
    parts.append({path.name for path in (photos / "unlabelled").iterdir()})
    assert len(set.union(*parts)) == sum(map(len, parts))
    expected = {f"{name}_{k}.jpg" for name, count in ROWS[:10] for k in range(count)}
    assert set.union(*parts) == expected - {DUPLICATE}
    assert parts[0] == set(pd.read_csv(photos / "train.csv")["Image"])
    solution, sample = (pd.read_csv(photos / f"{n}.csv") for n in ("solution", "sample_submission"))
    assert parts[1] == set(solution["Image"]) and solution["Image"].equals(sample["Image"])
    assert (sample["Id"] == NEW_WHALE).all()
    assert [image[:3] for image in solution["Image"]] == solution["Id"].tolist()
    hidden = pd.read_csv(photos / "unlabelled.csv")
    assert set(hidden["Image"]) == parts[2]
    assert [image[:3] for image in hidden["Image"]] == hidden["Id"].tolist()


def test_pseudo_labels_are_compared_with_the_hidden_identities(photos):
    """Two members label one photograph, one wrongly; the other method has no pseudo-labels."""
    image, identity = pd.read_csv(photos / "unlabelled.csv").iloc[0]
    rows = [(image, name, 0.7, fold, 1, "5") for fold, name in enumerate((identity, "w99"))]
    for method, labels in (("supervised", rows), ("simsiam", [])):
        table = pd.DataFrame(labels, columns=tables.COLUMNS["pseudo"])
        tables.write("pseudo", table, photos.parent / method / "data/pseudo.csv")
    labels = few_labels.load_pseudo_labels(photos.parent, 3)
    assert labels[["method", "image", "right", "seed"]].values.tolist() == [
        ["supervised", image, True, 3],
        ["supervised", image, False, 3],
    ]


def test_gains_are_paired_by_photograph_and_resampled_by_individual(capsys):
    """All ten photographs of one individual of four are gained, with both seeds: +.25. Resampling
    individuals gives a far wider interval than resampling eighty photographs."""
    rows = [
        (seed, f"w{label}", f"w{label}_{k}.jpg", method, method != "supervised" and label == 0)
        for seed in (0, 1)
        for label in range(4)
        for k in range(10)
        for method in ("supervised", "simsiam")
    ]
    columns = ["seed", "identity", "image", "method", "right"]
    few_labels.print_gains(pd.DataFrame(rows, columns=columns))
    line = capsys.readouterr().out.splitlines()[-1]
    assert line.startswith("simsiam: +0.250 (")
    low, high = (float(word.strip("()")) for word in line.split()[2::2])
    assert low == 0.0 and np.isclose(high, 0.5, atol=0.13)  # +-.1 by photographs
