"""The answers as one HTML file, which needs no server and no network."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from importlib.resources import files
from string import Template

import numpy as np
import pandas as pd

from pipeline.data.features import PhotographFeatures
from pipeline.naming.answers import COPY, KNOWN, NEW, UNSURE, Answer, support_path
from pipeline.naming.gallery import Known
from pipeline.naming.glance import ANCHOR, list_counts
from pipeline.naming.photographs import Described
from pipeline.steps.report.outlines import map_back, to_thousandths

SIDE = 260  # pixels of the longer side of a drawn photograph
LINES = 60  # matched points that are drawn
HEADINGS = {
    KNOWN: "{name}",
    NEW: "none of the known individuals",
    UNSURE: "unsure",
    COPY: "{name}: the catalogue has the same file",
}


@dataclass(frozen=True)
class Content:
    """What the report shows.

    answers : by photograph, as it is listed; digests : of these
    described : by digest; points : of pairs (query, image, INLIER_COLUMNS), by digest and image
    sentences : what is to be known first; bad : photographs that can't be read, and why
    together : the answers to encounters in a few words, by photograph
    """

    answers: Mapping[str, Answer]
    digests: Mapping[str, str]
    described: Mapping[str, Described]
    points: pd.DataFrame
    known: Known
    sentences: Sequence[str]
    bad: Mapping[str, str]
    together: Mapping[str, str] = field(default_factory=dict)


def render(content: Content) -> str:
    """The HTML of the report; names and files are shown as text."""
    points = dict(list(content.points.groupby(["query", "image"])))
    articles = [
        show_answer(ANCHOR.format(number), photograph, answer, content, points)
        for number, (photograph, answer) in enumerate(content.answers.items())
    ]
    template = Template((files("pipeline.naming") / "report.html").read_text())
    return template.substitute(
        glance="\n".join(f"<li>{line}</li>" for line in list_counts(content.answers)),
        summary="".join(f"<p>{escape(sentence)}</p>" for sentence in content.sentences),
        articles="\n".join(articles),
        unknown=show_groups(content),
        bad=show_bad(content.bad),
    )


def show_answer(
    anchor: str,
    photograph: str,
    answer: Answer,
    content: Content,
    points: Mapping[tuple, pd.DataFrame],
) -> str:
    """One photograph: its names, and the photograph that supports the first one."""
    heading = HEADINGS[answer.result].format(name=answer.names[0] if answer.names else "")
    rows = [
        (name, value, "") for name, value in zip(answer.names, answer.probabilities, strict=True)
    ]
    if answer.result != COPY:
        rows.append(("new", answer.new, "new"))
    support = support_path(answer, content.known)
    below = f"{photograph}"
    if support:
        below += f", beside {support}: {answer.points} matched points"
    if answer.group:
        perhaps = "" if answer.result == NEW else "if new, "
        below += f"; {perhaps}unknown individual {answer.group}"
    digest = content.digests[photograph]
    matched = points.get((digest, answer.support))
    return (
        f'<article id="{anchor}">'
        f"{draw_pair(digest, answer.support, content, matched)}<div>"
        f"<h2>{escape(heading)}</h2><table>{''.join(show_row(*row) for row in rows)}</table>"
        f'<p class="small">{escape(below)}</p>{show_encounter(photograph, content)}</div></article>'
    )


def show_encounter(photograph: str, content: Content) -> str:
    """The answer to the photographs of an encounter, if there is one."""
    text = content.together.get(photograph)
    return f'<p class="small">{escape(text)}</p>' if text else ""


def show_row(name: str, value: float, kind: str) -> str:
    """A name with its probability, as a number and as a bar."""
    return (
        f'<tr class="{kind}"><td>{escape(name)}</td><td>{value:.1%}</td>'
        f'<td><span class="bar" style="width:{100 * value:.0f}%"></span></td></tr>'
    )


def draw_pair(digest: str, support: str, content: Content, matched: pd.DataFrame | None) -> str:
    """The photograph and the one that supports its name, with their matched points joined."""
    first = content.described[digest]
    width, height = fit(first)
    if not support:
        return svg(width, height, image(first, 0))
    second = content.described[content.known.digests[support]]
    other_width, other_height = fit(second)
    parts = [image(first, 0), image(second, width + 8)]
    if matched is not None and len(matched):
        strongest = matched.nsmallest(LINES, "ratio")
        ends = (
            place(strongest[["x", "y"]], first),
            place(strongest[["gallery_x", "gallery_y"]], second),
        )
        parts += [
            f'<path d="M{a} {b}L{c + width + 8} {d}" stroke="#ffd400" stroke-opacity=".7"/>'
            for (a, b), (c, d) in zip(ends[0].tolist(), ends[1].tolist(), strict=True)
        ]
    return svg(width + 8 + other_width, max(height, other_height), "".join(parts))


def svg(width: int, height: int, inside: str) -> str:
    """A drawing of that size in pixels."""
    return f'<svg width="{width}" height="{height}" viewBox="0 0 {width} {height}">{inside}</svg>'


def image(described: Described, left: int) -> str:
    """A thumbnail in a drawing."""
    width, height = fit(described)
    source = f"data:image/webp;base64,{described.thumbnail}"
    return f'<image x="{left}" width="{width}" height="{height}" href="{source}"/>'


def fit(described: Described) -> tuple[int, int]:
    """Width and height of a photograph in a drawing."""
    scale = SIDE / max(described.size)
    width, height = (max(1, round(scale * side)) for side in described.size)
    return width, height


def place(fractions: pd.DataFrame, described: Described) -> np.ndarray:
    """Points in a drawing, n x 2 int; they are given as fractions of the photograph's canvas."""
    features: PhotographFeatures = described.features
    on_canvas = fractions.to_numpy(dtype=float) * np.asarray(features.size)
    thousandths = to_thousandths(map_back(on_canvas, features.canvas), np.array(described.size))
    return np.rint(thousandths * np.array(fit(described)) / 1000).astype(int)


def show_groups(content: Content) -> str:
    """The unknown individuals that several photographs show."""
    groups: dict[int, list[str]] = {}
    for photograph, answer in content.answers.items():
        if answer.group:
            groups.setdefault(answer.group, []).append(photograph)
    if not groups:
        return ""
    several = [
        f"<h3>Unknown individual {number}</h3>"
        + "".join(show_small(photograph, content) for photograph in photographs)
        for number, photographs in sorted(groups.items())
        if len(photographs) > 1
    ]
    alone = sum(len(photographs) == 1 for photographs in groups.values())
    sentence = (
        f"<p>Photographs likelier of a new individual than of any known one, and like no other of "
        f"these: {alone}.</p>"
        if alone
        else ""
    )
    return f"<h2>Unknown individuals</h2>{''.join(several)}{sentence}"


def show_small(photograph: str, content: Content) -> str:
    """A thumbnail with the name of its file."""
    source = f"data:image/webp;base64,{content.described[content.digests[photograph]].thumbnail}"
    caption = escape(photograph)
    return f'<figure><img src="{source}" alt=""><figcaption>{caption}</figcaption></figure>'


def show_bad(bad: Mapping[str, str]) -> str:
    """The photographs that are left out."""
    if not bad:
        return ""
    lines = "".join(f"<li>{escape(fault)}</li>" for fault in bad.values())
    return f"<h2>Left out</h2><ul>{lines}</ul>"
