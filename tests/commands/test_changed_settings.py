"""A run that was made with other settings than those of params.yaml is refused."""

import pytest
from ruamel.yaml import YAML

from commands import changed_settings
from pipeline import params
from pipeline.system.errors import UserError

RECORD = {
    "schema": "2.0",
    "stages": {
        "embed@lite0-0": {
            "cmd": "python -m stages.embed lite0 0",
            "params": {"params.yaml": {"embed": {"flip": "none"}, "train": {"channels": 4}}},
        },
        "keypoints": {
            "cmd": "python -m stages.keypoints",
            "params": {"params.yaml": {"keypoints": {"size": 512, "gone": 1}}},
        },
        "report@best": {
            "cmd": "python -m stages.report best",
            "params": {"params.yaml": {"report": {"queries": 1}}},
        },
    },
}


def record(project, **stages) -> None:
    YAML().dump(RECORD | {"stages": RECORD["stages"] | stages}, project / "dvc.lock")


@pytest.fixture
def settings(project):
    """A function that writes settings into params.yaml; the record's are written first."""

    def write(**sections) -> None:
        text = (project / "params.yaml").read_text()
        found = YAML(typ="safe").load(text)
        for name, values in sections.items():
            found[name].update(values)
        YAML().dump(found, project / "params.yaml")

    record(project)
    write(embed={"flip": "none"}, train={"channels": 4}, keypoints={"size": 512})
    return write


def check(stages: set[str] = changed_settings.COMPARED) -> None:
    changed_settings.check_settings(stages, params.load())


def test_equal_settings_those_of_other_stages_and_removed_keys_are_no_change(settings):
    check()
    settings(report={"queries": 7}, evaluation={"new_whale_prior": 0.5})
    check()


def test_members_that_the_settings_no_longer_have_do_not_count(settings, project):
    """DVC keeps the records of another preset's members."""
    other = {"params": {"params.yaml": {"train": {"epochs": 77}}}, "cmd": ""}
    record(project, **{"train@former-0": other, "train@lite0-9": other})
    check()
    record(project, **{"train@lite0-0": other})
    with pytest.raises(UserError, match="train.epochs is .*, was 77"):
        check()


def test_without_a_record_nothing_is_known(settings, project):
    settings(embed={"flip": "average"})
    (project / "dvc.lock").unlink()
    check()


COMMANDS = [["identify", "params.yaml"], ["verify", *["params.yaml"] * 2]]
COMMANDS += [["enroll", "params.yaml", "w_new"]]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.fault(
    "identify",
    "params.yaml is edited after the run, so that photographs would be embedded otherwise",
    "one line with the keys, their values now and in the run, and the way out",
)
def test_every_change_is_named(settings, tailprint, command):
    settings(embed={"flip": "average"}, keypoints={"size": 256})
    result = tailprint(*command)
    assert result.exit_code == 1 and len(result.output.splitlines()) == 1
    assert result.output.startswith(
        "embed.flip is 'average', was 'none'; keypoints.size is 256, was 512: "
    )
    assert "run the pipeline again (tailprint run), or undo the change" in result.output


def test_few_of_many_changes_are_shown(settings):
    record_keys = {"scale": 1}
    assert list(changed_settings.compare("a", record_keys, {"scale": 1, "new": 2})) == []
    settings(embed={"flip": "average"}, train={"channels": 5}, keypoints={"size": 256})
    with pytest.raises(UserError, match="channels is 5"):
        check({"embed"})
    with pytest.MonkeyPatch.context() as patch, pytest.raises(UserError, match="and 2 more: "):
        patch.setattr(changed_settings, "LISTED", 1)
        check()
