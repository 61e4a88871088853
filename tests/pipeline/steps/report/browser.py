"""A real headless Chromium, where there is one."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")


def program() -> str:
    """The browser's path; the test is skipped where there is none, and fails in CI."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        told = f"no browser: none of {', '.join(NAMES)} is installed"
        pytest.fail(told) if os.environ.get("CI") else pytest.skip(told)
    return found


@contextmanager
def opened(**options) -> Iterator[tuple[Page, list[str]]]:
    """A fresh page of a browser and what it complains of: the console's errors, exceptions, and
    anything that it asks the network for."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program(), args=["--no-sandbox"])
        page = browser.new_page(**options)
        faults: list[str] = []
        page.on("console", lambda said: said.type == "error" and faults.append(said.text))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("dialog", lambda dialog: (faults.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda asked: faults.append(asked.url) if foreign(asked.url) else None)
        yield page, faults
        browser.close()


def foreign(url: str) -> bool:
    return not url.startswith(("file:", "data:", "http://127.0.0.1"))
