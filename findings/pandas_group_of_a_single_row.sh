#!/usr/bin/env bash
# pandas 3.1.1
#
# Expected (written down before the run): `groupby(array).get_group(name)` returns the rows of a group
#   however many rows there are; a table of one row has one group, and its name finds it.
# Behaviour: if the labels are given as an array or a Series (not as a column's name) and there is a
#   single row, the name is not found: KeyError. With two rows and more it is. Labels of length one
#   are taken for a list of one key, whose groups are named by tuples; so the tuple is found.
# Who is hurt: code that goes through the individuals of a fold, when a fold has one photograph. Such
#   code passes all tests with larger tables. `.indices[name]` works in every case.
# Exit code 0: the behaviour is as described; 1: it has changed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pandas==3.1.1

"$folder/venv/bin/python" - <<'PYTHON'
import sys

import pandas as pd


def ask(labels, name):
    """What get_group answers, for photographs 0, 1 .. with these labels."""
    photographs = pd.Series(range(len(labels)))
    try:
        return photographs.groupby(labels).get_group(name).tolist()
    except KeyError:
        return "KeyError"


table = pd.DataFrame({"name": ["anna"], "photograph": [0]})
one, two = pd.Series(["anna"]), pd.Series(["anna", "anna"])
answers = {
    "two rows, array, name": ask(two.to_numpy(), "anna"),
    "one row, array, name": ask(one.to_numpy(), "anna"),
    "one row, array, tuple": ask(one.to_numpy(), ("anna",)),
    "one row, Series, name": ask(one, "anna"),
    "one row, column, name": table.groupby("name").get_group("anna")["photograph"].tolist(),
    "one row, array, indices": pd.Series([0]).groupby(one.to_numpy()).indices["anna"].tolist(),
}
print(f"pandas {pd.__version__}")
for question, answer in answers.items():
    print(f"{question:24} {answer}")
sys.exit(0 if list(answers.values()) == [[0, 1], "KeyError", [0], "KeyError", [0], [0]] else 1)
PYTHON

# Output seen:
# pandas 3.1.1
# two rows, array, name    [0, 1]
# one row, array, name     KeyError
# one row, array, tuple    [0]
# one row, Series, name    KeyError
# one row, column, name    [0]
# one row, array, indices  [0]
