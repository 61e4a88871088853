"""The leaderboard's history as one HTML file."""

import html
from collections.abc import Callable
from importlib.resources import files

import pandas as pd

from pipeline.leaderboard.best import find_best
from pipeline.leaderboard.progress import plot_progress

Cell = Callable[["pd.Series[str]"], str]  # the text of one row


def render_page(past: pd.DataFrame) -> str:
    """HTML of the history (`history.read`), the newest row first; names are text, never markup."""
    text = (files("pipeline.leaderboard") / "page.html").read_text()
    parts = {
        "best": render_table(find_best(past), BEST),
        "progress": plot_progress(past),
        "all": render_table(past.iloc[::-1], ALL),
    }
    for name, part in parts.items():
        text = text.replace(f"{{{{{name}}}}}", part)
    return text


def render_table(rows: pd.DataFrame, columns: dict[str, Cell]) -> str:
    """A table with the ensembles' names and those of the columns in which any row has a text.

    Each cell knows its column: on a narrow screen a row is a list.
    """
    cells = {title: [cell(row) for _, row in rows.iterrows()] for title, cell in columns.items()}
    filled = {title: texts for title, texts in cells.items() if any(texts)}
    head = "".join(f'<th scope="col">{title}</th>' for title in ["ensemble", *filled])
    body = "\n".join(
        render_row(row, {title: texts[number] for title, texts in filled.items()})
        for number, (_, row) in enumerate(rows.iterrows())
    )
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"


def render_row(row: "pd.Series[str]", texts: dict[str, str]) -> str:
    """The table row of one submission, given its texts by column."""
    kinds = {GAIN: ' class="better"' if is_clear(row) else "", CHANGED: ' class="changed"'}
    cells = [
        f'<td{kinds.get(title, "")} data-title="{title}">{html.escape(text)}</td>'
        for title, text in texts.items()
    ]
    return f'<tr><th scope="row">{html.escape(row["ensemble"])}</th>{"".join(cells)}</tr>'


def format_date(row: "pd.Series[str]") -> str:
    """Day and time, UTC."""
    return row["date"].replace("T", " ").removesuffix("+00:00")


def format_held_out(row: "pd.Series[str]") -> str:
    """The held-out score with its interval; named, if it is not MAP@5."""
    if row["measure"] in ("", "map5"):
        return format_interval(row["held_out_map5"], row["map5_low"], row["map5_high"], "")
    score = format_interval(row["held_out"], row["held_out_low"], row["held_out_high"], "")
    return f"{row['measure'].replace('_', ' ')} {score}".strip()


def format_gain(row: "pd.Series[str]") -> str:
    """The gain over the ensemble's previous submission, with its interval."""
    return format_interval(row["difference"], row["low"], row["high"], "+")


def format_new(row: "pd.Series[str]") -> str:
    """How many of the answers are new_whale."""
    return f"{float(row['new_share']):.0%}" if row["new_share"] else ""


def format_duration(row: "pd.Series[str]") -> str:
    """The minutes that it took."""
    return f"{float(row['seconds']) / 60:.1f} min" if row["seconds"] else ""


def show_number(key: str) -> Cell:
    """Show the number `key` of a row with three digits."""
    return lambda row: format_number(row[key], "")


def show_text(key: str) -> Cell:
    """Show the text `key` of a row."""
    return lambda row: row[key]


def is_clear(row: "pd.Series[str]") -> bool:
    """Whether the gain's interval is clear of 0."""
    return bool(row["low"]) and float(row["low"]) * float(row["high"]) > 0


def format_interval(value: str, low: str, high: str, sign: str) -> str:
    """A number with its interval; "" if it is unknown."""
    if not value:
        return ""
    numbers = [format_number(number, sign) for number in (value, low, high)]
    return "{} ({} to {})".format(*numbers)


def format_number(value: str, sign: str) -> str:
    """Three digits after the point; "" stays."""
    return f"{float(value):{sign}.3f}" if value else ""


GAIN, CHANGED = "gain over the previous", "what changed"
SCORES: dict[str, Cell] = {
    "public": show_number("public"),
    "private": show_number("private"),
    "all hidden": show_number("hidden"),
    "Kaggle, public": show_number("kaggle_public"),
    "Kaggle, private": show_number("kaggle_private"),
}
BEST: dict[str, Cell] = {"held out": format_held_out, **SCORES, "date": format_date}
ALL: dict[str, Cell] = {
    "date": format_date,
    "held out": format_held_out,
    GAIN: format_gain,
    CHANGED: show_text("changed"),
    **SCORES,
    "answered new": format_new,
    "built in": format_duration,
    "commit": show_text("commit"),
    "params": show_text("params"),
    "dvc.lock": show_text("lock"),
}
