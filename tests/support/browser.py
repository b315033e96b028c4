"""Headless Chromium, the one that the distribution keeps, driven by Playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
MISSING = "no Chromium on this machine; on Debian and Ubuntu: apt install chromium"


def chromium() -> str | None:
    """Its command, if there is one."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def require_chromium() -> None:
    """Skip the test where there is none; in CI that is a failure."""
    if chromium() is None and os.environ.get("CI"):
        pytest.fail(f"{MISSING}; these tests must run in CI")
    if chromium() is None:
        pytest.skip(MISSING)


@contextmanager
def browser() -> Iterator[Browser]:
    """A running browser. Chromium's sandbox refuses root, and what is opened here is our own."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield running
        running.close()
