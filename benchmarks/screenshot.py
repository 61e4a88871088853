"""A screenshot of a report in a browser.

    python -m benchmarks.screenshot data/work/report/best/report.html docs/report.png

Opens the right answer with the most matched points in headless Chromium, and writes a screenshot.
Needs a `chromium` on the PATH.
"""

import shutil
from pathlib import Path

import typer
from playwright.sync_api import sync_playwright

WINDOW = {"width": 1200, "height": 900}
# the photograph with the most matched points whose first answer is right
BEST = """() => content.queries
  .filter((query) => query.k === "known" && isRight(query) && query.a[0].l)
  .sort((a, b) => b.a[0].x - a.a[0].x)[0]?.q"""


def main(report: Path, out: Path) -> None:
    """Write a screenshot of a report in headless Chromium."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        tab = browser.new_page(viewport=WINDOW, color_scheme="light")
        tab.goto(report.resolve().as_uri())
        name = tab.evaluate(BEST)
        if name is None:
            raise SystemExit(f"{report}: no right answer has matched points")
        tab.fill("#find", name)
        tab.locator(".card").first.click()
        tab.screenshot(path=out)
        browser.close()
    print(f"{out}: {name}")


if __name__ == "__main__":
    typer.run(main)
