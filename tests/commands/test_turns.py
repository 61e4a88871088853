"""One command at a time in a project."""

from pathlib import Path

from filelock import FileLock

from commands import turns


def test_a_second_command_says_that_it_waits(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path(".dvc").mkdir()
    with turns.take_turn():
        waited = []

        class Turn(FileLock):
            """Counts the waiting, and ends it."""

            def acquire(self, timeout=None):
                if timeout is None:
                    waited.append(True)
                    return None
                return super().acquire(timeout)

        monkeypatch.setattr(turns, "FileLock", Turn)
        with turns.take_turn():
            assert waited == [True]
    line = "another tailprint command is at work in this project: waiting until it ends\n"
    assert capsys.readouterr().err == line


def test_outside_of_a_project_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with turns.take_turn():
        assert not list(tmp_path.iterdir())
