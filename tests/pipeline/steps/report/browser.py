"""A headless Chromium, if one is installed."""

import atexit
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")


def find_browser() -> str:
    """The browser's path; without one the test is skipped, and fails in CI."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        message = f"no browser: none of {', '.join(NAMES)} is installed"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    return path


@cache
def start_browser() -> Browser:
    """The browser of this process, started by the first test that needs it."""
    driver = sync_playwright().start()
    atexit.register(driver.stop)  # which ends the browser
    return driver.chromium.launch(executable_path=find_browser(), args=["--no-sandbox"])


@contextmanager
def open_browser(**options) -> Iterator[tuple[Page, list[str]]]:
    """A new tab, without anything of other tests, and its faults.

    Faults are errors of the console, exceptions, dialogs and requests to the network; those to the
    disk or to this machine do not count.
    """
    context = start_browser().new_context(**options)  # cookies and storage of its own
    try:
        tab = context.new_page()
        faults: list[str] = []
        tab.on("console", lambda entry: entry.type == "error" and faults.append(entry.text))
        tab.on("pageerror", lambda error: faults.append(str(error)))
        tab.on("dialog", lambda dialog: (faults.append(dialog.message), dialog.dismiss()))
        tab.on("request", lambda sent: faults.append(sent.url) if is_remote(sent.url) else None)
        yield tab, faults
    finally:
        context.close()


def is_remote(url: str) -> bool:
    return not url.startswith(("file:", "data:", "http://127.0.0.1"))
