"""The leaderboard's history as a page that needs nobody else."""

import html
from importlib.resources import files

import pandas as pd

HEAD = [
    "ensemble", "date", "held out", "gain over the one before", "what changed", "public", "private",
    "all hidden", "Kaggle, public", "Kaggle, private", "called new", "made in", "commit", "params",
    "dvc.lock",
]  # fmt: skip


def page(past: pd.DataFrame) -> str:
    """HTML of the history (`history.read`), the newest row first; names are text, never markup."""
    head = "".join(f'<th scope="col">{name}</th>' for name in HEAD)
    rows = [row(one) for one in past.iloc[::-1].to_dict("records")]
    text = (files("pipeline.leaderboard") / "page.html").read_text()
    return text.replace("{{head}}", head).replace("{{rows}}", "\n".join(rows))


def row(one: dict[str, str]) -> str:
    """One submission's line of the table."""
    better = clear(one)
    cells = [
        one["date"].replace("T", " ").removesuffix("+00:00"),
        spread(one["held_out_map5"], one["map5_low"], one["map5_high"], ""),
        spread(one["difference"], one["low"], one["high"], "+"),
        one["changed"],
        *(short(one[key], "") for key in ("public", "private", "hidden")),
        *(short(one[key], "") for key in ("kaggle_public", "kaggle_private")),
        f"{float(one['new_share']):.0%}" if one["new_share"] else "",
        f"{float(one['seconds']) / 60:.1f} min" if one["seconds"] else "",
        *(one[key] for key in ("commit", "params", "lock")),
    ]
    kinds = {2: ' class="better"' if better else "", 3: ' class="changed"'}
    told = [
        f"<td{kinds.get(place, '')}>{html.escape(cell)}</td>" for place, cell in enumerate(cells)
    ]
    return f'<tr><th scope="row">{html.escape(one["ensemble"])}</th>{"".join(told)}</tr>'


def clear(one: dict[str, str]) -> bool:
    """Is the gain's interval clear of 0?"""
    return bool(one["low"]) and float(one["low"]) * float(one["high"]) > 0


def spread(value: str, low: str, high: str, sign: str) -> str:
    """A number with its interval; what is not known is left out."""
    if not value:
        return ""
    return f"{short(value, sign)} ({short(low, sign)} to {short(high, sign)})"


def short(value: str, sign: str) -> str:
    """Three digits; "" stays."""
    return f"{float(value):{sign}.3f}" if value else ""
