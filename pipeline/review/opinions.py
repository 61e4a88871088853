"""What several reviewers have answered to the same questions, and how far they agree.

The last row on a pair is the decision that holds. If a reviewer answers otherwise than another one
did, the pair gets one more row, `unsure` by DISPUTE: neither answer holds, both are kept, and the
pair is a question again, until a later answer settles it. If later decisions rest on the earlier
answer, its row is repeated in place of that: it still holds, and both are kept.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import combinations

import pandas as pd

from pipeline.review.scope import pair_photographs

DISPUTE = "disagreement"  # in place of a reviewer's name
AGREEMENT = ["first", "second", "pairs", "agreed", "kappa"]

Row = dict[str, str]
Key = tuple[str, ...]


@dataclass
class Opinions:
    """What the rows on one pair, or on one photograph, come to.

    holds : the last row, None if it is an undo
    by : each reviewer's last answer before any dispute, which did not know the others'
    dispute : its row, and None without one
    settled : the answer after it
    """

    holds: Row | None = None
    by: dict[str, Row] = field(default_factory=dict)
    dispute: Row | None = None
    settled: Row | None = None

    @property
    def is_open(self) -> bool:
        """Whether reviewers disagree and nothing has settled it."""
        return self.holds is not None and self.holds is self.dispute

    def note(self, row: Row) -> None:
        """Take the next row into account."""
        who, is_undo = row["who"], row["decision"] == "undo"
        self.holds = None if is_undo else row
        if who == DISPUTE:
            self.dispute, self.settled = row, None
        elif is_undo and self.settled:
            self.settled = None
        elif is_undo:
            self.by.pop(who, None)
            self.dispute = None
        elif self.dispute:
            self.settled = row
        else:
            self.by.pop(who, None)  # the last one comes last
            self.by[who] = row

    def answer(self, row: Row) -> list[Row]:
        """The rows to write for one more answer: also a dispute, or what an undo gives back."""
        if row["decision"] == "undo":
            others = [other for who, other in self.by.items() if who != row["who"]]
            back = self.dispute if self.settled else next(reversed(others), None)
            return [row, back] if back else [row]
        holds = self.holds
        is_other = holds is not None and holds["who"] not in (row["who"], DISPUTE)
        if self.dispute or holds is None or not is_other or holds["decision"] == row["decision"]:
            return [row]
        return [row, {**row, "decision": "unsure", "who": DISPUTE}]


def opens_dispute(rows: list[Row]) -> bool:
    """Whether the rows of `Opinions.answer` are an answer and the dispute that it opens."""
    return len(rows) == 2 and rows[0]["decision"] != "undo"


def collect_opinions(rows: Iterable[Row]) -> dict[Key, Opinions]:
    """The opinions on each pair or photograph, in the order of their last rows.

    Names of individuals are no answers to a question.
    """
    found: dict[Key, Opinions] = {}
    for row in rows:
        if row["decision"] == "name":
            continue
        key = pair_photographs(row)
        opinions = found.pop(key, None) or Opinions()
        opinions.note(row)
        found[key] = opinions
    return found


def measure_agreement(opinions: Iterable[Opinions]) -> pd.DataFrame:
    """How far each two reviewers agree where both have answered: columns AGREEMENT.

    Answers after a dispute don't count: they knew both. kappa is Cohen's (1960): 1 if they always
    agree, 0 if as often as by chance, NaN if both gave one and the same answer to everything.
    """
    answers: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for pair in opinions:
        for first, second in combinations(sorted(pair.by), 2):
            both = pair.by[first]["decision"], pair.by[second]["decision"]
            answers.setdefault((first, second), []).append(both)
    table = [
        [*names, len(both), sum(a == b for a, b in both), compute_kappa(both)]
        for names, both in sorted(answers.items())
    ]
    return pd.DataFrame(table, columns=AGREEMENT)


def compute_kappa(answers: list[tuple[str, str]]) -> float:
    """Cohen's kappa of n pairs of answers; NaN if all 2 n are the same."""
    from sklearn.metrics import cohen_kappa_score  # half a second to import

    if len({answer for both in answers for answer in both}) < 2:
        return float("nan")
    return float(cohen_kappa_score(*zip(*answers, strict=True)))
