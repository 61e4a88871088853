"""What is known when the next question of a review is chosen, and what a question is."""

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from pipeline.data.tables import NEW_WHALE

PAIR = ["photograph", "other"]
COLUMNS = [*PAIR, "probability", "gain", "reason"]  # of a table of questions
WORTH = 0.1  # photographs: the expected gain from which on a question is worth an answer
# before the duplicate group: the name of a photograph without an individual, which has no space
UNNAMED = f"{NEW_WHALE} "
Answer = tuple[str, str, str]  # photograph, other, decision


class State(NamedTuple):
    """What is known when the next question is chosen.

    names : of every labelled photograph, after all decisions; of one of new_whale, its own
    before : the same without any decision
    answers : the decisions that hold, in their order; `new` has no other photograph
    """

    names: "pd.Series[str]"
    before: "pd.Series[str]"
    answers: Sequence[Answer]
