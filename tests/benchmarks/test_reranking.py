"""What of an ensemble a re-ranking benchmark asks; the stages that answer have their own tests."""

import pytest

from benchmarks import reranking
from benchmarks.ablations import edit_params
from pipeline import params
from pipeline.params.presets import render_preset
from tests.conftest import ROOT


@pytest.fixture
def best() -> params.Ensemble:
    return params.load(ROOT / "tests/params.yaml").ensembles["best"]


def test_without_a_second_look_the_first_score_is_all(best):
    recipe = best.model_copy(update={"scores": ["nearest", "centre"], "local": {"votes": 1.0}})
    told = reranking.ways(recipe, "none", "centre")
    assert told["alone"] == {"scores": ["centre"], "local": {}}
    assert told["added"] == {"scores": ["nearest", "centre"], "local": {"votes": 1.0}}


@pytest.mark.parametrize("method", ["reptile", "k_reciprocal"])
def test_a_second_look_is_all_or_one_score_more(best, method):
    recipe = best.model_copy(update={"scores": ["nearest"], "local": {"votes": 1.0}})
    told = reranking.ways(recipe, method, "centre")
    assert told["alone"] == {"scores": ["reranked or centre"], "local": {}}
    # beside the first score itself, without and with: it is not that one that is added
    assert told["added"]["scores"] == ["nearest", "centre", "reranked or centre"]
    assert reranking.ways(recipe, "none", "centre")["added"]["scores"] == ["nearest", "centre"]


@pytest.mark.parametrize("preset", ["params.yaml", "presets/animals-cpu.yaml"])
@pytest.mark.parametrize("method", ["none", "k_reciprocal", "reptile"])
def test_every_ensemble_can_be_asked(tmp_path, preset, method):
    file = tmp_path / "params.yaml"
    for name, recipe in params.load(ROOT / preset).ensembles.items():
        for changes in reranking.ways(recipe, method, "centre").values():
            file.write_text(render_preset(ROOT / preset))
            leaves = {f"ensembles.{name}.{leaf}": own for leaf, own in changes.items()}
            edit_params(file, name, {"rerank.method": method, "neighbours.reciprocal": 20} | leaves)
            assert params.load(file).ensembles[name].scores == changes["scores"]


def test_every_method_of_the_params_has_its_row():
    """But for none, the base, and the twin, which needs members that were trained as pairs."""
    rows = {one.partition(reranking.ON_CROPS)[0] for one in reranking.METHODS}
    assert {"none", "siamese_head"} | rows == set(
        params.Rerank.model_fields["method"].annotation.__args__
    )


def test_the_slow_learn_from_fewer_tasks():
    file = ROOT / "params.yaml"
    plain = params.load(file).rerank.fewshot
    usual = f"{plain.steps} steps of {plain.tasks} tasks"
    told = {method: reranking.lessons(method, file) for method in reranking.METHODS}
    assert told["reptile"] == told["k_reciprocal"] == "-"
    assert told["siamese"] == told["maml"] == usual
    assert told["memory"] == f"{plain.steps} steps of 4 tasks"
    assert told["siamese, on crops"] == "100 steps of 4 tasks"


def test_an_unknown_method_is_named():
    with pytest.raises(SystemExit, match=r"no methods \['reptil'\]; there are \['k_reciprocal'"):
        reranking.main("best", [], None, ["reptil"], None)
