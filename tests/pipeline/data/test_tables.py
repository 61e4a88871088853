"""Tables keep text as text, refuse other columns, and are written whole or not at all."""

import json

import pandas as pd
import pytest

from pipeline.data import tables
from pipeline.data.features import Features
from pipeline.data.gallery import Embeddings
from pipeline.data.held_out_masks import HeldOutMasks
from pipeline.system.errors import UserError


def labels(identities: list[str]) -> pd.DataFrame:
    count = len(identities)
    return pd.DataFrame(
        {
            "image": [f"{i}.jpg" for i in range(count)],
            "identity": identities,
            "group": range(count),
            "provenance": "given",
            "only_fold": "",
        }
    )


def test_identities_are_not_changed(tmp_path):
    awkward = ["007", "NA", "", "1e3", "nan", "None", "a,b", 'say "w"', " w ", "TRUE", "鯨"]
    tables.write("labels", labels(awkward), tmp_path / "labels.csv")
    table = tables.read("labels", tmp_path / "labels.csv")
    assert table["identity"].tolist() == awkward
    assert table["only_fold"].tolist() == [""] * len(awkward)
    assert table["group"].tolist() == list(range(len(awkward)))


def test_numbers_are_read_exactly(tmp_path):
    row = dict.fromkeys(tables.TRANSFORM, 0.1 + 0.2)
    boxes = pd.DataFrame([{"image": "a", "x0": 1, "y0": 2, "x1": 30, "y1": 4, "source": "m"} | row])
    tables.write("boxes", boxes, tmp_path / "boxes.csv")
    read = tables.read("boxes", tmp_path / "boxes.csv")
    assert read["t00"][0] == 0.1 + 0.2
    assert read["x1"].dtype == int and read["x1"][0] == 30


@pytest.mark.fault(
    "artefacts", "a table is cut within a row, or empty", "the file is named as damaged"
)
@pytest.mark.parametrize("kept", [0, 15, -1, -2])
def test_a_cut_table_is_named(tmp_path, kept):
    path = tmp_path / "labels.csv"
    tables.write("labels", labels(["w1", "w2"]), path)
    whole = path.read_text()
    path.write_text(whole[:kept])
    with pytest.raises(UserError, match="labels.csv is damaged"):
        tables.read("labels", path)
    with pytest.raises(UserError, match="labels.csv is damaged"):
        tables.read_csv(path)


@pytest.mark.parametrize("kind", tables.COLUMNS)
def test_a_table_without_rows_keeps_its_columns_and_types(kind, tmp_path):
    empty = pd.DataFrame(columns=tables.COLUMNS[kind])
    tables.write(kind, empty, tmp_path / "t.csv")
    read = tables.read(kind, tmp_path / "t.csv")
    assert list(read.columns) == tables.COLUMNS[kind] and len(read) == 0
    assert all(read[name].dtype == tables.NUMBERS[name] for name in read if name in tables.NUMBERS)


@pytest.mark.parametrize(
    "header", ["image", "group,image", "image,group,extra"], ids=["missing", "order", "extra"]
)
def test_other_columns_are_refused_with_the_name_of_the_file(header, tmp_path):
    path = tmp_path / "groups.csv"
    path.write_text(header + "\n")
    with pytest.raises(
        ValueError, match=r"groups\.csv is damaged \(columns are .*expected \['image', 'group'\]"
    ):
        tables.read("groups", path)


def test_a_first_row_with_a_surplus_cell_is_refused(tmp_path):
    path = tmp_path / "groups.csv"
    path.write_text("image,group\na,0,surplus\n")
    with pytest.raises(
        ValueError, match=r"groups\.csv is damaged \(the first row has more cells than the 2"
    ):
        tables.read("groups", path)


def test_writing_leaves_other_columns_out(tmp_path):
    tables.write("groups", labels(["w"]), tmp_path / "new" / "groups.csv")
    assert (tmp_path / "new" / "groups.csv").read_bytes() == b"image,group\n0.jpg,0\n"


def test_an_interrupted_write_keeps_the_old_file(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("old")

    def save(part):
        part.write_text("half of the new")
        raise RuntimeError("no space left")

    with pytest.raises(RuntimeError, match="no space"):
        tables.replace(path, save)
    assert [file.name for file in tmp_path.iterdir()] == ["t.csv"]
    assert path.read_text() == "old"


def test_an_interrupted_first_write_leaves_nothing(tmp_path):
    with pytest.raises(KeyError):
        tables.write("labels", labels(["w"]).drop(columns="group"), tmp_path / "t.csv")
    with pytest.raises(ZeroDivisionError):
        tables.replace(tmp_path / "t.csv", lambda part: part.write_text("x") / 0)
    assert list(tmp_path.iterdir()) == []


def test_json_has_null_for_nan(tmp_path):
    values = {
        "auc": float("nan"),
        "fraction": 0.5,
        "name": "drop",
        "weights": [1.0, 2.0],
        "none": None,
    }
    tables.write_json(values, tmp_path / "scores.json")
    assert json.loads((tmp_path / "scores.json").read_text()) == values | {"auc": None}
    assert list(tmp_path.iterdir()) == [tmp_path / "scores.json"]


def test_infinity_is_refused_and_leaves_no_file(tmp_path):
    with pytest.raises(ValueError):
        tables.write_json({"auc": float("inf")}, tmp_path / "scores.json")
    assert not list(tmp_path.iterdir())


DAMAGED = {
    "csv": lambda path: tables.read("groups", path),
    "parquet": tables.read_parquet,
    "npy": tables.open_array,
    "json": tables.read_json,
    "features.npz": Features.load,
    "embeddings.npz": Embeddings.load,
    "masks.npz": HeldOutMasks.load,
}


@pytest.mark.parametrize("ending", DAMAGED)
@pytest.mark.parametrize(
    "data", [b"", b'image,group\na,x\n\xff,"1\nb,0,1', b"PK\x03\x04", b"PAR1\0\0"]
)
@pytest.mark.fault("tables", "a damaged file of a stage", "one line that says how to make it again")
def test_a_damaged_artefact_is_one_line_with_the_way_out(ending, data, tmp_path):
    path = tmp_path / f"file.{ending}"
    path.write_bytes(data)
    with pytest.raises(UserError) as caught:
        DAMAGED[ending](path)
    message = str(caught.value)
    assert str(path) in message and "tailprint run" in message and "\n" not in message
