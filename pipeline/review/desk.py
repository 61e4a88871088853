"""The review: a report served with buttons that write down decisions.

Every decision is a row of data/review.csv, on the disk before the page shows it. Nothing is ever
removed from the file; an undo is a row too. A decision that contradicts earlier ones is refused.
"""

from functools import partial
from pathlib import Path

from flask import Flask, Response, request, send_file

from pipeline import paths
from pipeline.review.access import Access, add_headers, refuse_others
from pipeline.review.decisions import parse_decision
from pipeline.review.ledger import Ledger
from pipeline.review.server import LARGEST_DECISION
from pipeline.system.errors import require_files


def find_report(ensemble: str) -> Path:
    """The ensemble's report. Raises UserError if there is none."""
    report = paths.report(ensemble)
    require_files([report], f"name {ensemble} in report.html and run dvc repro report")
    return report


def create_app(report: Path, reviewer: str, policy: str, access: Access) -> Flask:
    """The application: the report at /, and the decisions at /decisions.

    policy : labels.conflicts, by which a decision is checked before it is written
    """
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_DECISION
    ledger = Ledger(policy)
    ledger.prepare()
    app.before_request(partial(refuse_others, access))
    app.after_request(add_headers)
    send_report = partial(send_file, report.resolve(), mimetype="text/html")
    app.add_url_rule("/", "report", send_report)
    app.add_url_rule("/decisions", "decisions", partial(list_decisions, ledger))
    decide = partial(add_decision, ledger, reviewer)
    app.add_url_rule("/decisions", "decide", decide, methods=["POST"])
    return app


def list_decisions(ledger: Ledger) -> Response:
    """The decisions that hold, or 409 if the file was edited by hand and cannot be read."""
    try:
        return Response(ledger.current(), mimetype="application/json")
    except ValueError as error:
        return Response(f"{paths.REVIEW} can't be read: {error}", 409, mimetype="text/plain")


def add_decision(ledger: Ledger, reviewer: str) -> Response:
    """Write the request's decision down, or answer 409 with the reason why not."""
    try:
        ledger.add(parse_decision(request.get_data() if request.is_json else b"", reviewer))
    except ValueError as error:
        return Response(str(error), 409, mimetype="text/plain")
    except OSError as error:
        reason = f"{paths.REVIEW} can't be written: {error.strerror}"
        return Response(reason, 503, mimetype="text/plain")
    return list_decisions(ledger)
