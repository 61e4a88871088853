"""The review: a report with buttons that write down decisions, a page of questions, one of groups.

Every decision is a row of data/review.csv, on the disk before the page shows it. Nothing is ever
removed from the file; an undo is a row too. A decision that contradicts earlier ones is refused.
"""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

from flask import Flask, Response, request, send_file

from pipeline import paths
from pipeline.review.access import QUESTIONS, UNKNOWN, Access, add_headers, refuse_others
from pipeline.review.decisions import parse_decision
from pipeline.review.ledger import Ledger
from pipeline.review.pages import render_page
from pipeline.review.question_desk import QuestionDesk
from pipeline.review.reviewer import Reviewers
from pipeline.review.server import LARGEST_BODY, LARGEST_DECISION
from pipeline.review.unknown_desk import UnknownDesk
from pipeline.review.unknown_requests import answer_change
from pipeline.system.errors import require_files


def find_report(ensemble: str) -> Path:
    """The ensemble's report. Raises UserError if there is none."""
    report = paths.report(ensemble)
    require_files([report], f"name {ensemble} in report.html and run dvc repro report")
    return report


def create_app(
    report: Path, reviewer: str, access: Access, questions: QuestionDesk, unknown: UnknownDesk
) -> Flask:
    """The application: the report at /, the questions, the unknown individuals, and all decisions.

    questions, unknown : with one ledger, which takes the decisions of all pages
    """
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_DECISION
    ledger = questions.ledger
    ledger.prepare()
    reviewers = Reviewers(access, reviewer)
    app.before_request(partial(refuse_others, access))
    app.after_request(add_headers)
    send_report = partial(send_file, report.resolve(), mimetype="text/html")
    app.add_url_rule("/", "report", send_report)
    app.add_url_rule("/decisions", "decisions", partial(list_decisions, ledger))
    decide = partial(add_decision, ledger, reviewers)
    app.add_url_rule("/decisions", "decide", decide, methods=["POST"])
    send_page = partial(Response, mimetype="text/html")
    app.add_url_rule(QUESTIONS, "questions", partial(send_page, render_page("questions")))
    app.add_url_rule(UNKNOWN, "unknown", partial(send_page, render_page("unknown")))
    app.add_url_rule(f"{QUESTIONS}/next", "next", partial(ask_next, questions, reviewers))
    answer = partial(answer_question, questions, reviewers)
    app.add_url_rule(QUESTIONS, "answer", answer, methods=["POST"])
    groups = partial(list_groups, unknown, reviewers)
    app.add_url_rule(f"{UNKNOWN}/groups", "groups", groups)
    change = partial(change_groups, unknown, reviewers)
    app.add_url_rule(UNKNOWN, "change", change, methods=["POST"])
    views = questions.views
    app.add_url_rule("/photograph", "photograph", partial(send_photograph, views.encode))
    app.add_url_rule("/animal", "animal", partial(send_photograph, views.encode_animal))
    rename = partial(rename_reviewer, questions, reviewers)
    app.add_url_rule("/reviewer", "reviewer", rename, methods=["POST"])
    return app


def list_decisions(ledger: Ledger) -> Response:
    """The decisions that hold, or 409 if the file was edited by hand and cannot be read."""
    try:
        return Response(ledger.current(), mimetype="application/json")
    except ValueError as error:
        return Response(f"{paths.REVIEW} can't be read: {error}", 409, mimetype="text/plain")


def add_decision(ledger: Ledger, reviewers: Reviewers) -> Response:
    """Write the request's decision down, or answer 409 with the reason why not."""

    def decide() -> Response:
        ledger.add(read_decision(reviewers))
        return list_decisions(ledger)

    return answer_errors(decide)


def ask_next(desk: QuestionDesk, reviewers: Reviewers) -> Response:
    """The next question for the reviewer, or 409 with the reason why there is none."""
    return answer_errors(lambda: describe(desk.next(reviewers.current()), reviewers))


def answer_question(desk: QuestionDesk, reviewers: Reviewers) -> Response:
    """Write the request's answer down and go on, or answer 409 with the reason why not."""
    return answer_errors(lambda: describe(desk.answer(read_decision(reviewers)), reviewers))


def describe(state: dict[str, object], reviewers: Reviewers) -> Response:
    """A state of the questions as JSON, with whether the reviewer has to give a name first."""
    text = json.dumps({**state, "isKnown": reviewers.is_known()}, allow_nan=False)
    return Response(text, mimetype="application/json")


def list_groups(desk: UnknownDesk, reviewers: Reviewers) -> Response:
    """The groups of unknown individuals, or 409 with the reason why there are none."""
    return answer_errors(lambda: describe(desk.current(reviewers.current()), reviewers))


def change_groups(desk: UnknownDesk, reviewers: Reviewers) -> Response:
    """Do what the request asks of groups, or answer 409 with the reason why not."""
    request.max_content_length = LARGEST_BODY  # a group may have many photographs
    data = request.get_data() if request.is_json else b""
    return answer_errors(
        lambda: describe(answer_change(desk, data, reviewers.current()), reviewers)
    )


def send_photograph(encode: Callable[[str], bytes]) -> Response:
    """The photograph of the parameter `image`, or 404."""
    try:
        return Response(encode(request.args.get("image", "")), mimetype="image/jpeg")
    except ValueError as error:
        return Response(str(error), 404, mimetype="text/plain")


def rename_reviewer(desk: QuestionDesk, reviewers: Reviewers) -> Response:
    """Keep the request's name in a cookie; the question of the former name is free."""
    desk.release(reviewers.current())
    return reviewers.rename()


def read_decision(reviewers: Reviewers) -> dict[str, str]:
    """The request's decision. Raises UserError if it is none."""
    return parse_decision(request.get_data() if request.is_json else b"", reviewers.current())


def answer_errors(respond: Callable[[], Response]) -> Response:
    """The response, or 409 for what is refused, and 503 if nothing can be written."""
    try:
        return respond()
    except ValueError as error:
        return Response(str(error), 409, mimetype="text/plain")
    except OSError as error:
        reason = f"{paths.REVIEW} can't be written: {error.strerror}"
        return Response(reason, 503, mimetype="text/plain")
