"""Measure what edits of a preset are worth: a study, resumed where it was left.

    python -m commands.ablate NAME [--only EDIT ...]
    python -m commands.ablate NAME --accept

Reads presets/studies/NAME.yaml: a preset, the ensemble that is watched, seeds and edits. Every edit
is run at every seed in a clone of the last commit (.dvc/tmp/ablate/NAME) that shares DVC's cache,
so that nothing is made twice, and is compared with the base query by query. After each edit
submissions/ablations/NAME.csv and .png are written anew and the table of that name in
docs/results/ablations.md, where it has the marks of one, is brought up to date. Failed edits are
listed at the end.

An edit whose row is in the CSV with the same settings is not run again, so that a study may take
many sittings, and commits; an edit and its base are always of one commit, which the row names.
--only runs its edits whatever the CSV has; --accept runs nothing and takes the CSV's rows for
those of the settings of now, after an edit of the preset that changes no result (a new switch that
is off). Delete the clone to start over.
"""

import argparse
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from ruamel.yaml import YAML

from commands.leaderboard import commit
from pipeline import params, paths
from pipeline.data import tables
from pipeline.evaluation import ablation_study, docs_tables
from pipeline.evaluation.ablation_study import BASE, Study
from pipeline.system import clones

STUDIES = Path("presets/studies")
CLONES = Path(".dvc/tmp/ablate")
OUT = paths.SUBMISSIONS / "ablations"
PAGE = Path("docs/results/ablations.md")


def main(name: str, only: list[str]) -> None:
    path = STUDIES / f"{name}.yaml"
    if not path.is_file():
        raise SystemExit(f"there is no {path}")
    asked, settings = ablation_study.load_study(path, STUDIES.parent)
    unknown = sorted(set(only) - set(asked.edits))
    if unknown:
        raise SystemExit(f"{path} has no edits {unknown}, only {list(asked.edits)}")
    clone = CLONES / name
    if not clone.is_dir():
        prepare(clone)
    if commit(clone) != commit(Path()):
        raise SystemExit(
            f"{clone} is of commit {commit(clone)}, this project at {commit(Path())}: delete the "
            "clone to start over, or check that commit out"
        )
    digests = {edit: ablation_study.digest_settings(asked, settings, edit) for edit in asked.edits}
    past = kept(name, digests)
    todo = only or [edit for edit in asked.edits if edit not in set(past["edit"])]
    if not todo:
        return print(f"{OUT / name}.csv has all edits: --only runs one again")
    bases = [run(clone, asked, BASE, settings[BASE], seed) for seed in asked.seeds]
    evaluated = params.Params.model_validate(settings[BASE]).evaluation
    failed = []
    for edit in todo:
        try:
            runs = [run(clone, asked, edit, settings[edit], seed) for seed in asked.seeds]
        except subprocess.CalledProcessError:
            failed.append(edit)
            continue
        gain = ablation_study.compute_edit_gain(edit, ranked(runs), ranked(bases), evaluated)
        gain["seconds"] = sum(seconds for _, seconds in runs) / len(runs)
        gain |= {"settings": digests[edit], "commit": commit(clone)}
        print("{edit}: {difference:+.3f} ({low:+.3f} to {high:+.3f})".format(**gain), flush=True)
        write(name, gain, digests)
    if failed:
        raise SystemExit(f"failed, and not in the table: {failed}")


def accept(name: str) -> None:
    """Give every row of the study's CSV the hash of the settings of now."""
    asked, settings = ablation_study.load_study(STUDIES / f"{name}.yaml", STUDIES.parent)
    rows = read(name)
    rows = rows[rows["edit"].isin(asked.edits)]
    rows["settings"] = [
        ablation_study.digest_settings(asked, settings, edit) for edit in rows["edit"]
    ]
    show(name, rows)
    print(f"{OUT / name}.csv: {len(rows)} rows are of the settings of now")


def prepare(clone: Path) -> None:
    """Clone the last commit; the user's competition and DVC's cache are this project's."""

    def share(part: Path) -> None:
        cache = Path(".dvc/cache").resolve()
        command = [sys.executable, "-m", "dvc", "cache", "dir", "--local", str(cache)]
        subprocess.run(command, cwd=part, check=True, stdout=subprocess.DEVNULL)
        competition = Path("data/competition")
        if competition.exists():
            (part / competition).symlink_to(competition.resolve())

    clones.clone(clone, share)


def run(clone: Path, asked: Study, edit: str, values: dict, seed: int) -> tuple[Path, float]:
    """One edit at one seed: its rankings, and how long it took in seconds.

    Where both are there from before, with the same settings, nothing is run.
    """
    kept = clone / "runs" / f"{edit}-{seed}"
    values = ablation_study.replace_leaves(values, {"train.seed": seed})
    values["ensembles"] = {asked.ensemble: values["ensembles"][asked.ensemble]}
    facts = {"params": values, "commit": commit(clone)}
    told = kept.with_suffix(".json")
    if told.is_file():
        past = json.loads(told.read_text())
        if {key: past[key] for key in facts} == facts:
            return kept.with_suffix(".csv"), past["seconds"]
    told.unlink(missing_ok=True)
    yaml = YAML()
    tables.replace(clone / "params.yaml", lambda part: yaml.dump(values, part))
    started = time.monotonic()
    subprocess.run([sys.executable, "-m", "commands.repro"], cwd=clone, check=True)
    seconds = round(time.monotonic() - started, 1)
    kept.parent.mkdir(exist_ok=True)
    shutil.copy(clone / paths.rankings(asked.ensemble), kept.with_suffix(".csv"))
    tables.write_json({**facts, "seconds": seconds}, told)
    return kept.with_suffix(".csv"), seconds


def ranked(runs: list[tuple[Path, float]]) -> list[pd.DataFrame]:
    return [tables.read("rankings", path) for path, _ in runs]


def kept(name: str, digests: dict[str, str]) -> pd.DataFrame:
    """The rows of the study's CSV that are of the settings of now; others are left out."""
    past = read(name)
    return past[past["settings"] == past["edit"].map(digests)]


def read(name: str) -> pd.DataFrame:
    """The study's CSV, or no row."""
    path = OUT / f"{name}.csv"
    if not path.is_file():
        return pd.DataFrame(columns=ablation_study.COLUMNS)
    return pd.read_csv(path, dtype={"commit": str, "settings": str}).reindex(
        columns=ablation_study.COLUMNS
    )


def write(name: str, gain: dict, digests: dict[str, str]) -> None:
    """Put the row into the study's CSV."""
    rows, past = pd.DataFrame([gain])[ablation_study.COLUMNS].round(4), kept(name, digests)
    others = past[past["edit"] != gain["edit"]]
    rows = pd.concat([others, rows], ignore_index=True) if len(others) else rows
    show(name, rows)


def show(name: str, rows: pd.DataFrame) -> None:
    """Write the study's rows, draw them, and list them on the page of ablations."""
    tables.write_csv(rows, OUT / f"{name}.csv")
    draw(rows, OUT / f"{name}.png", name)
    docs_tables.replace_table(PAGE, f"study {name}", ablation_study.format_markdown(rows))


def draw(table: pd.DataFrame, out: Path, name: str) -> None:
    """Each edit's gain with its interval, the best on top."""
    table = table.sort_values("difference")
    figure, axes = plt.subplots(figsize=(7, 1 + 0.3 * len(table)), layout="constrained")
    sides = [table["difference"] - table["low"], table["high"] - table["difference"]]
    axes.errorbar(table["difference"], range(len(table)), xerr=sides, fmt="o", capsize=3)
    axes.axvline(0, color="0.7", zorder=0)
    axes.set_yticks(range(len(table)), table["edit"].str.replace("_", " "))
    axes.set(xlabel="gain in held-out MAP@5, 95 % interval", title=f"study {name}")
    tables.replace(out, lambda part: figure.savefig(part, format="png", dpi=120))
    plt.close(figure)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name")
    parser.add_argument("--only", nargs="+", default=[], metavar="edit")
    parser.add_argument("--accept", action="store_true", help="the rows are of these settings")
    asked = parser.parse_args()
    accept(asked.name) if asked.accept else main(asked.name, asked.only)
