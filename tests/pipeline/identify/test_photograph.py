"""Files as rows of the table "images"; cropping and embedding are tested in tests/stages."""

import pytest

from pipeline.identify import photograph
from pipeline.system.errors import UserError
from tests.pipeline.data import synthetic_features


def test_a_file_that_is_no_photograph_is_refused(tmp_path):
    good = synthetic_features.images(tmp_path, {0: 1})["path"].iloc[0]
    (tmp_path / "notes.txt").write_text("none")
    with pytest.raises(UserError, match="notes.txt: not an image"):
        photograph.read_images([tmp_path / good, tmp_path / "notes.txt"])
    same = photograph.read_images([tmp_path / good, tmp_path / good])
    assert same["image"].nunique() == 2 and same["sha256"].nunique() == 1
