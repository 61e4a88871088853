"""A curve as an SVG picture by matplotlib, with a sentence that states its main number."""

import base64
import html
import io
from collections.abc import Callable

import matplotlib.pyplot as plt
from matplotlib import RcParams
from matplotlib.axes import Axes

SIZE = (5, 3.2)  # inches
SETTINGS = RcParams(
    {
        "svg.fonttype": "none",
        "svg.hashsalt": "tailprint",
        "axes.grid": True,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "grid.color": "0.9",
    }
)


def render_figure(title: str, text: str, draw: Callable[[Axes], None]) -> str:
    """The HTML of one figure: `draw` fills its axes, `text` states what it shows."""
    with plt.rc_context(SETTINGS):
        drawing, axes = plt.subplots(figsize=SIZE, layout="constrained")
        draw(axes)
        file = io.BytesIO()
        drawing.savefig(file, format="svg", metadata={"Date": None})
        plt.close(drawing)
    data = base64.b64encode(file.getvalue()).decode()
    caption = html.escape(f"{title}: {text}")
    return (
        f'<figure><img src="data:image/svg+xml;base64,{data}" alt="{caption}">'
        f"<figcaption>{caption}</figcaption></figure>"
    )
