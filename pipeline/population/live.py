"""A count while its questions are answered: what is open, and the number so far."""

from dataclasses import dataclass, field

import pandas as pd

from pipeline import paths
from pipeline.population.count import Count, Review, Survey
from pipeline.population.finished_run import NamedCollection, tabulate_questions


@dataclass
class LiveCount:
    """The survey of a finished run by the decisions of the moment; one thread at a time."""

    named: NamedCollection
    survey: Survey
    _stamp: tuple[int, int] | None = field(init=False, default=None)
    _review: Review = field(init=False)

    def list_questions(self) -> pd.DataFrame:
        """The open questions, as `tabulate_questions` has them; gain: not known."""
        table = tabulate_questions(self.named, self._refresh())
        return table.assign(gain=float("nan"))

    def count(self) -> Count:
        """The estimate by the decisions so far."""
        return self.survey.count(self._refresh())

    def describe(self) -> str:
        """The number so far, in a sentence."""
        count = self.count()
        return (
            f"So far {count.number:.0f} individuals (95 % interval {count.low:.0f} to "
            f"{count.high:.0f}), {count.decisions} decisions on {count.reviewed} of "
            f"{count.photographs} photographs."
        )

    def _refresh(self) -> Review:
        """The sample with all decisions; nothing is computed again without new ones."""
        status = paths.REVIEW.stat()
        stamp = (status.st_size, status.st_mtime_ns)
        if stamp != self._stamp:
            decisions = self.named.read_decisions()
            self._review = self.survey.review(decisions, wait_for_again=False)
            self._stamp = stamp
        return self._review
