"""The benchmark of duplicates runs on a competition of its own, and finds them."""

import re

from benchmarks.dedup_scale import KINDS, measure, synthesise
from pipeline import params


def test_duplicates_of_each_kind_are_found(tmp_path, capsys):
    synthesise(tmp_path / "photos", 40)
    measure(tmp_path / "photos", params.load())
    printed = capsys.readouterr().out
    found = dict(re.findall(r"^(\S+) +1 +(\S+)$", printed, re.MULTILINE))
    assert found == dict.fromkeys(KINDS, "1.0")
    assert "40 images" in printed and "of CPU" in printed
