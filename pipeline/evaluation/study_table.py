"""An ablation study's results: submissions/ablations/<study>.csv, its plot and its table."""

from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

from pipeline import paths
from pipeline.data import tables
from pipeline.evaluation import ablation_study, docs_tables
from pipeline.system.errors import explain_damage

FOLDER = paths.SUBMISSIONS / "ablations"
PAGE = Path("docs/results/ablations.md")


def read(study: str) -> pd.DataFrame:
    """The study's rows (ablation_study.COLUMNS), maybe none."""
    path = FOLDER / f"{study}.csv"
    if not path.is_file():
        return pd.DataFrame(columns=ablation_study.COLUMNS)
    with explain_damage(path):
        table = pd.read_csv(path, dtype={"commit": str, "settings": str})
    return table.reindex(columns=ablation_study.COLUMNS)


def read_current(study: str, digests: dict[str, str]) -> pd.DataFrame:
    """The rows whose settings are the current ones; others are left out.

    digests : `ablation_study.digest_settings` of every edit
    """
    table = read(study)
    return table[table["settings"] == table["edit"].map(digests)]


def add_row(study: str, row: dict, digests: dict[str, str]) -> None:
    """Put an edit's row into the study's results, in place of an older one of that edit."""
    added, past = pd.DataFrame([row])[ablation_study.COLUMNS].round(4), read_current(study, digests)
    others = past[past["edit"] != row["edit"]]
    write(study, pd.concat([others, added], ignore_index=True) if len(others) else added)


def accept(study: str, digests: dict[str, str]) -> int:
    """Mark all rows of the study's edits as of the current settings; returns their number."""
    table = read(study)
    table = table[table["edit"].isin(digests)]
    table["settings"] = [digests[edit] for edit in table["edit"]]
    write(study, table)
    return len(table)


def write(study: str, table: pd.DataFrame) -> None:
    """Write the study's rows, plot them, and update the table on the page of ablations."""
    tables.write_csv(table, FOLDER / f"{study}.csv")
    draw(table, FOLDER / f"{study}.png", study)
    docs_tables.replace_table(PAGE, f"study {study}", ablation_study.format_markdown(table))


def draw(table: pd.DataFrame, out: Path, study: str) -> None:
    """Plot each edit's gain with its interval, the best on top."""
    table = table.sort_values("difference")
    figure, axes = plt.subplots(figsize=(7, 1 + 0.3 * len(table)), layout="constrained")
    distances = [table["difference"] - table["low"], table["high"] - table["difference"]]
    axes.errorbar(table["difference"], range(len(table)), xerr=distances, fmt="o", capsize=3)
    axes.axvline(0, color="0.7", zorder=0)
    axes.set_yticks(range(len(table)), table["edit"].str.replace("_", " "))
    axes.set(xlabel="gain in held-out MAP@5, 95 % interval", title=f"study {study}")
    tables.replace(out, lambda part: figure.savefig(part, format="png", dpi=120))
    plt.close(figure)
