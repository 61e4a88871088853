"""What the score card and the log say of folds by time."""

import pandas as pd
import pytest

from pipeline.data.gallery import KNOWN, LABELLED_NEW, UNSEEN
from pipeline.steps.score import seasons

DAYS = ["2022-01-01", "2023-01-01"]
RANKINGS = pd.DataFrame(
    {"fold": [0, 0, 1, 1], "kind": [KNOWN, UNSEEN, LABELLED_NEW, KNOWN]}, index=[3, 4, 5, 6]
)


def test_folds_at_random_have_no_season():
    assert seasons.describe_seasons(RANKINGS, []) == {}
    assert seasons.describe("best", {"prior": 0.2}) == []


@pytest.mark.parametrize(
    "rows, text, new",
    [
        (RANKINGS, "from 2022-01-01 to 2022-12-31 and from 2023-01-01 on", 0.5),
        (RANKINGS[RANKINGS["fold"] == 0][:1], "from 2023-01-01 on", 0.0),
    ],
)
def test_the_card_names_the_seasons_and_what_is_new_in_them(rows, text, new):
    assert seasons.describe_seasons(rows, DAYS) == {"season": text, "season_new": new}


def test_the_log_compares_what_is_new_with_the_prior():
    card = {"season": "from 2023-01-01 on", "season_new": 0.154, "prior": 0.276}
    (line,) = seasons.describe("best", card)
    assert line.startswith("score best: by time: photographs from 2023-01-01 on, compared with")
    assert "15% show no individual" in line and "new_whale_prior: 28%" in line
