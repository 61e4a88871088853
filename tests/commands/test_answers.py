"""`tailprint answers` writes a finished run's answers and counts them."""

from pathlib import Path

import pandas as pd

from pipeline.naming import finished_run


def test_where_the_answers_are_and_how_many(tailprint, monkeypatch):
    written = []
    table = pd.DataFrame({"result": ["known", "known", "new", "unsure"]})
    monkeypatch.setattr(
        finished_run, "write_answers", lambda name, out, p: (written.append((name, out)), table)[1]
    )
    result = tailprint("answers", "best")
    counts = "2 of known individuals, 1 new, 1 unsure"
    assert result.output.strip() == f"{counts}: submissions/best_answers/answers.csv"
    tailprint("answers", "best", "-o", "june")
    assert written == [("best", Path("submissions/best_answers")), ("best", Path("june"))]
