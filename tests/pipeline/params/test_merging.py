"""Presets extend one another; mappings are merged, two sections are replaced."""

from pathlib import Path

import pytest

from pipeline.params.merging import load_settings, merge
from pipeline.system.errors import UserError


def test_merge_replaces_values_and_changes_neither_input():
    base = {"a": 1, "b": {"c": 2, "d": {"e": 3, "f": 4}}}
    changes = {"b": {"d": {"e": 30}}, "a": 10}
    assert merge(base, changes) == {"a": 10, "b": {"c": 2, "d": {"e": 30, "f": 4}}}
    assert base == {"a": 1, "b": {"c": 2, "d": {"e": 3, "f": 4}}}
    assert changes == {"b": {"d": {"e": 30}}, "a": 10}


@pytest.fixture
def write(tmp_path):
    """Write a preset and return its path."""

    def write(name: str, text: str) -> Path:
        path = tmp_path / f"{name}.yaml"
        path.write_text(text)
        return path

    return write


def test_a_file_that_extends_nothing_is_loaded_as_it_is(write):
    assert load_settings(write("demo", "a: 1\nb: {c: 2}\n")) == {"a": 1, "b": {"c": 2}}


def test_a_preset_changes_the_preset_that_it_extends_and_that_one_another(write):
    write("demo", "a: 1\nb: {c: 2, d: 3}\n")
    write("middle", "extends: demo\nb: {c: 20}\n")
    path = write("last", "extends: middle\nb: {d: 30}\n")
    assert load_settings(path) == {"a": 1, "b": {"c": 20, "d": 30}}


def test_lists_are_replaced_not_extended(write):
    write("demo", "folds: {trained: [0, 1, 2]}\n")
    path = write("short", "extends: demo\nfolds: {trained: [0]}\n")
    assert load_settings(path) == {"folds": {"trained": [0]}}


@pytest.mark.parametrize("section", ["backbones", "ensembles"])
def test_named_entries_are_replaced_as_a_whole(section, write):
    write("demo", f"{section}: {{one: {{x: 1, y: 2}}, other: {{x: 3}}}}\n")
    path = write("mine", f"extends: demo\n{section}: {{one: {{x: 10}}}}\n")
    assert load_settings(path) == {section: {"one": {"x": 10}}}


def test_an_absent_preset_is_named(write):
    path = write("mine", "extends: damo\n")
    with pytest.raises(UserError, match=r"mine.yaml extends damo, but there is no .*damo.yaml"):
        load_settings(path)


@pytest.mark.parametrize("names", [("mine",), ("mine", "yours"), ("mine", "yours", "theirs")])
def test_presets_that_extend_each_other_in_a_circle_are_refused(names, write):
    for name, base in zip(names, names[1:] + names[:1], strict=True):
        path = write(name, f"extends: {base}\n")
    with pytest.raises(UserError, match="which extends it in turn"):
        load_settings(path)
