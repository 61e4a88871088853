"""`tailprint bench`: options that it has no use for."""

import pytest
from typer.testing import CliRunner

from commands.main import app


@pytest.mark.parametrize("name", ["two-cores", "gpu"])
def test_only_the_scale_is_measured_at_several_sizes(name):
    sizes = ["--photographs", "400", "--photographs", "1000"]
    result = CliRunner().invoke(app, ["bench", name, *sizes], env={"COLUMNS": "200"})
    assert result.exit_code == 2 and "several times for scale alone" in result.output
