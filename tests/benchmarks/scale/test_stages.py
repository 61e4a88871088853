"""What a whole run consists of, and its settings at a size."""

from ruamel.yaml import YAML

from benchmarks.scale import stages
from pipeline.params import Params

P = Params.model_validate(stages.edit_settings(1000))


def test_every_stage_is_measured_after_those_that_it_needs():
    written = YAML(typ="safe").load(stages.ROOT / "dvc.yaml")["stages"]
    assert sorted(stages.ORDER) == sorted(written)
    for stage, definition in written.items():
        body = definition.get("do", definition)
        needed = {
            str(dep).split("/")[2] for dep in body["deps"] if str(dep).startswith("data/work/")
        }
        before = set(stages.ORDER[: stages.ORDER.index(stage)])
        assert needed & set(stages.ORDER) <= before, stage


def test_a_stage_is_called_as_often_as_in_a_whole_run():
    assert stages.list_arguments("crop", P) == [()]
    assert stages.list_arguments("pretrain", P) == [("lite0",)]
    assert stages.list_arguments("embed", P) == [("lite0", "0")]
    assert stages.list_arguments("score", P) == [("humpback_cpu_card",), ("humpback_cpu_best",)]
    assert stages.list_arguments("report", P) == [("humpback_cpu_best",)]


def test_nothing_is_trained_and_a_quarter_of_the_photographs_is_asked():
    assert P.train.frozen and (P.demo.train_images, P.demo.test_images) == (758, 242)
