"""The files that TensorBoard reads while a member is trained."""

import sys
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from pipeline.system.errors import UserError
from pipeline.training import live_curves


def read(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """Step and value of every curve, by TensorBoard's own reader."""
    events = EventAccumulator(str(folder)).Reload()
    names = events.Tags()["scalars"]
    return {name: [(e.step, round(e.value, 4)) for e in events.Scalars(name)] for name in names}


def test_rows_can_be_read_before_the_end(tmp_path):
    with live_curves.open_curves(tmp_path / "lite0-0") as report:
        report({"epoch": 0, "rate": 0.1, "loss": 3.0})
        assert read(tmp_path / "lite0-0") == {"rate": [(0, 0.1)], "loss": [(0, 3.0)]}
        report({"epoch": 1, "rate": 0.05, "loss": 2.0, "inner": 0.5})
    assert read(tmp_path / "lite0-0")["loss"] == [(0, 3.0), (1, 2.0)]
    assert read(tmp_path / "lite0-0")["inner"] == [(1, 0.5)]


def test_a_second_training_replaces_the_first(tmp_path):
    for loss in (3.0, 2.0):
        with live_curves.open_curves(tmp_path) as report:
            report({"epoch": 0, "loss": loss})
    assert read(tmp_path) == {"loss": [(0, 2.0)]}


def test_without_the_variable_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(live_curves.LIVE, raising=False)
    with live_curves.open_curves(live_curves.choose_folder("lite0", "0")) as report:
        report({"epoch": 0, "loss": 1.0})
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setenv(live_curves.LIVE, "live")
    assert live_curves.choose_folder("lite0", "0") == Path("live/lite0-0")


def test_a_missing_tensorboard_is_named_with_the_way_out(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with (
        pytest.raises(UserError, match=r"TAILPRINT_LIVE needs .*tailprint\[live\]"),
        live_curves.open_curves(tmp_path),
    ):
        pass
