"""Look at an ensemble's report and decide: same individual, different, unsure, or a new one.

    make review
    python -m commands.review [ENSEMBLE] [--port 8765] [--who NAME]

Serves the report that `page` wrote, with buttons, on this machine alone. Every decision is a row of
data/review.csv, on the disk before the page says so; nothing is ever taken out of the file, an undo
is a row of its own. The next `dvc repro` uses what holds: as labels, and as pairs that are not one
photograph. A decision that contradicts earlier ones is refused, and their rows are named.
"""

import argparse
import getpass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pandas as pd
from flask import Flask, Response, abort, jsonify, request, send_file
from waitress import serve

from pipeline import params, paths
from pipeline.data import tables
from pipeline.steps.labels import labels, record
from pipeline.steps.labels.verdicts import DECISIONS

HOST = "127.0.0.1"
# a page of another site can't send this along without asking, and is refused when it asks
MARK = "X-Tailprint"


def main(name: str | None, port: int, who: str) -> None:
    p = params.load()
    name = name or next(iter(p.report.html), None)
    if name is None:
        raise SystemExit("report.html names no ensemble: put one in, and run dvc repro report")
    report = paths.report(name)
    if not report.is_file():
        raise SystemExit(
            f"{report} is not there: name {name} in report.html and run dvc repro report"
        )
    app = desk(report, who, port, p.labels.conflicts)
    print(f"http://{HOST}:{port} shows {name}; decisions go to {paths.REVIEW}. Ctrl-C ends it.")
    serve(app, host=HOST, port=port, _quiet=True)


def desk(report: Path, who: str, port: int, policy: str) -> Flask:
    """The application: the report, and what was decided.

    policy : labels.conflicts, by which decisions are tried out before they are written down
    """
    app = Flask(__name__)
    report, lock = report.resolve(), paths.WORK / "review.lock"

    @app.before_request
    def own_page_only() -> None:
        # another site's name could be made to lead here; then the browser would send that name
        names = {f"{one}:{port}" for one in (HOST, "localhost")}
        # a browser leaves port 80 out
        if request.host not in names | ({HOST, "localhost"} if port == 80 else set()):
            abort(403, "this server answers its own page only")
        if request.method == "POST" and request.headers.get(MARK) != "review":
            abort(403, f"the header {MARK} is missing")

    @app.after_request
    def in_no_frame(answer: Response) -> Response:
        # a click in a frame would come from our own page, wherever the frame is
        answer.headers["X-Frame-Options"] = "DENY"
        return answer

    @app.get("/")
    def page() -> Response:
        return send_file(report, mimetype="text/html", max_age=0)

    @app.get("/decisions")
    def decisions() -> Response | tuple[str, int]:
        try:
            return jsonify(holding(record.read_decisions(paths.REVIEW)))
        except ValueError as error:  # somebody edited the file
            return f"{paths.REVIEW} can't be read: {error}", 409

    @app.post("/decisions")
    def decide() -> Response | tuple[str, int]:
        try:
            row = asked(request.get_json(silent=True), who)
            record.append_decision(row, paths.REVIEW, lock, partial(tried, policy))
        except ValueError as error:
            return str(error), 409
        return jsonify(holding(record.read_decisions(paths.REVIEW)))

    return app


def asked(said: object, who: str) -> dict[str, str]:
    """The row of data/review.csv that a request asks for; ValueError where it makes none."""
    keys = ("image_a", "image_b", "decision")
    if not isinstance(said, dict) or not all(isinstance(said.get(key), str) for key in keys):
        raise ValueError(f"a decision has the texts {', '.join(keys)}")
    if said["decision"] not in DECISIONS:
        raise ValueError(f"{said['decision']!r} is none of {', '.join(DECISIONS)}")
    when = datetime.now(UTC).isoformat(timespec="seconds")
    return {**{key: said[key] for key in keys}, "who": who, "when": when}


def tried(policy: str, decisions: pd.DataFrame) -> None:
    """Raises ValueError where the labels could not be settled with these decisions."""
    labels.resolve_labels(
        tables.read("images", paths.IMAGES),
        tables.read("groups", paths.GROUPS),
        policy,
        decisions,
        tables.read("pseudo", paths.PSEUDO),
    )


def holding(decisions: pd.DataFrame) -> list[dict[str, str]]:
    """The last decision on every pair, undone ones left out, in the order they were made."""
    last: dict[tuple[str, ...], dict[str, str]] = {}
    for row in decisions.to_dict("records"):
        last[tuple(sorted((row["image_a"], row["image_b"])))] = row
    return [row for row in last.values() if row["decision"] != "undo"]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("ensemble", nargs="?")
    parser.add_argument("--port", type=int, default=8765)
    parser.add_argument("--who", default=getpass.getuser())
    arguments = parser.parse_args()
    main(arguments.ensemble, arguments.port, arguments.who)
