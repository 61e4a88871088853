"""Print the local leaderboard and add what is new to submissions/leaderboard.csv.

    python -m commands.leaderboard

A row an ensemble: held-out scores from its score card and, where the competition comes with a
solution, public and private ones. Nothing is fitted here.
"""

import json
import subprocess
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pandas as pd

from pipeline import leaderboard, params, paths, solution, submitted, tables


def main() -> None:
    p = params.load()
    truth = solution.read_solution(Path(p.competition.path), p.competition.columns)
    new = p.competition.columns.new_whale
    twins = set(tables.read("twins", paths.TWINS)["image"])
    rows = [
        {
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "commit": commit(),
            "params": digest(Path("params.yaml")),
            "csv": digest(paths.submission(name)),
            "ensemble": name,
            **card(name),
            **leaderboard.hidden_scores(submitted.read(paths.submission(name), new), truth, twins),
        }
        for name in p.ensembles
        if paths.submission(name).is_file()
    ]
    table = pd.DataFrame(rows, columns=leaderboard.COLUMNS)
    leaderboard.append(table, paths.LEADERBOARD)
    print(table.drop(columns=["date", "commit", "params", "csv"]).to_string(index=False))
    print(f"\nsubmissions: {', '.join(str(paths.submission(name)) for name in table['ensemble'])}")
    print(f"history: {paths.LEADERBOARD}")


def card(name: str) -> dict[str, float]:
    """The score card's first numbers, under the leaderboard's names."""
    scores = json.loads(paths.score_card(name).read_text())
    return {f"held_out_{key}" if key == "map5" else key: scores[key] for key in leaderboard.CARD}


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
