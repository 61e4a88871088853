"""The leaderboard's history as one HTML file."""

import html
from importlib.resources import files

import pandas as pd

HEAD = [
    "ensemble", "date", "held out", "gain over the previous", "what changed", "public", "private",
    "all hidden", "Kaggle, public", "Kaggle, private", "answered new", "built in", "commit",
    "params", "dvc.lock",
]  # fmt: skip


def render_page(past: pd.DataFrame) -> str:
    """HTML of the history (`history.read`), the newest row first; names are text, never markup."""
    head = "".join(f'<th scope="col">{name}</th>' for name in HEAD)
    rows = [render_row(row) for _, row in past.iloc[::-1].iterrows()]
    text = (files("pipeline.leaderboard") / "page.html").read_text()
    return text.replace("{{head}}", head).replace("{{rows}}", "\n".join(rows))


def render_row(row: "pd.Series[str]") -> str:
    """The table row of one submission."""
    kinds = {2: ' class="better"' if is_clear(row) else "", 3: ' class="changed"'}
    cells = [
        f"<td{kinds.get(column, '')}>{html.escape(cell)}</td>"
        for column, cell in enumerate(list_cells(row))
    ]
    return f'<tr><th scope="row">{html.escape(row["ensemble"])}</th>{"".join(cells)}</tr>'


def list_cells(row: "pd.Series[str]") -> list[str]:
    """The texts of the columns HEAD but the first."""
    return [
        row["date"].replace("T", " ").removesuffix("+00:00"),
        format_held_out(row),
        format_interval(row["difference"], row["low"], row["high"], "+"),
        row["changed"],
        *(format_number(row[key], "") for key in ("public", "private", "hidden")),
        *(format_number(row[key], "") for key in ("kaggle_public", "kaggle_private")),
        f"{float(row['new_share']):.0%}" if row["new_share"] else "",
        f"{float(row['seconds']) / 60:.1f} min" if row["seconds"] else "",
        *(row[key] for key in ("commit", "params", "lock")),
    ]


def format_held_out(row: "pd.Series[str]") -> str:
    """The held-out score with its interval; named, if it is not MAP@5."""
    if row["measure"] in ("", "map5"):
        return format_interval(row["held_out_map5"], row["map5_low"], row["map5_high"], "")
    score = format_interval(row["held_out"], row["held_out_low"], row["held_out_high"], "")
    return f"{row['measure'].replace('_', ' ')} {score}".strip()


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
