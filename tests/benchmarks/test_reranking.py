"""The params that the re-ranking benchmark edits; the stages that it runs have their tests."""

import pytest

from benchmarks import reranking, reranking_methods
from benchmarks.ablations import edit_params
from pipeline import params
from pipeline.params.presets import render_preset
from tests.conftest import ROOT


@pytest.fixture
def best() -> params.Ensemble:
    return params.load(ROOT / "tests/params.yaml").ensembles["best"]


def test_without_reranking_the_first_score_is_the_only_one(best):
    recipe = best.model_copy(update={"scores": ["nearest", "centre"], "local": {"votes": 1.0}})
    edits = reranking.edit_recipe(recipe, "none", "centre")
    assert edits["alone"] == {"scores": ["centre"], "local": {}}
    assert edits["added"] == {"scores": ["nearest", "centre"], "local": {"votes": 1.0}}


@pytest.mark.parametrize("method", ["reptile", "k_reciprocal"])
def test_reranked_is_the_only_score_or_one_more(best, method):
    recipe = best.model_copy(update={"scores": ["nearest"], "local": {"votes": 1.0}})
    edits = reranking.edit_recipe(recipe, method, "centre")
    assert edits["alone"] == {"scores": ["reranked or centre"], "local": {}}
    # the first score is in the ensemble with and without it, so that only `reranked` is added
    assert edits["added"]["scores"] == ["nearest", "centre", "reranked or centre"]
    without = reranking.edit_recipe(recipe, "none", "centre")
    assert without["added"]["scores"] == ["nearest", "centre"]


@pytest.mark.parametrize("preset", ["params.yaml", "presets/animals-cpu.yaml"])
@pytest.mark.parametrize("method", ["none", "k_reciprocal", "reptile"])
def test_the_edited_params_of_every_ensemble_are_valid(tmp_path, preset, method):
    file = tmp_path / "params.yaml"
    for name, recipe in params.load(ROOT / preset).ensembles.items():
        for changes in reranking.edit_recipe(recipe, method, "centre").values():
            file.write_text(render_preset(ROOT / preset))
            leaves = {f"ensembles.{name}.{leaf}": value for leaf, value in changes.items()}
            edit_params(file, name, {"rerank.method": method, "neighbours.reciprocal": 20} | leaves)
            assert params.load(file).ensembles[name].scores == changes["scores"]


def test_every_method_of_the_params_has_a_row():
    """Except none, the base, and the siamese head, which needs members trained as pairs."""
    rows = {method.partition(reranking_methods.ON_CROPS)[0] for method in reranking_methods.METHODS}
    assert {"none", "siamese_head"} | rows == set(
        params.Rerank.model_fields["method"].annotation.__args__
    )


def test_slow_methods_are_trained_on_fewer_tasks():
    file = ROOT / "params.yaml"
    plain = params.load(file).rerank.fewshot
    usual = f"{plain.steps} steps of {plain.tasks} tasks"
    training = {
        method: reranking_methods.describe_training(method, file)
        for method in reranking_methods.METHODS
    }
    assert training["reptile"] == training["k_reciprocal"] == "-"
    assert training["siamese"] == training["maml"] == usual
    assert training["memory"] == f"{plain.steps} steps of 4 tasks"
    assert training["siamese, on crops"] == "100 steps of 4 tasks"


def test_an_unknown_method_raises():
    message = r"unknown methods \['reptil'\]; known are \['k_reciprocal'"
    with pytest.raises(SystemExit, match=message):
        reranking.main("best", [], None, ["reptil"], None)
