"""The tables of a run, which serve all photographs of one call."""

import pytest

from pipeline.data import tables
from pipeline.identify import eligibility
from pipeline.identify.stored_tables import StoredTables

pytestmark = pytest.mark.usefixtures("three_folds")


def test_each_table_is_read_once_for_all_photographs(monkeypatch):
    read, names = tables.read, []
    monkeypatch.setattr(tables, "read", lambda name, path: names.append(name) or read(name, path))
    stored = StoredTables()
    for name, folds in (("a0", [0]), ("b1", [1]), ("elsewhere", [0, 1, 2])):
        found = eligibility.members_for_photograph(f"hash {name}", [0, 1, 2], stored)
        assert found == folds
    assert sorted(names) == ["folds", "groups", "images"]


def test_photographs_of_the_same_bytes_are_all_found():
    stored = StoredTables()
    assert stored.names_by_hash["hash a0"] == "a0"
    assert stored.groups["a0"] == stored.groups["copy of a0"]
