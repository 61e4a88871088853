"""How large is a page of 8,000 photographs, and how long does a browser take to open it?

    python -m benchmarks.report_size data/work/report/best/report.html [--queries 8000]

Repeats what the report of a finished demo shows, under new names, until there are so many queries,
each with gallery photographs of its own; thumbnails are shrunk to the budget as `page` does. Prints
the size of the file, how long headless Chromium takes until the grid stands (the median of three),
and until a filter has answered. Needs a `chromium` on the PATH.
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
from pipeline.steps.report import layout, photographs, report
from pipeline.steps.report.content import COPIES

LOOKS = 3
STANDS = "performance.timing.domContentLoadedEventEnd - performance.timing.navigationStart"


def main(report_file: Path, queries: int = 8000) -> None:
    """Measure the size and the opening time of a report of many photographs."""
    many = repeated(content_of(report_file.read_text(encoding="utf-8")), queries)
    many["thumbnails"] = shrunk(many["thumbnails"], params.load().report.megabytes * 1e6)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "report.html"
        path.write_text(report.render(many), encoding="utf-8")
        size = path.stat().st_size / 1e6
        opened, filtered = looked_at(path)
    print(
        f"{queries} queries, {len(many['thumbnails'])} thumbnails: {size:.1f} MB; the grid stands "
        f"after {opened:.2f} s, a filter takes {filtered:.3f} s"
    )


def content_of(html: str) -> dict:
    """What a page was made of."""
    text = html.partition('<script type="application/json" id="content">')[2]
    return json.loads(text.partition("</script>")[0])


def repeated(content: dict, count: int) -> dict:
    """The content again and again, until it has `count` queries."""
    images, queries, thumbnails, points, copies, looks = {}, [], [], [], [], []
    own_points = content["map"]["p"]
    for turn in range(-(-count // len(content["queries"]))):
        names = {name: f"{turn}-{name}" for name in content["images"]}
        for name, entry in content["images"].items():
            images[names[name]] = entry | {"t": entry["t"] + len(thumbnails)}
        for query in content["queries"]:
            own = [one | ({"g": names[one["g"]]} if "g" in one else {}) for one in query["a"]]
            queries.append(query | {"q": names[query["q"]], "a": own})
        thumbnails += content["thumbnails"]
        points += [[x, y, names.get(image, image), *told] for x, y, image, *told in own_points]
        copies += [one | {"g": [names[image] for image in one["g"]]} for one in content["copies"]]
        looks += [one | {"q": names[one["q"]], "g": names[one["g"]]} for one in content["looks"]]
    return content | {
        "images": images,
        "queries": queries[:count],
        "thumbnails": thumbnails,
        "map": content["map"] | {"p": points[: layout.MOST]},
        "copies": copies[:COPIES],
        "looks": looks[: len(content["looks"])],
        "of": {"queries": count, "copies": len(copies), "map": len(points)},
    }


def shrunk(thumbnails: list[str], budget: float) -> list[str]:
    """The thumbnails at the largest size whose sum fits `budget` bytes."""
    pictures = [
        cv2.imdecode(np.frombuffer(base64.b64decode(one), np.uint8), 1) for one in thumbnails
    ]
    for size in photographs.SIZES:
        found = [photographs.encoded(one, size) for one in pictures]
        if sum(map(len, found)) <= budget:
            break
    return found


def looked_at(path: Path) -> tuple[float, float]:
    """Seconds until the grid stands, and until a filter has answered; medians."""
    opened, filtered, faults = [], [], []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        for _ in range(LOOKS):
            tab = browser.new_page()
            tab.on("pageerror", lambda error: faults.append(str(error)))
            tab.goto(path.as_uri())
            opened.append(tab.evaluate(STANDS) / 1000)
            before = tab.inner_text("#count")
            begun = time.monotonic()
            tab.select_option("#show", "wrong")
            after = tab.inner_text("#count")
            filtered.append(time.monotonic() - begun)
            if faults or after == before or not tab.locator(".card").count():
                raise SystemExit(f"the page does not work: {faults or [before, after]}")
            tab.close()
        browser.close()
    return statistics.median(opened), statistics.median(filtered)


if __name__ == "__main__":
    typer.run(main)
