"""How long reviewers wait for a decision: 20 of them at once, with 5,000 decisions on record.

    python -m benchmarks.review_load --recorded 5000 --reviewers 20 --decisions 50

Builds 1,400 photographs of 280 individuals as tables alone, starts the server in this process, and
lets every reviewer decide as fast as the answers come. Prints the latency, and how many of the
confirmed decisions are on the disk.
"""

import argparse
import http.client
import json
import os
import tempfile
import threading
import time

import numpy as np
import pandas as pd

from pipeline import paths
from pipeline.data import tables
from pipeline.evaluation.pair_model import PairModel
from pipeline.evaluation.peers import PeerModel, PeerSet
from pipeline.identify.unknown_individuals import NewPhotographs
from pipeline.review import desk, server
from pipeline.review.access import LOOPBACK, Access
from pipeline.review.ledger import Ledger
from pipeline.review.question_desk import QuestionDesk
from pipeline.review.state import COLUMNS
from pipeline.review.unknown_desk import UnknownDesk
from pipeline.review.views import Views
from pipeline.steps.labels import record

INDIVIDUALS, PHOTOGRAPHS = 280, 5  # of each
KINDS = ("different", "same", "unsure")
FREQUENCY = (0.6, 0.3, 0.1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--recorded", type=int, default=5000)
    parser.add_argument("--reviewers", type=int, default=20)
    parser.add_argument("--decisions", type=int, default=50, help="of each reviewer")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        write_project(args.recorded)
        port = start_server()
        seconds, confirmed = run_reviewers(port, args.reviewers, args.decisions)
    median, p95, most = np.quantile(seconds, [0.5, 0.95, 1])
    print(f"{len(seconds)} decisions: median {median:.3f} s, 95 % {p95:.3f} s, most {most:.3f} s")
    print(f"{confirmed} of {len(seconds)} are on the disk")


def photograph(individual: int, number: int) -> str:
    return f"w{individual}_{number}.jpg"


def write_project(recorded: int) -> None:
    """Write the tables that the review reads, and that many decisions without a contradiction."""
    rows = [(photograph(i, k), f"w_{i}") for i in range(INDIVIDUALS) for k in range(PHOTOGRAPHS)]
    images = pd.DataFrame(rows, columns=["image", "identity"])
    images = images.assign(split="train", path=images["image"], sha256=images["image"])
    images = images.assign(width=9, height=9, bytes=9)
    tables.write("images", images, paths.IMAGES)
    tables.write("groups", images.assign(group=range(len(images))), paths.GROUPS)
    tables.write("pseudo", pd.DataFrame(columns=tables.COLUMNS["pseudo"]), paths.PSEUDO)
    rng = np.random.default_rng(0)
    past = pd.DataFrame([draw_decision(rng) for _ in range(recorded)])
    tables.write("review", past.assign(who="reviewer", when="before"), paths.REVIEW)
    paths.report("best").parent.mkdir(parents=True)
    paths.report("best").write_text("<p>")


def draw_decision(rng: np.random.Generator) -> dict[str, str]:
    """A decision that agrees with the labels, and so with every other one."""
    kind = rng.choice(KINDS, p=FREQUENCY)
    first, second = rng.choice(INDIVIDUALS, 2, replace=False)
    a, b = rng.choice(PHOTOGRAPHS, 2, replace=False)
    other = photograph(first if kind == "same" else second, b)
    return {"image_a": photograph(first, a), "image_b": other, "decision": str(kind)}


def no_unknown() -> NewPhotographs:
    """There are no groups: only decisions on pairs are measured."""
    matched = pd.DataFrame(columns=["query", "image", "inliers", "weighted_inliers"])
    peers = PeerSet([], np.empty((0, 1), np.float32), matched)
    return NewPhotographs(peers, PeerModel(PairModel(), 0.5, None), {})


def start_server() -> int:
    """Start the review in a thread; returns its port."""
    listener = server.listen(LOOPBACK, 0)
    access = Access.to(listener, LOOPBACK)
    table = pd.DataFrame(columns=COLUMNS)
    ledger = Ledger("majority")
    questions = QuestionDesk(ledger, lambda state: table, Views([]))
    unknown = UnknownDesk(ledger, no_unknown)
    app = desk.create_app(paths.report("best"), "reviewer", access, questions, unknown)
    threading.Thread(target=server.create(app, listener).run, daemon=True).start()
    return access.port


def run_reviewers(port: int, reviewers: int, decisions: int) -> tuple[list[float], int]:
    """Seconds of every confirmed decision, and how many of these the file has."""
    seconds: list[float] = []
    sent: list[tuple[str, str, str]] = []
    before = len(record.read_decisions(paths.REVIEW))
    threads = [
        threading.Thread(target=review, args=(port, seed, decisions, seconds, sent))
        for seed in range(1, reviewers + 1)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = record.read_decisions(paths.REVIEW)[before:]
    written = rows[["image_a", "image_b", "decision"]].itertuples(index=False, name=None)
    missing = (
        pd.Series(sent).value_counts().sub(pd.Series(list(written)).value_counts(), fill_value=0)
    )
    return seconds, len(sent) - int(missing.clip(lower=0).sum())


def review(port: int, seed: int, decisions: int, seconds: list[float], sent: list) -> None:
    """Send decisions one after the other; a refused one ends the program."""
    rng = np.random.default_rng(seed)
    connection = http.client.HTTPConnection("127.0.0.1", port)
    headers = {"X-Tailprint": "review", "Content-Type": "application/json"}
    for _ in range(decisions):
        row = draw_decision(rng)
        start = time.perf_counter()
        connection.request("POST", "/decisions", json.dumps(row), headers)
        answer = connection.getresponse()
        text = answer.read()
        seconds.append(time.perf_counter() - start)
        if answer.status != 200:
            raise SystemExit(f"{row}: {answer.status} {text[:200]!r}")
        sent.append((row["image_a"], row["image_b"], row["decision"]))


if __name__ == "__main__":
    main()
