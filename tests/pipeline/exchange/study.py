"""A study of three animals on four days, small enough to be checked by eye.

         31 May   1 June   2 June   3 June
Anna       x        .        .        x       catalogue on 31 May
Bo Li      .        x        .        .       twice on 1 June, at two cameras
007        x        .        .        .       twice on 31 May
new 1      .        .        .        x       with --unknown only
"""

from pipeline.exchange import named_folder
from tests.pipeline.exchange.conftest import row, write_answers

CATALOGUE = [("Anna/old.png", "Anna"), ("007/undated.png", "007")]
ROWS = [
    row("a.png", "known", [("Anna", 0.9)], 0.1),
    row("b1.png", "known", [("Bo Li", 0.8)], 0.2),
    row("b2.png", "copy", [("Bo Li", 1.0)]),
    row("c.png", "known", [("007", 0.7)], 0.3, animal="1 of 2"),
    row("c.png", "unsure", [("Anna", 0.4)], 0.4, animal="2 of 2"),
    row("d.png", "known", [("007", 0.7)], 0.3),
    row("e.png", "new", [("Anna", 0.2)], 0.8, group="1"),
    row("f.png", "new", [("Anna", 0.1)], 0.9),
    {**row("g.png", "empty"), "new_probability": ""},
]
PHOTOGRAPHS = """photograph,date,camera,place,latitude,longitude
Anna/old.png,2024-05-31 10:00:00,cam A,Hill,1.5,30.25
a.png,2024-06-03 08:00:01,cam B,Hill,1.5,30.25
b1.png,2024-06-01 09:00:00,cam A,Hill,1.6,30.25
b2.png,2024-06-01 09:00:00,cam B,Hill,1.5,30.5
c.png,2024-05-31,cam B,Lake,2,31
d.png,2024-05-31 23:59:59,cam B,Lake,2,31
e.png,2024-06-03 12:00:00,cam B,Lake,2,31
f.png,2024-06-03 12:00:00,cam B,Lake,2,31
g.png,2024-06-02 12:00:00,cam B,Lake,2,31
"""


def write_study(folder, photographs=PHOTOGRAPHS, rows=ROWS, catalogue=CATALOGUE):
    """Write the answers and photographs.csv; returns the answers as read, and the CSV."""
    dates = folder / "photographs.csv"
    dates.write_text(photographs)
    return named_folder.read(write_answers(folder, rows, catalogue)), dates
