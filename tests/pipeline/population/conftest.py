"""The settings of the tests of a finished run."""

import pytest

from pipeline import params
from tests.conftest import ROOT


@pytest.fixture
def p() -> params.Params:
    return params.load(ROOT / "tests/params.yaml")
