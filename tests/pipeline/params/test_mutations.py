"""Every value of params.yaml, changed in many ways: a value that stages can use, or a message."""

import copy
import math
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from pipeline import params
from pipeline.system.errors import UserError
from tests.conftest import ROOT

RAW = YAML(typ="safe").load(ROOT / "tests/params.yaml")
FILE = Path("params.yaml")
VALUES = [
    None, "", "text", "5", "a b", "x" * 5000, True, [], {}, [[]], [None], [0, 0], {"a": 1},
    -1, 0, 1, 2, 7, 100, 10**6, 10**12, 2**31, 2**64, 10**30,
    -0.5, 0.5, 1.0, 1.5, 1e-300, 1e6, 1e308, math.nan, math.inf, -math.inf,
]  # fmt: skip


def list_leaves(settings, at=()):
    """The keys that lead to every leaf."""
    if isinstance(settings, dict) and settings:
        for key, value in settings.items():
            yield from list_leaves(value, (*at, key))
    else:
        yield at


LEAVES = list(list_leaves(RAW))


def change(keys, value) -> dict:
    """The settings with another value at one place."""
    settings = copy.deepcopy(RAW)
    section = settings
    for key in keys[:-1]:
        section = section[key]
    section[keys[-1]] = value
    return settings


def remove(keys) -> dict:
    settings = copy.deepcopy(RAW)
    section = settings
    for key in keys[:-1]:
        section = section[key]
    del section[keys[-1]]
    return settings


def load(settings, keys, value) -> params.Params | None:
    """Validate; a refusal must name the key, and show the value."""
    try:
        return params.validate(params.Params, settings, FILE)
    except UserError as error:
        assert str(error).startswith("params.yaml is not valid:\n")
        assert str(keys[-1]) in str(error) or keys[-2] in str(error), (keys, value, str(error))
        return None


def check_types(before, after, place) -> None:
    """A value that is accepted has the type of the one that it replaces."""
    if isinstance(after, bool) or isinstance(before, bool):
        assert type(after) is type(before), place
    elif isinstance(after, float):
        assert math.isfinite(after) and isinstance(before, int | float), place
    elif isinstance(after, int):
        assert abs(after) <= 10**9 and not isinstance(before, str), place


@pytest.mark.parametrize("section", sorted({keys[0] for keys in LEAVES}))
@pytest.mark.fault("params", "any value, changed in 33 ways", "usable, or a message with its key")
@pytest.mark.slow
def test_a_changed_value_is_usable_or_refused_by_its_key(section):
    for keys in (keys for keys in LEAVES if keys[0] == section):
        for value in VALUES:
            loaded = load(change(keys, value), keys, value)
            if loaded is not None and "overrides" not in keys:
                found = RAW
                for key in keys:
                    found = found[key]
                check_types(found, value, keys)


@pytest.mark.parametrize("section", sorted({keys[0] for keys in LEAVES}))
@pytest.mark.fault("params", "a key removed, or one too many", "a message with the key")
def test_a_missing_key_and_an_unknown_one_are_named(section):
    for keys in (keys for keys in LEAVES if keys[0] == section and "overrides" not in keys):
        names = {"local", "backbones", "html"} & set(keys)
        if not names and keys[:2] != ("train", "loss"):
            assert load(remove(keys), keys, None) is None, keys
        parent = keys[:-1]
        if names or parent == ("ensembles",):
            continue
        assert load(change((*parent, "unknown_key"), 1), (*parent, "unknown_key"), 1) is None, keys


NAMES = [
    "leaderboard", "ablations", "con", "aux", "com1", "best.json", "Best", "BEST", "a/b", "../a",
    "a b", "", ".", "é", "a-b", "1a", "a\n", "x" * 61, 5, None, True,
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES, ids=repr)
@pytest.mark.parametrize("section", ["ensembles", "backbones"])
@pytest.mark.fault("params", "a name that is no file name, or taken", "refused")
def test_a_name_that_is_no_file_name_or_taken_is_refused(section, name):
    settings = copy.deepcopy(RAW)
    settings[section][name] = next(iter(settings[section].values()))
    with pytest.raises(UserError, match=f"{section}."):
        params.validate(params.Params, settings, FILE)


@pytest.mark.parametrize(
    ("keys", "value", "message"),
    [
        (("competition", "columns", "image"), "Id", "image and identity are both 'Id'"),
        (("competition", "columns", "image"), "x0", "'x0' is another column of boxes.csv"),
        (("competition", "columns", "new_whale"), "new whale", "competition.columns.new_whale"),
        (("competition", "path"), "", "competition.path"),
        (("competition", "path"), "  ", "competition.path"),
        (("competition", "path"), ".", "holds what the stages write"),
        (("competition", "path"), "data", "holds what the stages write"),
        (("competition", "path"), "data/work/competition", "holds what the stages write"),
        (("competition", "path"), "x/../data/work", "holds what the stages write"),
        (("competition", "path"), "..", "holds what the stages write"),
        (("competition", "path"), "/", "holds what the stages write"),
        (("competition", "path"), "s3://bucket/photos", "is not a folder"),
        (("train", "seed"), 2**31, "train.seed"),
        (("folds", "seed"), 2**64, "folds.seed"),
        (("train", "channels"), 4.0, "train.channels"),
        (("train", "bnneck"), 1, "train.bnneck"),
        (("train", "epochs"), True, "train.epochs"),
        (("train", "epochs"), 1.0, "train.epochs"),
        (("train", "epochs"), "5", "train.epochs"),
        (("match", "neighbours"), 10**9, "match.neighbours"),
        (("ensembles", "card", "folds"), [0, 0], "ensembles.card.folds"),
        (("ensembles", "card", "folds"), [99], "ensembles.card.folds"),
        (("ensembles", "card", "scores"), ["centre", "centre"], "ensembles.card.scores"),
        (("identify", "ensemble"), "nobody", "identify.ensemble: 'nobody' is not in ensembles"),
        (("report", "html"), ["nobody"], "report.html"),
        (("report", "html"), ["best", "best"], "report.html"),
        (("match", "backbone"), "nobody", "match.backbone"),
        (("folds", "trained"), [0, 7], "folds.trained: 7 is not below folds.count"),
        (("verify", "false_alarm_rates"), [0.1, 0.1], "verify.false_alarm_rates"),
        (("train", "sampler", "views"), 1024, "identities x views"),
    ],
)  # fmt: skip
@pytest.mark.fault("params", "a value that a later stage would stumble over", "refused at once")
def test_a_value_that_cannot_work_is_refused_with_its_key(keys, value, message):
    with pytest.raises(UserError) as caught:
        params.validate(params.Params, change(keys, value), FILE)
    assert message in str(caught.value)


def test_an_ensemble_is_not_called_as_a_table_of_another():
    ensembles = RAW["ensembles"] | {"card_unknown": RAW["ensembles"]["card"]}
    with pytest.raises(UserError, match="card_unknown.csv has the unknown individuals of card"):
        params.validate(params.Params, RAW | {"ensembles": ensembles}, FILE)
