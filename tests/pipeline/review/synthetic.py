"""An application that reviews the project of `conftest.py`."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from flask import Flask

from pipeline import paths
from pipeline.evaluation.pair_model import PairModel
from pipeline.evaluation.peers import PeerModel, PeerSet
from pipeline.identify.unknown_individuals import NewPhotographs
from pipeline.review import desk
from pipeline.review.access import LOOPBACK, Access
from pipeline.review.ledger import Ledger
from pipeline.review.question_desk import QuestionDesk
from pipeline.review.state import COLUMNS
from pipeline.review.unknown_desk import UnknownDesk
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
    access: Access,
    is_second: bool = False,
    questions: pd.DataFrame = QUESTIONS,
    describe: Callable[[], str] | None = None,
) -> Flask:
    """Its questions are QUESTIONS in their order; describe : of a survey."""
    report = paths.report("best")
    ledger = Ledger("majority")
    desk_of = QuestionDesk(ledger, lambda state: questions, Views([0]), is_second, describe)
    unknown = UnknownDesk(ledger, load_new, "stranger")
    return desk.create_app(report, "somebody", access, desk_of, unknown)


def load_new() -> NewPhotographs:
    """Six photographs of the test: n0, n1 and n2 alike, n3 and n4 alike, n5 alone."""
    images = [f"n{number}.jpg" for number in range(6)]
    log_odds = {(0, 1): 3.0, (0, 2): 2.0, (1, 2): 1.0, (3, 4): 4.0}
    # the model's evidence is log(1 + inliers) - 4, and the prior one half
    matched = [(images[a], images[b], np.expm1(4 + odds), 0.0) for (a, b), odds in log_odds.items()]
    table = pd.DataFrame(matched, columns=["query", "image", "inliers", "weighted_inliers"])
    model = PairModel()
    model.weights_, model.intercept_ = np.array([0.0, 1.0, 0.0]), -4.0
    scores = {"ari": 0.3, "precision": 0.5, "recall": 0.25}
    peers = PeerSet(images, np.zeros((6, 2), np.float32), table)
    return NewPhotographs(peers, PeerModel(model, 0.5, 0.0), scores)


def make_app(
    host: str = LOOPBACK,
    token: str | None = None,
    is_second: bool = False,
    questions: pd.DataFrame = QUESTIONS,
    describe: Callable[[], str] | None = None,
) -> Flask:
    return build_app(Access(host, PORT, token), is_second, questions, describe)
