#!/usr/bin/env bash
# frictionless 5.21.0, pandas 3.1.1
#
# Expected, by its documentation: a table without a schema is read as it is. A column in which
#   some animals are called "12a" and others "12" is text, as it is to pandas, or reading it fails.
#   With `field_confidence=1`, "the data is guaranteed to be valid against the inferred schema", as
#   the documentation says.
# Behaviour: a column is one of whole numbers if nine in ten of its first 100 cells are. Names that are
#   no numbers are then missing values in `extract`, `read_rows` and `to_pandas`, without a word, and
#   "007" is the animal 7. With one more letter among the first 100, all names are kept. What follows
#   after row 100 has no say, with `field_confidence=1` neither. `validate`, which has to be
#   called by itself, takes the names for errors of the file.
# Who is hurt: anyone who reads a catalogue, or observations as in Camtrap DP, without a schema: animals
#   named after others (12a is the calf of 12) become photographs without an animal. Give a schema
#   in which `individualID` is text, or Detector(field_type="string").
# Exit code 0: the behaviour is as described; 1: it has changed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "frictionless[pandas]==5.21.0" pandas==3.1.1

cd "$folder"
venv/bin/python -W ignore - <<'PYTHON'
import sys
from importlib.metadata import version
from pathlib import Path

import pandas as pd
from frictionless import Detector, Resource, Schema, extract

NAME = "individualID"
TEXT = Schema.from_descriptor(
    {"fields": [{"name": "observationID", "type": "string"}, {"name": NAME, "type": "string"}]}
)


def write(path, names):
    rows = [f"o{number},{name}" for number, name in enumerate(names)]
    Path(path).write_text("\n".join([f"observationID,{NAME}", *rows]) + "\n")


def read(path, **options):
    """The names as text, or None; and the type of their column."""
    frame = Resource(path, **options).to_pandas()
    resource = Resource(path, **options)
    rows = [row[NAME] for row in resource.read_rows()]
    extracted = [row[NAME] for row in extract(path, **options)[Path(path).stem]]
    if not rows == extracted == [None if pd.isna(name) else name for name in frame[NAME]]:
        sys.exit("extract, read_rows and to_pandas do not agree")
    kind = resource.schema.get_field(NAME).type
    return [None if name is None else str(name) for name in rows], kind


def list_names(lettered):
    """100 animals, "007" and "7" among them; the last ones are named by a number and a letter."""
    numbers = ["007", *(str(number) for number in range(1, 100 - lettered))]
    return numbers + [f"{number}a" for number in range(1, lettered + 1)]


print(f"frictionless {version('frictionless')}: rows without a name, and animals")
print(f"{'':38}{'rows':>5}{'nameless':>9}{'animals':>8}  type")
seen = {}


def show(title, names, **options):
    write("observations.csv", names)
    found, kind = read("observations.csv", **options)
    seen[title] = (found.count(None), len(set(found) - {None}))
    print(f"{title:38}{len(found):5}{seen[title][0]:9}{seen[title][1]:8}  {kind}")
    return found


for lettered in (1, 10, 11):
    show(f"{lettered} with a letter", list_names(lettered))
later = [*list_names(0), *(f"{number}b" for number in range(50))]
show("50 with a letter, after row 100", later)
found = show("the same, with a schema", later, schema=TEXT)
show("the same, field_confidence=1", later, detector=Detector(field_confidence=1))
show("the same, field_type='string'", later, detector=Detector(field_type="string"))
in_pandas = pd.read_csv("observations.csv", dtype=str)[NAME].tolist()
guessed = pd.read_csv("observations.csv")[NAME]
print(f"pandas, guessing the type: {guessed.isna().sum()} nameless, {guessed.nunique()} animals")
write("observations.csv", list_names(10))
report = Resource("observations.csv").validate()
print(f"validate: {report.stats['errors']} errors for 10 with a letter")

described = {
    "1 with a letter": (1, 98),
    "10 with a letter": (10, 89),
    "11 with a letter": (0, 100),
    "50 with a letter, after row 100": (50, 99),
    "the same, with a schema": (0, 150),
    "the same, field_confidence=1": (50, 99),
    "the same, field_type='string'": (0, 150),
}
sound = found == in_pandas == later and guessed.notna().all() and guessed.nunique() == 150
sys.exit(0 if seen == described and sound and report.stats["errors"] == 10 else 1)
PYTHON

# Output seen:
# frictionless 5.21.0: rows without a name, and animals
#                                        rows nameless animals  type
# 1 with a letter                         100        1      98  integer
# 10 with a letter                        100       10      89  integer
# 11 with a letter                        100        0     100  string
# 50 with a letter, after row 100         150       50      99  integer
# the same, with a schema                 150        0     150  string
# the same, field_confidence=1            150       50      99  integer
# the same, field_type='string'           150        0     150  string
# pandas, guessing the type: 0 nameless, 150 animals
# validate: 10 errors for 10 with a letter
