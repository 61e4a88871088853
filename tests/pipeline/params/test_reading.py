"""What is wrong with a YAML file is said with the file and the line, whoever reads it."""

import subprocess
import sys

import pytest

from pipeline import params
from pipeline.params.reading import read_yaml
from pipeline.system.errors import UserError
from tests.conftest import ROOT

BROKEN = {
    "tab": (b"a:\n\tb: 1\n", "line 2: a tab: YAML is indented by spaces"),
    "indentation": (b"a:\n  b: 1\n c: 2\n", "line 3: "),
    "bracket": (b"a: [1, 2\nb: 3\n", "line 2: "),
    "quote": (b'a: 1\nb: "text\n', "line "),
    "colon": (b"a: b: c\n", "line 1: mapping values are not allowed in this"),
    "duplicate": (b"a:\n  x: 1\n  x: 2\n", 'line 3: found duplicate key "x"'),
    "duplicate section": (b"a: {x: 1}\nb: 2\na: {y: 1}\n", 'line 3: found duplicate key "a"'),
    "alias": (b"a: *nowhere\n", "line 1: found undefined alias"),
    "tag": (b"a: !!python/object:os.system {}\n", "line 1: could not determine a constructor"),
    "two documents": (b"a: 1\n---\nb: 2\n", "line 2: but found another document"),
    "control character": (b"a: 1\nb: \x01\n", "can't be read: "),
    "latin-1": ("a: 1\nb: Zoë\n".encode("latin-1"), "line 2: is not UTF-8 text"),
    "utf-16": ("a: 1\n".encode("utf-16"), "line 1: is not UTF-8 text"),
    "binary": (b"\x80\x04\x95", "line 1: is not UTF-8 text"),
    "empty": (b"", "is empty"),
    "comments": (b"# nothing\n", "is empty"),
    "list": (b"- a\n- b\n", "is a list, and not sections with their keys"),
    "text": (b"nonsense\n", "is the text 'nonsense', and not sections"),
    "number": (b"5\n", "is the text '5', and not sections"),
    "huge number": (b"a: " + b"9" * 5000 + b"\n", "can't be read: "),
}


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.fault("params", "a params.yaml that is no YAML", "one line with the file and the line")
def test_a_broken_file_is_named_with_its_line(name, tmp_path):
    data, message = BROKEN[name]
    path = tmp_path / "params.yaml"
    path.write_bytes(data)
    for read in (read_yaml, params.load):
        with pytest.raises(UserError) as caught:
            read(path)
        assert str(caught.value).startswith(str(path)) and message in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_byte_order_mark_is_read(tmp_path):
    (tmp_path / "params.yaml").write_bytes("a: é\n".encode("utf-8-sig"))
    assert read_yaml(tmp_path / "params.yaml") == {"a": "é"}


@pytest.mark.fault("params", "an alias that contains itself", "a message, no endless loop")
def test_an_alias_that_contains_itself_is_refused(tmp_path):
    text = (ROOT / "tests/params.yaml").read_text()
    (tmp_path / "params.yaml").write_text(text.replace("folds:\n", "folds: &f\n  more: *f\n", 1))
    with pytest.raises(UserError, match="params.yaml is not valid"):
        params.load(tmp_path / "params.yaml")


@pytest.mark.fault("params", "thousands of brackets", "a message with the file")
def test_lists_in_lists_without_end_are_refused(tmp_path):
    text = (ROOT / "tests/params.yaml").read_text()
    deep = f"folds:\n  more: {'[' * 2000}{']' * 2000}\n"
    (tmp_path / "params.yaml").write_text(text.replace("folds:\n", deep, 1))
    with pytest.raises(UserError, match="params.yaml (is not valid|can't be read)"):
        params.load(tmp_path / "params.yaml")


@pytest.mark.fault("params", "no params.yaml", "a message with the way out")
def test_a_missing_file_is_a_message(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="there is no params.yaml: change to a project's folder"):
        params.load()


ENTRIES = [
    ["commands", "run"],
    ["commands", "leaderboard"],
    ["commands", "cluster-unknown", "best"],
    ["stages.competition"],
    ["stages.train", "lite0", "0"],
    ["stages.report", "best"],
]


@pytest.mark.parametrize("words", ENTRIES, ids=" ".join)
@pytest.mark.fault("params", "a tab in params.yaml, by every entry point", "one line, exit code 1")
def test_every_entry_point_says_it_in_one_line(words, tmp_path):
    (tmp_path / "params.yaml").write_text("folds:\n\tcount: 5\n")
    command = [sys.executable, "-m", *words]
    path = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=path, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.strip() == (
        "params.yaml, line 2: a tab: YAML is indented by spaces (found 'count: 5')"
    )
