"""A stage without a network starts fast: it imports no heavy library that it does not need."""

import subprocess
import sys

import pytest

from tests.conftest import ROOT

PLAIN = "competition dedup labels folds keypoints neighbours match submission score"
FITTING = "weigh verify ensemble"


@pytest.mark.parametrize(
    ("stages", "libraries"),
    [(PLAIN, "torch sklearn lightgbm matplotlib"), (FITTING, "torch matplotlib")],
    ids=["plain", "fitting"],
)
def test_stages_import_no_heavy_library_that_they_do_not_need(stages, libraries):
    # one process for all: an import is paid once
    imports = "\n".join(f"import stages.{stage}" for stage in stages.split())
    found = f"print([word for word in {libraries.split()} if word in sys.modules])"
    check = f"import sys\n{imports}\n{found}"
    done = subprocess.run([sys.executable, "-c", check], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr
