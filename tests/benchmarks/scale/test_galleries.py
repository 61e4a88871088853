"""Synthetic galleries, and searches in them, small."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.scale import galleries
from pipeline import params
from pipeline.data.gallery import Embeddings
from tests.conftest import ROOT

P = params.load(ROOT / "tests/params.yaml")


@pytest.fixture
def drawn(monkeypatch):
    monkeypatch.setattr(galleries, "AT_ONCE", 70)  # blocks that end within an individual
    vectors, owners = galleries.draw(300)
    names = np.array(galleries.name(300))
    return Embeddings(names, vectors), pd.DataFrame({"image": names, "identity": owners})


def test_photographs_of_an_individual_are_alike(drawn):
    embeddings, rows = drawn
    similarity = embeddings.vectors @ embeddings.vectors.T
    np.fill_diagonal(similarity, -1)
    owners = rows["identity"].to_numpy()
    assert (owners[similarity.argmax(axis=1)] == owners).mean() > 0.8
    assert pd.Series(owners).value_counts().tolist() == [10] * 30


@pytest.mark.parametrize("search", [galleries.search_at_once, galleries.search_one_by_one])
def test_both_ways_find_the_nearest(drawn, search):
    embeddings, rows = drawn
    queries = galleries.draw_queries(embeddings.vectors, 4)
    seconds, cpu, images = search(embeddings, rows, queries, P)
    assert galleries.compare(images, queries, embeddings) == 1
    assert seconds > 0 and cpu >= 0 and len(images) == 4


def test_what_is_missed_is_counted(drawn):
    embeddings, _ = drawn
    queries = embeddings.vectors[:2]
    nothing = [["no photograph"] * 10] * 2
    assert galleries.compare(nothing, queries, embeddings) == 0
