"""What `tailprint name` has kept goes out as a table of embeddings and as a page to be printed."""

import numpy as np
import pandas as pd
import pytest

from pipeline.exchange import named_folder
from pipeline.exchange.named_folder import Answer, NamedFolder
from pipeline.naming import catalogue_page, embeddings_table
from pipeline.system.errors import UserError

VECTORS = {"k1": [1.0, 0.0], "k2": [0.0, 1.0], "n1": [0.6, 0.8], "n2": [0.8, 0.6]}


def answer(photograph, result, name="", group="", animal=""):
    candidates = ((name, 0.9),) if name else ()
    return Answer(photograph, animal, "x", result, candidates, 0.7, group, None)


@pytest.fixture
def kept(workspace):
    """Two known photographs; of new ones, two animals on one, an unknown one, and none."""
    for digest, vector in VECTORS.items():
        arrays = {"vector": np.array(vector, np.float64), "thumbnail": np.array(f"{digest}==")}
        workspace.save("photographs", digest, arrays)
    rows = [
        ("catalogue", "B/1.png", "", "/c/B/1.png", "k2", "<b>"),
        ("catalogue", "A/1.png", "", "/c/A/1.png", "k1", "A"),
        ("new", "z.png", "1 of 2", "/n/z.png", "n1", ""),
        ("new", "z.png", "2 of 2", "/n/z.png", "n2", ""),
        ("new", "u.png", "", "/n/u.png", "k1", ""),
        ("new", "none.png", "", "/n/none.png", "", ""),
    ]
    answers = [
        *(answer("none.png", "empty"), answer("u.png", "new", group="1")),
        *(
            answer("z.png", "known", "A", animal="1 of 2"),
            answer("z.png", "unsure", animal="2 of 2"),
        ),
    ]
    compared = pd.DataFrame(rows, columns=named_folder.COLUMNS)
    return NamedFolder(workspace.folder.parent, answers, compared, 0.0)


def test_embeddings_are_read_back_with_who_is_known(kept, tmp_path):
    text = embeddings_table.export(kept, tmp_path / "e.parquet")
    assert text == "5 embeddings with 2 numbers each"
    table = pd.read_parquet(tmp_path / "e.parquet")
    assert list(table) == ["role", "photograph", "animal", "individual", "member", "vector"]
    assert table["individual"].tolist() == ["<b>", "A", "", "", ""]
    expected = [VECTORS[digest] for digest in ("k2", "k1", "n1", "n2", "k1")]
    np.testing.assert_array_equal(np.stack(table["vector"]), np.array(expected, np.float32))
    assert set(table["member"]) == {"lite0"}


def test_a_missing_embedding_is_said(kept, tmp_path):
    kept.compared.loc[0, "digest"] = "gone"
    with pytest.raises(UserError, match="lacks an embedding .* repeat the command"):
        embeddings_table.export(kept, tmp_path / "e.parquet")
    with pytest.raises(UserError, match="lacks the small copy of B/1.png"):
        catalogue_page.export(kept, tmp_path / "c.html")
    assert list(tmp_path.glob("*.parquet")) == list(tmp_path.glob("*.html")) == []


def test_each_individual_has_a_page(kept, tmp_path):
    text = catalogue_page.export(kept, tmp_path / "c.html")
    assert text.startswith("3 individuals, 4 photographs")
    html = (tmp_path / "c.html").read_text()
    sections = html.split("<section ")[1:]
    headings = [section.split("<h2>")[1].split("</h2>")[0] for section in sections]
    assert headings == ["&lt;b&gt;", "A", "Unknown individual 1"]
    assert (
        "<dd>2</dd>" in sections[1] and "z.png, new photograph, animal 1 of 2, 90%" in sections[1]
    )
    assert sections[1].index("k1==") < sections[1].index("n1==")  # A/1.png before z.png
    assert "u.png, new photograph, of none of the known individuals 70%" in sections[2]
    assert "break-before: page" in html and "http" not in html and "n2==" not in html


def test_the_oldest_sighting_is_first(kept, monkeypatch, tmp_path):
    dates = {"/c/A/1.png": "2024-05-31 10:00", "/n/z.png": "2023-01-02 09:00"}
    monkeypatch.setattr(
        *(catalogue_page, "read_dates"), lambda table: dict.fromkeys(table["file"], "") | dates
    )
    assert [one.photograph for one in catalogue_page.collect(kept)["A"]] == ["z.png", "A/1.png"]
    catalogue_page.export(kept, tmp_path / "c.html")
    undated, dated, _ = (tmp_path / "c.html").read_text().split("<section ")[1:]
    assert "<dt>First</dt><dd>2023-01-02 09:00 z.png</dd>" in dated
    assert "<dt>Last</dt><dd>2024-05-31 10:00 A/1.png</dd>" in dated
    assert "First" not in undated
