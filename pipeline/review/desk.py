"""The review: a report served on this machine only, with buttons that write down decisions.

Every decision is a row of data/review.csv, on the disk before the page shows it. Nothing is ever
removed from the file; an undo is a row too. A decision that contradicts earlier ones is refused.
"""

from functools import partial
from pathlib import Path

from flask import Flask, Response, abort, jsonify, request, send_file
from waitress import serve as serve_app

from pipeline import paths
from pipeline.params import Params
from pipeline.review.decisions import check_decisions, current_decisions, parse_decision
from pipeline.steps.labels import record
from pipeline.system.errors import require_files

HOST = "127.0.0.1"
# another site's page can't send this header without asking first, and that is refused
HEADER = "X-Tailprint"
LOCK = paths.WORK / "review.lock"


def find_report(ensemble: str) -> Path:
    """The ensemble's report. Raises UserError if there is none."""
    report = paths.report(ensemble)
    require_files([report], f"name {ensemble} in report.html and run dvc repro report")
    return report


def serve(ensemble: str, p: Params, port: int, reviewer: str) -> None:
    """Serve the ensemble's report until the process ends."""
    app = create_app(find_report(ensemble), reviewer, port, p.labels.conflicts)
    serve_app(app, host=HOST, port=port, _quiet=True)


def create_app(report: Path, reviewer: str, port: int, policy: str) -> Flask:
    """The application: the report at /, and the decisions at /decisions.

    policy : labels.conflicts, by which a decision is checked before it is written
    """
    app = Flask(__name__)
    report = report.resolve()
    app.before_request(partial(refuse_other_pages, port))
    app.after_request(forbid_frames)
    send_report = partial(send_file, report, mimetype="text/html", max_age=0)
    app.add_url_rule("/", "report", send_report)
    app.add_url_rule("/decisions", "decisions", list_decisions)
    decide = partial(add_decision, reviewer, policy)
    app.add_url_rule("/decisions", "decide", decide, methods=["POST"])
    return app


def refuse_other_pages(port: int) -> None:
    """Abort requests of other hosts' names, and those that change something without the header."""
    # another site's name could be made to lead here; then the browser would send that name
    names = {f"{host}:{port}" for host in (HOST, "localhost")}
    # a browser leaves port 80 out
    if request.host not in names | ({HOST, "localhost"} if port == 80 else set()):
        abort(403, "this server answers its own page only")
    if request.method == "POST" and request.headers.get(HEADER) != "review":
        abort(403, f"the header {HEADER} is missing")


def forbid_frames(response: Response) -> Response:
    """Forbid frames: a click in one would come from our own page, wherever the frame is."""
    response.headers["X-Frame-Options"] = "DENY"
    return response


def list_decisions() -> Response | tuple[str, int]:
    """The decisions that hold, or 409 if the file was edited by hand and cannot be read."""
    try:
        return jsonify(current_decisions(record.read_decisions(paths.REVIEW)))
    except ValueError as error:
        return f"{paths.REVIEW} can't be read: {error}", 409


def add_decision(reviewer: str, policy: str) -> Response | tuple[str, int]:
    """Write the request's decision down, or answer 409 with the reason why not."""
    try:
        row = parse_decision(request.get_json(silent=True), reviewer)
        record.append_decision(row, paths.REVIEW, LOCK, partial(check_decisions, policy))
    except ValueError as error:
        return str(error), 409
    return jsonify(current_decisions(record.read_decisions(paths.REVIEW)))
