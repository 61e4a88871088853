"""The examples of docs/extend/ do what their pages say; that of a loss: test_embedding_loss.py."""

import json
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from pipeline.data.gallery import Embeddings
from pipeline.steps.rerank import reranker
from pipeline.steps.rerank.candidates import Candidates
from tests.conftest import ROOT


def first_block(page: str) -> str:
    return re.search(r"^```python\n(.*?)^```", (ROOT / page).read_text(), re.DOTALL | re.M)[1]


def test_a_reader_of_coco(tmp_path):
    names = {"json": json, "pd": pd, "Path": Path}
    exec(first_block("docs/extend/a-reader.md"), names)
    content = {
        "images": [{"id": 7, "file_name": "a.jpg"}, {"id": 9, "file_name": "b.jpg"}],
        "annotations": [{"image_id": 9, "category_id": 1}, {"image_id": 7, "category_id": 2}],
        "categories": [{"id": 1, "name": "anna"}, {"id": 2, "name": "bruno"}],
    }
    file = tmp_path / "coco.json"
    file.write_text(json.dumps(content))
    table = names["read_coco"](file, [])
    assert table["path"].tolist() == [tmp_path / "b.jpg", tmp_path / "a.jpg"]
    assert table["identity"].tolist() == ["anna", "bruno"]


def test_a_reranker_by_the_nearest_support():
    names = dict(vars(reranker))
    exec(first_block("docs/extend/a-reranker.md"), names)
    vectors = np.array([[1, 0], [0.6, 0.8], [0, 1], [0.8, 0.6]], np.float32)
    embeddings = Embeddings(np.array(["q", "a1", "a2", "b1"]), vectors)
    top = Candidates(
        queries=np.array(["q"]),
        identities=np.array([["a", "b", ""]], object),
        scores=np.array([[0.9, 0.5, -np.inf]]),
        supports=np.array([[[1, 2], [3, -1], [-1, -1]]]),
    )
    method = names["NearestSupport"](SimpleNamespace(embeddings=embeddings), None)
    scores = method.score(top, pd.DataFrame(), None)
    assert scores.tolist() == [pytest.approx([0.6, 0.8, -np.inf])]
