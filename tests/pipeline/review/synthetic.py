"""An application that reviews the project of `conftest.py`."""

import pandas as pd
from flask import Flask

from pipeline import paths
from pipeline.review import desk
from pipeline.review.access import LOOPBACK, Access
from pipeline.review.ledger import Ledger
from pipeline.review.question_desk import QuestionDesk
from pipeline.review.questions import COLUMNS
from pipeline.review.views import Views

PORT = 8765
QUESTIONS = pd.DataFrame(
    [
        ["00.jpg", "gallery.jpg", 0.9, 1.8, "two names"],
        ["00.jpg", "other.jpg", 0.4, 0.4, "two names"],
        ["gallery.jpg", "other.jpg", 0.2, 0.05, "two names"],
    ],
    columns=COLUMNS,
)


def build_app(
    access: Access, is_second: bool = False, questions: pd.DataFrame = QUESTIONS
) -> Flask:
    """Its questions are QUESTIONS in their order."""
    report = paths.report("best")
    desk_of = QuestionDesk(
        Ledger("majority"), lambda state: questions, Views([0]), is_second, lambda: "So far 7."
    )
    return desk.create_app(report, "somebody", access, desk_of)


def make_app(
    host: str = LOOPBACK,
    token: str | None = None,
    is_second: bool = False,
    questions: pd.DataFrame = QUESTIONS,
) -> Flask:
    return build_app(Access(host, PORT, token), is_second, questions)
