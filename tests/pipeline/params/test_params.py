"""params.yaml and the presets load; a fault is refused with its key."""

import datetime
from collections.abc import Iterator
from typing import Literal, get_args, get_origin

import pytest
from pydantic import BaseModel
from ruamel.yaml import YAML

from pipeline import params
from pipeline.system.errors import UserError
from tests.conftest import ROOT

FILES = [ROOT / "params.yaml", ROOT / "tests/preset.yaml", *sorted(ROOT.glob("presets/*.yaml"))]


FROZEN = ("animals-frozen", "animalclef-cpu", "wildfusion")  # presets that train nothing


@pytest.fixture
def raw() -> dict:
    return YAML(typ="safe").load(ROOT / "tests/params.yaml")


@pytest.fixture
def load(tmp_path):
    """Write a dictionary as a params file and load that."""

    def load(raw: dict) -> params.Params:
        path = tmp_path / "params.yaml"
        YAML().dump(raw, path)
        return params.load(path)

    return load


def get_error(load, raw: dict) -> str:
    with pytest.raises(UserError) as stopped:
        load(raw)
    return str(stopped.value)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_params_file_loads(path):
    loaded = params.load(path)
    for backbone in loaded.backbones:
        train = loaded.member_train(backbone)
        assert train.frozen == (path.stem in FROZEN)


def test_a_loaded_file_cannot_be_changed():
    loaded = params.load(ROOT / "tests/params.yaml")
    with pytest.raises(ValueError, match="frozen"):
        loaded.train.epochs = 1


@pytest.mark.parametrize("section", params.Params.model_fields)
def test_a_missing_section_is_named(section, load, raw):
    del raw[section]
    assert f"  {section}: Field required" in get_error(load, raw)


def test_a_misspelt_key_and_the_missing_one_are_named_with_their_path(load, raw):
    raw["train"]["learning_rat"] = raw["train"].pop("learning_rate")
    message = get_error(load, raw)
    assert "train.learning_rat: Extra inputs are not permitted" in message
    assert "train.learning_rate: Field required" in message
    assert "params.yaml is not valid" in message


@pytest.mark.parametrize(
    "keys, value, place",
    [
        (("train", "learning_rate"), -1.0, "train.learning_rate"),
        (("train", "learning_rate"), float("nan"), "train.learning_rate"),
        (("train", "loss", "arcface", "margin"), 28.6, "train.loss.arcface.margin"),
        (("train", "channels"), 2, "train.channels"),
        (("train", "seed"), -1, "train.seed"),
        (("train", "pooling"), "max", "train.pooling"),
        (("train", "pooling_cells"), [2], "train.pooling_cells"),
        (("folds", "count"), 1, "folds.count"),
        (("evaluation", "new_whale_prior"), 0, "evaluation.new_whale_prior"),
        (("rerank", "fewshot", "crop_height"), 40, "rerank.fewshot.crop_height"),
        (("rerank", "reptile", "adapt_steps"), 4, "rerank.reptile.adapt_steps"),
    ],
)
def test_a_value_out_of_bounds_is_named_and_shown(keys, value, place, load, raw):
    section = raw
    for key in keys[:-1]:
        section = section[key]
    section[keys[-1]] = value
    message = get_error(load, raw)
    assert f"  {place}: " in message
    assert f"(found {value!r})" in message


def list_choices(
    section: type[BaseModel], at: tuple[str, ...] = ()
) -> Iterator[tuple[tuple, tuple]]:
    """Yield the place and the values of every Literal of the params."""
    for name, field in section.model_fields.items():
        kind = field.annotation
        if get_origin(kind) is Literal:
            yield (*at, name), get_args(kind)
        elif isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from list_choices(kind, (*at, name))


@pytest.mark.parametrize("keys, values", list(list_choices(params.Params)), ids=str)
def test_the_error_of_a_wrong_choice_lists_the_choices(keys, values, load, raw):
    section = raw
    for key in keys[:-1]:
        section = section[key]
    section[keys[-1]] = "nonsense"
    message = get_error(load, raw)
    assert f"  {'.'.join(keys)}: " in message and "(found 'nonsense')" in message
    assert all(repr(value) in message for value in values)


@pytest.mark.parametrize("weights", ["imagnet", "weights/best.pt", ""])
def test_first_weights_of_an_unknown_kind_are_refused(weights, load, raw):
    name = next(iter(raw["backbones"]))
    raw["backbones"][name]["weights"] = weights
    message = get_error(load, raw)
    assert f"  backbones.{name}.weights: " in message
    assert "imagenet, pretrained, none, or a .safetensors or .pth file" in message


def test_all_faults_are_listed_at_once(load, raw):
    raw["train"]["epochs"] = -1
    raw["crop"]["height"] = "tall"
    message = get_error(load, raw)
    assert "train.epochs" in message and "crop.height" in message


def test_an_unknown_backbone_of_an_ensemble_is_refused(load, raw):
    name = next(iter(raw["ensembles"]))
    raw["ensembles"][name]["backbones"] = {"resnet5000": 1.0}
    assert f"ensembles.{name}.backbones: ['resnet5000'] not in backbones" in get_error(load, raw)


def test_votes_of_edges_need_edges(load, raw):
    raw["ensembles"]["best"]["local"] = {"edge_votes": 1.0}
    load(raw)
    raw["keypoints"]["edge"] = False
    assert "best.local: edge_votes, but keypoints.edge is false" in get_error(load, raw)


@pytest.mark.parametrize(
    ("section", "values", "message"),
    [
        (
            "match",
            {"matcher": "lightglue"},
            "match.matcher: lightglue, but keypoints.detector is sift",
        ),
        ("keypoints", {"weights": "imagenet"}, "pretrained, or a .safetensors or .pth file"),
        ("match", {"matcher_weights": "x.zip"}, "pretrained, or a .safetensors or .pth file"),
        (
            "keypoints",
            {"detector": "disk", "count": 4000, "around": 97},
            "4000 and 97, but disk finds at most 4096 points",
        ),
    ],
)
def test_networks_of_local_features_must_fit(load, raw, section, values, message):
    raw[section].update(values)
    assert message in get_error(load, raw)


def test_loftr_needs_its_matches_and_a_shortlist(load, raw):
    raw["ensembles"]["best"]["local"] = {"loftr": 1.0}
    assert "best.local: loftr, but match.pairs is none" in get_error(load, raw)
    raw["match"]["pairs"] = "loftr"
    load(raw)
    raw["keypoints"]["enabled"] = False
    assert "match.pairs: loftr, but keypoints.enabled is false" in get_error(load, raw)


@pytest.mark.parametrize("detector", ["disk", "aliked", "xfeat"])
def test_lightglue_matches_these_detectors(load, raw, detector):
    raw["keypoints"]["detector"], raw["match"]["matcher"] = detector, "lightglue"
    raw["keypoints"] |= {"count": 4000, "around": 96}  # as many as they find
    load(raw)


def test_an_ensemble_needs_a_backbone_with_a_weight(load, raw):
    name = next(iter(raw["ensembles"]))
    raw["ensembles"][name]["backbones"] = dict.fromkeys(raw["backbones"], 0.0)
    assert f"ensembles.{name}: Value error, every backbone has weight 0" in get_error(load, raw)


def test_backbones_and_scores_of_weight_0_are_not_active(raw):
    recipe = next(iter(raw["ensembles"].values()))
    recipe |= {"backbones": {"a": 1.0, "b": 0.0}, "local": {"votes": 1.0, "ratio": 0.0}}
    recipe = params.Ensemble.model_validate(recipe)
    assert (recipe.active_backbones(), recipe.local_scores()) == (["a"], ["votes"])


def test_a_fold_of_an_ensemble_must_be_trained(load, raw):
    name = next(iter(raw["ensembles"]))
    raw["folds"]["trained"] = [0]
    raw["ensembles"][name]["folds"] = [1]
    assert f"ensembles.{name}.folds: [1] not in folds.trained" in get_error(load, raw)


def test_a_trained_fold_out_of_range_is_refused(load, raw):
    count = raw["folds"]["count"]
    raw["folds"]["trained"] = [count]
    assert f"folds.trained: {count} is not below folds.count" in get_error(load, raw)


def test_seasons_are_one_fold_more_than_first_days_and_the_first_is_never_held_out(load, raw):
    raw["folds"] |= {"seasons": ["2022-01-01", "2023-01-01"], "count": 3, "trained": [0, 1]}
    raw["ensembles"] = {name: one | {"folds": "all"} for name, one in raw["ensembles"].items()}
    assert list(load(raw).folds.possible) == [0, 1]
    raw["folds"]["trained"] = [2]
    assert "folds.trained: 2 is the first season, before which" in get_error(load, raw)
    raw["folds"]["count"] = 4
    assert "folds.seasons: its first days make 3 seasons, but folds.count is 4: set it to 3" in (
        get_error(load, raw)
    )


@pytest.mark.parametrize(
    "day, fault",
    [
        (datetime.date(2024, 3, 1), 'write a day in quotes: "2024-03-01"'),
        ("2024-02-30", "day is out of range for month"),
        ("2024-3-1", "should match pattern"),
        ("31.05.2024", "should match pattern"),
        (2024, "should be a valid string"),
    ],
)
def test_a_first_day_is_a_day_in_quotes(load, raw, day, fault):
    raw["folds"] |= {"seasons": [day], "count": 2, "trained": [0]}
    error = get_error(load, raw)
    assert "folds.seasons" in error and fault in error


def test_a_fold_trained_twice_is_refused(load, raw):
    raw["folds"]["trained"] = [0, 0]
    assert "folds.trained: Value error, has a value twice (found [0, 0])" in get_error(load, raw)


def test_the_default_ensemble_of_identify_must_exist(load, raw):
    raw["identify"]["ensemble"] = "worst"
    assert "identify.ensemble: 'worst' is not in ensembles" in get_error(load, raw)


@pytest.mark.parametrize("sizes", [[2, 3], [1, 1], [1, 5, 3], []])
def test_gallery_sizes_of_the_score_card_ascend_from_1(sizes, load, raw):
    raw["score"]["gallery_sizes"] = sizes
    assert "score" in get_error(load, raw)


def test_a_loss_must_be_switched_on(load, raw):
    for term in raw["train"]["loss"].values():
        term["weight"] = 0
    assert "train.loss: Value error, every weight is 0: switch one on of [" in get_error(load, raw)


def test_the_error_of_an_unknown_loss_lists_the_losses(load, raw):
    raw["train"]["loss"]["arkface"] = {"weight": 1.0}
    message = get_error(load, raw)
    assert (
        "train.loss: Value error, no loss ['arkface']; there are ['arcface', 'batch_all'" in message
    )


def test_centre_loss_alone_is_refused(load, raw):
    for name, term in raw["train"]["loss"].items():
        term["weight"] = float(name == "centre")
    assert "centre only pulls together" in get_error(load, raw)


def test_a_two_sided_triplet_loss_with_memory_is_refused(load, raw):
    raw["train"]["loss"]["triplet"] |= {"two_sided": True, "memory": 64}
    assert "triplet: two_sided makes anchors of positives: set memory to 0" in get_error(load, raw)


@pytest.mark.parametrize(
    "overrides, key",
    [
        ({"epoch": 3}, "epoch"),
        ({"sampler": {"vews": 2}}, "sampler.vews"),
        ({"epochs": -1}, "epochs"),
    ],
)
def test_a_fault_in_an_override_is_named_with_its_backbone(overrides, key, load, raw):
    raw["backbones"]["lite0"]["overrides"] = overrides
    message = get_error(load, raw)
    assert "backbones.lite0.overrides" in message
    assert f"  {key}: " in message


@pytest.mark.fault(
    "params",
    "train.epochs and train.views_per_identity both say how long to train",
    "both are named with their values",
)
def test_one_of_epochs_and_views_says_how_long_to_train(load, raw):
    raw["train"] |= {"epochs": 22, "views_per_identity": 60}
    assert "epochs is 22 and views_per_identity 60: one" in get_error(load, raw)


@pytest.mark.parametrize(
    ("section", "change", "reason"),
    [
        (
            "train",
            {"head_epochs": 2, "average": {"kind": "swa", "start": 0.5, "decay": 0.9}},
            "average.kind swa needs a backbone that is trained",
        ),
        ("rerank", {"method": "siamese_head"}, "is trained without one"),
    ],
)
@pytest.mark.fault("params", "what only training makes, but nothing is trained", "both are named")
def test_a_frozen_network_has_nothing_that_is_trained(section, change, reason, load, raw):
    raw["train"] |= {"epochs": 0, "views_per_identity": 0}
    raw["train"]["loss"]["siamese"]["weight"] = 1.0
    raw["backbones"]["lite0"]["overrides"] = {}
    assert load(raw).member_train("lite0").frozen
    raw[section] |= change
    assert reason in get_error(load, raw)


@pytest.mark.parametrize(
    ("train", "overrides", "expected"),
    [
        ((22, 0), {"epochs": 8}, (8, 0)),
        ((22, 0), {"views_per_identity": 60}, (0, 60)),
        ((0, 60), {"epochs": 8}, (8, 0)),
        ((0, 60), {"views_per_identity": 30}, (0, 30)),
        ((0, 60), {}, (0, 60)),
    ],
)
def test_an_override_of_one_of_epochs_and_views_replaces_the_other(
    train, overrides, expected, load, raw
):
    raw["train"] |= dict(zip(("epochs", "views_per_identity"), train, strict=True))
    raw["backbones"]["lite0"]["overrides"] = overrides
    settings = load(raw).member_train("lite0")
    assert (settings.epochs, settings.views_per_identity) == expected


def test_an_override_changes_only_its_backbone(load, raw):
    raw["backbones"]["lite0"]["overrides"] = {"loss": {"arcface": {"margin": 0.45}}}
    loaded = load(raw)
    assert loaded.member_train("lite0").loss.arcface.margin == 0.45
    assert loaded.member_train("lite0").loss.arcface.scale == loaded.train.loss.arcface.scale
    others = set(loaded.backbones) - {"lite0"}
    margins = [loaded.member_train(name).loss.arcface.margin for name in others]
    assert margins == [loaded.train.loss.arcface.margin] * len(others) and others


def test_an_exponent_without_a_point_is_a_number(tmp_path):
    """`dvc exp run -S` writes 1e-05, which YAML 1.1 reads as text."""
    text = (ROOT / "tests/params.yaml").read_text()
    changed = text.replace("weight_decay: 1.0e-2", "weight_decay: 1e-05")
    assert changed != text
    path = tmp_path / "params.yaml"
    path.write_text(changed)
    assert params.load(path).train.weight_decay == 0.00001


@pytest.mark.parametrize(
    ("scores", "fault"),
    [(["nearst"], "nearst"), (["nearest", "prototypes"], "prototypes"), (["x or centre"], "x or")],
)
def test_an_unavailable_score_is_refused(scores, fault, load, raw):
    raw["ensembles"]["card"]["scores"] = scores
    message = get_error(load, raw)
    assert "ensembles.card.scores" in message and fault in message


def test_a_score_of_a_stage_that_is_off_needs_an_alternative(load, raw):
    raw["rerank"]["method"] = "none"
    raw["ensembles"]["card"]["scores"] = ["reranked or centre"]
    assert load(raw).ensembles["card"].scores == ["reranked or centre"]
    raw["ensembles"]["card"]["scores"] = ["reranked"]
    assert "reranked" in get_error(load, raw)


def test_k_reciprocal_needs_its_neighbours(load, raw):
    raw["rerank"]["method"] = "k_reciprocal"
    assert "neighbours.reciprocal is 0" in get_error(load, raw)
    raw["neighbours"]["reciprocal"] = 20
    assert load(raw).rerank.method == "k_reciprocal"


def test_the_siamese_head_needs_a_network_trained_with_it(load, raw):
    raw["rerank"]["method"] = "siamese_head"
    for ensemble in raw["ensembles"].values():
        ensemble["scores"] = ["siamese_head or centre"]
    message = get_error(load, raw)
    assert "rerank.method: siamese_head, but lite0 is trained without one" in message
    raw["train"]["loss"]["siamese"]["weight"] = 1.0
    assert load(raw).rerank.method == "siamese_head"


def test_methods_that_adapt_a_network_for_vectors_refuse_crops(load, raw):
    raw["rerank"]["fewshot"]["input"] = "crops"
    for method, accepted in [("maml", False), ("matching", True), ("none", True)]:
        raw["rerank"]["method"] = method
        for ensemble in raw["ensembles"].values():
            ensemble["scores"] = ["centre"]
        if accepted:
            assert load(raw).rerank.fewshot.input == "crops"
        else:
            message = get_error(load, raw)
            assert "crops, but maml adapts a network for vectors" in message
            assert "'prototypical'" in message and "'fomaml'" not in message


@pytest.mark.parametrize("folds", [[], [0, 0], [7]])
def test_the_folds_of_an_ensemble_are_trained_and_unique(folds, load, raw):
    raw["ensembles"]["card"]["folds"] = folds
    assert "ensembles.card" in get_error(load, raw)


def test_the_demo_has_a_training_set_for_its_test(load, raw):
    raw["demo"] |= {"train_images": 100, "test_images": 501}
    assert "501: at most 5 times train_images, 500" in get_error(load, raw)


@pytest.mark.parametrize("useless", [{"align": "axis"}, {"padding": 0.1}])
def test_a_whole_photograph_is_neither_aligned_nor_padded(useless, load, raw):
    raw["crop"] |= {"frame": "photograph", "align": "none", "padding": 0} | useless
    assert "set align to none and padding to 0" in get_error(load, raw)
    raw["crop"] |= {"align": "none", "padding": 0}
    assert load(raw).crop.frame == "photograph"


def test_a_download_has_its_own_folder(load, raw):
    raw["competition"]["source"] = "kaggle"
    assert "data/kaggle" in get_error(load, raw)
    raw["competition"]["path"] = "data/kaggle"
    assert load(raw).competition.source == "kaggle"


def test_mirror_images_of_other_individuals_are_not_averaged(load, raw):
    raw["embed"]["flip"] = "average"
    load(raw)
    raw["backbones"]["lite0"]["overrides"] = {"flip": "identity"}
    message = get_error(load, raw)
    assert "embed.flip: average, but lite0 is trained with flip: identity" in message
    raw["embed"]["flip"] = "both"
    load(raw)


@pytest.mark.parametrize(
    ("score", "place", "on"), [("margin_score", "margin_score", True), ("reciprocal",) * 2 + (20,)]
)
def test_a_score_that_is_off_is_refused(raw, load, score, place, on):
    raw["ensembles"]["card"]["scores"] = [score]
    assert f"{score!r} is none of" in get_error(load, raw)
    raw["neighbours"][place] = on
    assert load(raw).ensembles["card"].scores == [score]
