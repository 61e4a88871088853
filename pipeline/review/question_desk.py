"""One question after another: the next one for a reviewer, and what becomes of the answer."""

import threading
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from pipeline.review.ledger import Decision, Ledger
from pipeline.review.opinions import (
    Key,
    Opinions,
    collect_opinions,
    opens_dispute,
)
from pipeline.review.question_display import describe_agreement, describe_question, find_last
from pipeline.review.question_list import QuestionList
from pipeline.review.questions import count_worthwhile
from pipeline.review.scope import pair_photographs
from pipeline.review.state import COLUMNS, State
from pipeline.review.views import Views

HELD = 300.0  # seconds for which a question on one reviewer's screen is not displayed to another
DISPUTED = "reviewers disagree: whose answer holds?"
AGAIN = "again"  # the reason of a question that another reviewer is to answer, too
# which of two different answers holds: none, or the earlier one, if later decisions rest on it
NEITHER, EARLIER = "neither", "earlier"
SECOND = "a second opinion: another reviewer has answered this"


class QuestionDesk:
    """Questions for several reviewers, from a list and from what they have answered.

    is_second : only questions that others have answered and the reviewer has not
    describe : of a survey, a sentence on what all answers come to so far; a survey is about pairs,
        so that "new", which says nothing of an earlier photograph without a name, answers none

    A question with the reason AGAIN has an answer already: only reviewers who have not given one
    get it, and they see neither the answer nor what follows from it.
    """

    def __init__(
        self,
        ledger: Ledger,
        questions: QuestionList,
        views: Views,
        is_second: bool = False,
        describe: Callable[[], str] | None = None,
    ) -> None:
        self.ledger, self.views, self._describe = ledger, views, describe
        self._questions, self._is_second = questions, is_second
        self._lock = threading.Lock()
        self._held: dict[Key, tuple[str, float]] = {}

    @property
    def takes_new(self) -> bool:
        """Whether "new" is an answer."""
        return self._describe is None

    def next(self, who: str, again: Key | None = None) -> dict[str, object]:
        """The next question for a reviewer, and how far the review is, for JSON.

        again : the pair to ask about, in place of the next one
        Raises UserError if the files of the run or the decisions can't be read.
        """
        with self._lock:
            rows = self.ledger.rows()
            before, names = self.ledger.resolve_names()
            opinions = collect_opinions(rows)
            state = State(names, before, list_answers(opinions))
            questions, waiting = self._list(state, opinions, who)
            chosen = self._choose(questions, who, again)
            is_blind = self._is_second or (chosen is not None and chosen["reason"] == SECOND)
            displayed = before if is_blind else names  # which tell what others have answered
            summary = self._describe() if self._describe else ""
        question = None
        if chosen is not None:
            question = describe_question(chosen, displayed, opinions, self.views)
        return {
            "reviewer": who,
            "question": question,
            "answered": sum(is_by(pair, who) for pair in opinions.values()),
            "left": len(questions),
            "waiting": waiting,
            "summary": summary,
            "takesNew": self.takes_new,
            "worth": self._count_worth(questions, names),
            "last": find_last(rows, opinions, who),
            "agreement": describe_agreement(opinions.values()),
        }

    def answer(self, decision: Decision) -> dict[str, object]:
        """Write an answer and go on; after an undo, with the same question.

        Raises ValueError or OSError as `Ledger.add` does, and ValueError for "new" in a survey.
        """
        if decision["decision"] == "new" and not self.takes_new:
            raise ValueError(
                "a count asks whether two photographs show one animal: answer same, different or "
                "unsure"
            )
        key = pair_photographs(decision)
        with self._lock:  # so that no answer overwrites one that came in meanwhile
            opinions = collect_opinions(self.ledger.rows()).get(key, Opinions())
            holds = self._write(decision, opinions)
            self._held.pop(key, None)
        is_undo = decision["decision"] == "undo"
        return {**self.next(decision["who"], key if is_undo else None), "holds": holds}

    def _write(self, decision: Decision, opinions: Opinions) -> str:
        """Write an answer; return which holds if another reviewer's differs, or ""."""
        rows = opinions.answer(decision)
        if opinions.holds is None or not opens_dispute(rows):
            self.ledger.add(*rows)
            return ""
        try:
            self.ledger.add(*rows)
            return NEITHER
        except ValueError:
            # Answers that agree are accepted, so without those that do not kappa would be too high.
            # The repeated row is a later one, which may count less.
            both = decision, opinions.holds
            if self.ledger.would_rename(*both):
                raise
            self.ledger.add(*both)
            return EARLIER

    def release(self, who: str) -> None:
        """Let others have the question that is on this reviewer's screen."""
        with self._lock:
            self._held = {key: held for key, held in self._held.items() if held[0] != who}

    def _list(
        self, state: State, opinions: dict[Key, Opinions], who: str
    ) -> tuple[pd.DataFrame, int]:
        """All open questions of a reviewer, disputed pairs first; how many wait for another one."""
        disputed = [key for key, pair in opinions.items() if pair.is_open]
        waiting = 0
        if self._is_second:
            table = build_table([key for key in opinions if is_second(opinions[key], who)], SECOND)
        else:
            new = {a for a, _, kind in state.answers if kind == "new" and self.takes_new}
            closed = {key for key, pair in opinions.items() if self._closes(pair)}
            listed = self._questions(state)
            pairs = zip(listed["photograph"], listed["other"], strict=True)
            keys: list[Key] = [tuple(sorted(pair)) for pair in pairs]
            again = (listed["reason"] == AGAIN).to_numpy(dtype=bool)
            by_others = [may_repeat(opinions.get(key), who) for key in keys]
            is_open = [
                (repeated if is_again else key not in closed) and not {*key} & new
                for key, is_again, repeated in zip(keys, again, by_others, strict=True)
            ]
            waiting = int((again & ~np.array(by_others, bool)).sum())
            table = hide_answers(listed[np.array(is_open, bool)])
        return pd.concat([build_table(disputed, DISPUTED), table], ignore_index=True), waiting

    def _closes(self, pair: Opinions) -> bool:
        """Whether the answer that holds of a pair, if any, is one to its question."""
        return pair.holds is not None and (self.takes_new or pair.holds["decision"] != "new")

    def _choose(self, questions: pd.DataFrame, who: str, again: Key | None) -> pd.Series | None:
        """The first question that is on no other reviewer's screen, or the one to ask again."""
        pairs = zip(questions["photograph"], questions["other"], strict=True)
        keys: list[Key] = [tuple(sorted(pair)) for pair in pairs]
        now = time.monotonic()
        held = {key for key, (by, until) in self._held.items() if by != who and until > now}
        if again is not None and again not in keys:
            questions, keys = build_table([again], ""), [again]
        free = (place for place, key in enumerate(keys) if key not in held)
        place = next(free, None) if again is None else keys.index(again)
        self._held = {key: value for key, value in self._held.items() if value[0] != who}
        if place is None:
            return None
        self._held[keys[place]] = who, now + HELD
        return questions.iloc[place]

    def _count_worth(self, questions: pd.DataFrame, names: "pd.Series[str]") -> int | None:
        """How many more answers are worth it; None if the list says nothing of gains."""
        if questions["gain"].isna().all() and len(questions):
            return None
        return count_worthwhile(questions, names)


def list_answers(opinions: dict[Key, Opinions]) -> list[tuple[str, str, str]]:
    """The decisions that hold, in their order: photograph, other ("" for one alone), decision."""
    holding = [pair.holds for pair in opinions.values() if pair.holds]
    return [(row["image_a"], row["image_b"], row["decision"]) for row in holding]


def build_table(pairs: list[Key], reason: str) -> pd.DataFrame:
    """Questions about these pairs, columns COLUMNS; single photographs are left out."""
    rows = [[*pair, float("nan"), float("nan"), reason] for pair in pairs if len(pair) == 2]
    return pd.DataFrame(rows, columns=COLUMNS).astype({"probability": float, "gain": float})


def may_repeat(opinions: Opinions | None, who: str) -> bool:
    """Whether a reviewer may answer a pair again, for the first time and without a dispute."""
    return opinions is None or (who not in opinions.by and opinions.dispute is None)


def hide_answers(questions: pd.DataFrame) -> pd.DataFrame:
    """The questions, of repeated ones without what tells the answers of others."""
    again = questions["reason"] == AGAIN
    return questions.assign(
        probability=questions["probability"].mask(again),
        reason=questions["reason"].mask(again, SECOND),
    )


def is_by(opinions: Opinions, who: str) -> bool:
    """Whether a reviewer has given an answer that was not undone."""
    return who in opinions.by or (opinions.settled or {}).get("who") == who


def is_second(opinions: Opinions, who: str) -> bool:
    """Whether others have answered, and agree so far, and this reviewer has not."""
    return bool(opinions.by) and opinions.dispute is None and who not in opinions.by
