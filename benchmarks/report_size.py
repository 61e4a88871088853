"""How large a report of 8,000 photographs is, and how long a browser takes to open it.

    python -m benchmarks.report_size data/work/report/best/report.html [--queries 8000]

Repeats the content of a finished demo's report, under new names, until there are that many queries,
each with different gallery photographs; thumbnails are shrunk to the budget as `report` does.
Prints the size of the file, how long headless Chromium takes to load the page (the median of
three), and to apply a filter. Needs a `chromium` on the PATH.
"""

import base64
import json
import shutil
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
import typer
from playwright.sync_api import sync_playwright

from pipeline import params
from pipeline.steps.report import embedding_map, photographs
from pipeline.steps.report.content import MAX_DUPLICATE_GROUPS
from pipeline.steps.report.render import render

REPETITIONS = 3
LOAD_TIME = "performance.timing.domContentLoadedEventEnd - performance.timing.navigationStart"


def main(report_file: Path, queries: int = 8000) -> None:
    """Measure the size and the opening time of a report of many photographs."""
    many = repeat_content(read_content(report_file.read_text(encoding="utf-8")), queries)
    many["thumbnails"] = shrink_thumbnails(many["thumbnails"], params.load().report.megabytes * 1e6)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "report.html"
        path.write_text(render(many), encoding="utf-8")
        size = path.stat().st_size / 1e6
        opened, filtered = measure_browser(path)
    print(
        f"{queries} queries, {len(many['thumbnails'])} thumbnails: {size:.1f} MB; the page "
        f"loads in {opened:.2f} s, a filter takes {filtered:.3f} s"
    )


def read_content(html: str) -> dict:
    """Read the content that a report was made of."""
    text = html.partition('<script type="application/json" id="content">')[2]
    return json.loads(text.partition("</script>")[0])


def repeat_content(content: dict, count: int) -> dict:
    """Repeat the content until it has `count` queries."""
    images, queries, thumbnails, points, groups, attention = {}, [], [], [], [], []
    for turn in range(-(-count // len(content["queries"]))):
        names = {name: f"{turn}-{name}" for name in content["images"]}
        for name, entry in content["images"].items():
            images[names[name]] = entry | {"t": entry["t"] + len(thumbnails)}
        for query in content["queries"]:
            answers = [a | ({"g": names[a["g"]]} if "g" in a else {}) for a in query["a"]]
            queries.append(query | {"q": names[query["q"]], "a": answers})
        thumbnails += content["thumbnails"]
        points += [
            [x, y, names.get(image, image), *rest] for x, y, image, *rest in content["map"]["p"]
        ]
        groups += [
            group | {"g": [names[image] for image in group["g"]]} for group in content["duplicates"]
        ]
        attention += [
            pair | {"q": names[pair["q"]], "g": names[pair["g"]]} for pair in content["attention"]
        ]
    return content | {
        "images": images,
        "queries": queries[:count],
        "thumbnails": thumbnails,
        "map": content["map"] | {"p": points[: embedding_map.MAX_POINTS]},
        "duplicates": groups[:MAX_DUPLICATE_GROUPS],
        "attention": attention[: len(content["attention"])],
        "total": {"queries": count, "duplicates": len(groups), "map": len(points)},
    }


def shrink_thumbnails(thumbnails: list[str], budget: float) -> list[str]:
    """Shrink the thumbnails to the largest size whose sum fits `budget` bytes."""
    decoded = [
        cv2.imdecode(np.frombuffer(base64.b64decode(text), np.uint8), 1) for text in thumbnails
    ]
    for size in photographs.SIZES:
        shrunk = [photographs.encode_webp(pixels, size) for pixels in decoded]
        if sum(map(len, shrunk)) <= budget:
            break
    return shrunk


def measure_browser(path: Path) -> tuple[float, float]:
    """Measure the seconds to load the page and to apply a filter; medians."""
    opened, filtered, faults = [], [], []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        for _ in range(REPETITIONS):
            tab = browser.new_page()
            tab.on("pageerror", lambda error: faults.append(str(error)))
            tab.goto(path.as_uri())
            opened.append(tab.evaluate(LOAD_TIME) / 1000)
            before = tab.inner_text("#count")
            started = time.monotonic()
            tab.select_option("#show", "wrong")
            after = tab.inner_text("#count")
            filtered.append(time.monotonic() - started)
            if faults or after == before or not tab.locator(".card").count():
                raise SystemExit(f"the report does not work: {faults or [before, after]}")
            tab.close()
        browser.close()
    return statistics.median(opened), statistics.median(filtered)


if __name__ == "__main__":
    typer.run(main)
