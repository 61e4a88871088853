"""Entries of a file from another machine find their photographs here."""

import logging

import pytest

from pipeline.exchange.photograph_names import match_names
from pipeline.system.errors import UserError


def files(root, *names):
    return {name: root / name for name in names}


@pytest.mark.parametrize(
    "entry",
    [
        "cam1/a.jpg",
        "./cam1/a.jpg",
        "june/cam1/a.jpg",
        "/home/of/another/june/cam1/a.jpg",
        "C:\\Users\\field\\june\\cam1\\a.jpg",
        "\\\\server\\share\\cam1\\a.jpg",
    ],
)
def test_paths_of_any_machine_are_found(tmp_path, entry):
    assert match_names("md.json", [entry], files(tmp_path, "cam1/a.jpg")) == {"cam1/a.jpg": entry}


def test_accents_may_be_composed_or_not(tmp_path):
    composed, apart = "caf\u00e9.jpg", "cafe\u0301.jpg"
    assert match_names("md.json", [apart], files(tmp_path, composed)) == {composed: apart}


def test_of_several_the_one_in_the_same_folders_is_taken(tmp_path):
    entries = ["D:/2023/cam1/a.jpg", "D:/2024/cam1/a.jpg"]
    found = match_names("md.json", entries, files(tmp_path / "2024", "cam1/a.jpg"))
    assert found == {"cam1/a.jpg": "D:/2024/cam1/a.jpg"}


def test_two_that_fit_alike_are_a_fault(tmp_path):
    entries = ["x/a.jpg", "y/a.jpg"]
    with pytest.raises(UserError, match="a.jpg may be x/a.jpg or y/a.jpg"):
        match_names("md.json", entries, files(tmp_path, "a.jpg"))


def test_a_name_alone_is_no_photograph_in_a_folder(tmp_path, caplog):
    """It may be another one: names of cameras begin anew with every card."""
    caplog.set_level(logging.WARNING)
    found = match_names(
        "md.json", ["a.jpg", "cam1/b.jpg"], files(tmp_path, "cam1/a.jpg", "cam1/b.jpg")
    )
    assert found == {"cam1/b.jpg": "cam1/b.jpg"}
    assert "md.json does not list 1 of the photographs (cam1/a.jpg)" in caplog.text


@pytest.mark.parametrize("entries, has", [(["z.jpg"], "z.jpg"), ([], "nothing")])
def test_a_file_about_other_photographs_is_refused(tmp_path, entries, has):
    with pytest.raises(UserError, match=rf"md.json lists none .* it has {has}, and here is a.jpg"):
        match_names("md.json", entries, files(tmp_path, "a.jpg"))
