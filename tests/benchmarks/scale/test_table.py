"""The table of what grows."""

import pandas as pd
import pytest

from benchmarks.scale import table
from benchmarks.scale.table import Row


def test_growth_is_the_exponent_of_a_power():
    sizes = [1000, 10_000, 33_000]
    assert table.fit_exponent(sizes, [size**1.5 / 7 for size in sizes]) == pytest.approx(1.5)
    assert table.fit_exponent(sizes, [3.0] * 3) == pytest.approx(0)


@pytest.mark.parametrize("sizes", [[], [10], [10, 10]])
def test_one_size_does_not_grow(sizes):
    with pytest.raises(ValueError, match="two sizes"):
        table.fit_exponent(sizes, [1.0] * len(sizes))


def test_a_row_that_is_measured_again_is_replaced(tmp_path):
    path = tmp_path / "scale.csv"
    table.add(path, Row("crop", 1000, 9.0, 12.34567, 2**30), "old")
    table.add(path, Row("match", 1000, 2.0, 4.0, 2**20, 0.5), "old")
    table.add(path, Row("crop", 1000, 8.0, 12.0, 2**30), "new")
    found = table.read(path)
    assert found.columns.tolist() == table.COLUMNS
    assert found["row"].tolist() == ["match", "crop"] and found["commit"].tolist() == ["old", "new"]
    assert found["seconds"].tolist() == [2.0, 8.0] and found["megabytes"].tolist() == [1, 1024]
    assert found["found"].tolist() == pytest.approx([0.5, float("nan")], nan_ok=True)


def test_a_row_of_several_sizes_has_its_growth():
    rows = pd.DataFrame(
        {
            "row": ["crop", "crop", "embed"],
            "size": [10_000, 1000, 1000],
            "seconds": [100.0, 10.0, 3.0],
            "cpu": [400.0, 4.0, 3.0],
            "megabytes": [500, 500, 7],
            "found": [float("nan"), float("nan"), 0.995],
        }
    )
    text = table.render(rows)
    assert "exponents: seconds 1.00, CPU 2.00, memory " in text
    assert text.index("1,000") < text.index("10,000") and "0.995 found" in text
    assert text.count("exponents") == 1
