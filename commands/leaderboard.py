"""Print the local leaderboard and add what is new to submissions/leaderboard.csv.

    python -m commands.leaderboard

A row an ensemble: held-out scores from its score card and, where the competition comes with a
solution, public and private ones; against the ensemble's row before, the gain on the same queries
and the params that changed. submissions/leaderboard.html shows it all. Nothing is fitted here.
"""

import json
import subprocess
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pandas as pd

from pipeline import params, paths
from pipeline.data import solution, submission_file, tables
from pipeline.evaluation import metrics
from pipeline.leaderboard import changes, history, page

LOCK = Path("dvc.lock")
PRINTED = ["ensemble", "held_out_map5", *history.CARD[1:], *history.HIDDEN]


def main() -> None:
    p = params.load()
    truth = solution.read_solution(Path(p.competition.path), p.competition.columns)
    new = p.competition.columns.new_whale
    if not paths.DUPLICATES.is_file():
        raise SystemExit(f"{paths.DUPLICATES} is not there: run the pipeline first (dvc repro)")
    twins = set(tables.read("duplicates", paths.DUPLICATES)["image"])
    before = history.last_keys(history.read(paths.LEADERBOARD))
    rows = []
    for name in p.ensembles:
        csv = paths.submission(name)
        if not csv.is_file():
            continue
        if fault := incomplete(name):
            print(f"{name} is left out: {fault}: run dvc repro")
            continue
        made = {
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "commit": commit(),
            "params": digest(Path("params.yaml")),
            "lock": digest(LOCK) if LOCK.is_file() else "",
            "csv": digest(csv),
            "ensemble": name,
            "seconds": json.loads(paths.LAST_BUILD.read_text())
            if paths.LAST_BUILD.is_file()
            else "",
        }
        scores = history.hidden_scores(submission_file.read(csv, new), truth, twins)
        key = history.key(made)
        changes.keep(key, paths.rankings(name), Path("params.yaml"), paths.SUBMISSION_HISTORY)
        gain = changes.since(before.get(name, ""), key, paths.SUBMISSION_HISTORY, p.evaluation)
        rows.append(made | card(name) | scores | gain)
    table = pd.DataFrame(rows, columns=history.COLUMNS)
    history.append(table, paths.LEADERBOARD)
    html = page.page(history.read(paths.LEADERBOARD))
    tables.replace(paths.LEADERBOARD.with_suffix(".html"), lambda part: part.write_text(html))
    print(table[PRINTED].to_string(index=False))
    print(f"\nsubmissions: {', '.join(str(paths.submission(name)) for name in table['ensemble'])}")
    print(f"history: {paths.LEADERBOARD}, {paths.LEADERBOARD.with_suffix('.html')}")


def incomplete(name: str) -> str:
    """What of the submission's last run is missing, or is another run's; "" where all is there."""
    card, rankings = paths.score_card(name), paths.rankings(name)
    lacking = [file for file in (card, rankings) if not file.is_file()]
    if lacking:
        return f"{lacking[0]} is not there"
    ranked = tables.read("rankings", rankings)
    precision = metrics.precision_at_5(ranked["truth"], ranked["ranking"].str.split(" ").tolist())
    found = round(metrics.mean(precision, ranked["weight"]), 5)
    told = json.loads(card.read_text())["map5"]
    return "" if found == told else f"{card} says {told}, {rankings} {found}"


def card(name: str) -> dict[str, float]:
    """The score card's first numbers, under the leaderboard's names."""
    scores = json.loads(paths.score_card(name).read_text())
    return {f"held_out_{key}" if key == "map5" else key: scores[key] for key in history.CARD}


def digest(path: Path) -> str:
    """The first ten digits of a file's SHA-256."""
    return sha256(path.read_bytes()).hexdigest()[:10]


def commit(place: Path = Path()) -> str:
    """The commit that is checked out there, or "" outside of git and where there is no git."""
    asked = ["git", "rev-parse", "--short", "HEAD"]
    try:
        found = subprocess.run(asked, cwd=place, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return found.stdout.strip()


if __name__ == "__main__":
    main()
