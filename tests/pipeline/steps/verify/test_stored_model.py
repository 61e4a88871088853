"""The model of pairs is read, or its file is named with the way out."""

import json

import pytest

from pipeline import paths
from pipeline.steps.verify.stored_model import load_pair_model
from pipeline.system.errors import UserError


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def write_pair_model(**values) -> None:
    paths.PAIR_MODEL.parent.mkdir(parents=True)
    paths.PAIR_MODEL.write_text(json.dumps(values | {"intercept_": 0}))


def test_a_pipeline_that_has_not_run_is_named():
    with pytest.raises(UserError, match="model.json does not exist: run the pipeline first"):
        load_pair_model()


def test_a_pair_model_without_informative_pairs_is_refused():
    write_pair_model(centre_=[0] * 3, spread_=[1] * 3, weights_=[0] * 3)
    with pytest.raises(UserError, match="without informative pairs: it takes keypoints.enabled"):
        load_pair_model()


def test_a_pair_model_of_another_version_is_refused():
    write_pair_model(centre_=[0, 0], spread_=[1, 1], weights_=[1, 1])
    with pytest.raises(UserError, match="another version: run dvc repro verify"):
        load_pair_model()
