import numpy as np
import torch

from pipeline.steps.report import attention_maps

NAMES = ["q0", "q1", "q2", "g0"]
CROPS = np.zeros((4, 8, 8, 4), np.uint8)


def make_query(name: str, fold: int, posterior: float, **first) -> dict:
    return {"q": name, "f": fold, "a": [{"i": "a", "p": posterior} | first]}


def build(queries: list[dict], monkeypatch) -> list[dict]:
    monkeypatch.setattr(
        attention_maps.grad_cam,
        "compute_heatmaps",
        lambda net, crops, others: torch.ones(len(crops), 8, 8),
    )
    return attention_maps.build_attention_maps(None, queries, CROPS, NAMES, 0, 3)


def test_the_least_certain_queries_of_the_fold_come_first(monkeypatch):
    """q1 is less certain than q0; q2 is of another fold, q3 has no best match."""
    queries = [make_query("q0", 0, 0.9, g="g0"), make_query("q1", 0, 0.4, g="g0")]
    queries += [make_query("q2", 1, 0.1, g="g0"), make_query("q3", 0, 0.1)]
    maps = build(queries, monkeypatch)
    assert [(entry["q"], entry["g"]) for entry in maps] == [("q1", "g0"), ("q0", "g0")]
    monkeypatch.setattr(attention_maps, "MAX_MAPS", 1)
    assert len(build(queries, monkeypatch)) == 1
    assert build(queries[2:], monkeypatch) == []


def test_one_pair_is_in_the_network_at_a_time(monkeypatch):
    """Twelve with their gradients took 190 MB."""
    seen = []

    def compute(net, crops, others):
        seen.append((len(crops), len(others)))
        return torch.ones(len(crops), 8, 8)

    monkeypatch.setattr(attention_maps.grad_cam, "compute_heatmaps", compute)
    queries = [make_query(name, 0, 0.5, g="g0") for name in ("q0", "q1", "q2")]
    maps = attention_maps.build_attention_maps(None, queries, CROPS, NAMES, 0, 3)
    assert len(maps) == 3 and seen == [(1, 1)] * 3


def test_the_heatmap_colours_the_crop():
    heat = np.zeros((8, 8), np.float32)
    heat[0, 0] = 1
    picture = attention_maps.overlay(np.full((8, 8, 3), 100, np.uint8), heat)
    assert picture[0, 0].sum() > picture[7, 7].sum()
    assert picture[7, 7].max() <= 60
