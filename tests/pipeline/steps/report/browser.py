"""A headless Chromium, if one is installed."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")


def find_browser() -> str:
    """The browser's path; without one the test is skipped, and fails in CI."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        message = f"no browser: none of {', '.join(NAMES)} is installed"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    return path


@contextmanager
def open_browser(**options) -> Iterator[tuple[Page, list[str]]]:
    """A new tab of a browser and its faults: errors of the console, exceptions, dialogs, requests.

    Only requests to the network count, not those to the disk or to this machine.
    """
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=find_browser(), args=["--no-sandbox"])
        tab = browser.new_page(**options)
        faults: list[str] = []
        tab.on("console", lambda entry: entry.type == "error" and faults.append(entry.text))
        tab.on("pageerror", lambda error: faults.append(str(error)))
        tab.on("dialog", lambda dialog: (faults.append(dialog.message), dialog.dismiss()))
        tab.on("request", lambda sent: faults.append(sent.url) if is_remote(sent.url) else None)
        yield tab, faults
        browser.close()


def is_remote(url: str) -> bool:
    return not url.startswith(("file:", "data:", "http://127.0.0.1"))
