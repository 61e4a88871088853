"""The grouping benchmark's rows; the grouping itself is in tests/pipeline."""

import numpy as np
import pandas as pd

from benchmarks import grouping


def test_the_minimum_similarity_is_fitted_on_the_other_folds(monkeypatch):
    """Individuals 30 degrees apart, photographs 5: the floors of other folds separate them."""

    def load_held_out(backbones, fold):
        assert backbones == ["lite0"]
        angles = np.radians(np.array([0, 5, 30, 35, 60, 65]) + 90 * fold)
        return np.stack([np.cos(angles), np.sin(angles)], axis=1), np.array(list("aabbcc"))

    monkeypatch.setattr(grouping, "load_held_out", load_held_out)
    rows = pd.DataFrame(grouping.score_run("lite0", [0, 1])).set_index("method")
    assert set(rows.index) == {"alone", *grouping.clustering.METHODS}
    assert (rows.loc["alone", "ari"] == 0).all()
    others = rows.drop("alone")
    assert (others[["ari", "precision", "recall"]] == 1).all().all()
    assert others["floor"].between(np.cos(np.radians(25)), np.cos(np.radians(5))).all()
