import numpy as np
import torch

from pipeline.steps.report import attention_maps

NAMES = ["q0", "q1", "q2", "g0"]
CROPS = np.zeros((4, 8, 8, 4), np.uint8)


def query(name: str, fold: int, posterior: float, **first) -> dict:
    return {"q": name, "f": fold, "a": [{"i": "a", "p": posterior} | first]}


def seen(queries: list[dict], monkeypatch) -> list[dict]:
    monkeypatch.setattr(
        attention_maps.attention,
        "attended",
        lambda net, crops, others: torch.ones(len(crops), 8, 8),
    )
    return attention_maps.looks(None, queries, CROPS, NAMES, 0, 3)


def test_the_least_sure_of_the_members_own_queries(monkeypatch):
    """q1 is less sure than q0; q2 is of another fold, q3 is called new: no photograph argues."""
    queries = [query("q0", 0, 0.9, g="g0"), query("q1", 0, 0.4, g="g0")]
    queries += [query("q2", 1, 0.1, g="g0"), query("q3", 0, 0.1)]
    found = seen(queries, monkeypatch)
    assert [(one["q"], one["g"]) for one in found] == [("q1", "g0"), ("q0", "g0")]
    monkeypatch.setattr(attention_maps, "SHOWN", 1)
    assert len(seen(queries, monkeypatch)) == 1
    assert seen(queries[2:], monkeypatch) == []


def test_heat_colours_the_crop():
    heat = np.zeros((8, 8), np.float32)
    heat[0, 0] = 1
    found = attention_maps.heated(np.full((8, 8, 3), 100, np.uint8), heat)
    assert found[0, 0].sum() > found[7, 7].sum()
    assert found[7, 7].max() <= 60
