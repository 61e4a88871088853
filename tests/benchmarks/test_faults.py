"""The table of faults, from tests that pass, fail and cannot be set up."""

from benchmarks.faults import Outcomes, format_markdown

TESTS = """
import pytest

@pytest.fixture
def broken():
    raise RuntimeError

@pytest.mark.fault("tables", "a cell too many", "a fault")
@pytest.mark.parametrize("count", [1, 2, 3])
def test_cells(count):
    assert count < 3

@pytest.mark.fault("params", "a|b", "refused")
def test_setup(broken): ...

def test_no_fault(): ...
"""


def test_a_fault_counts_as_right_if_its_test_passes(pytester):
    pytester.makepyfile(TESTS)
    pytester.makeconftest("from tests.conftest import pytest_runtest_setup")
    outcomes = Outcomes()
    pytester.inline_run("-p", "no:cacheprovider", plugins=[outcomes])
    table = outcomes.summarise()
    assert table.to_numpy().tolist() == [
        ["params", "a|b", "refused", 1, 0],
        ["tables", "a cell too many", "a fault", 3, 2],
    ]
    assert format_markdown(table).splitlines()[2] == "| params | a\\|b | refused | 1 | 0 |"


def test_no_fault_gives_an_empty_table():
    assert Outcomes().summarise().empty
