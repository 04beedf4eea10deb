"""A headless Chromium and what it saw: every request, every complaint of its console."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service as Driver
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
)  # fmt: skip
OWN_SCHEMES = ("chrome", "devtools", "data", "blob", "about")
"""Of the browser itself, not of the page."""


class Browser:
    """A window on a service."""

    def __init__(self, driver: webdriver.Chrome, url: str) -> None:
        self.driver = driver
        self.url = url

    def open(self, path: str) -> None:
        """Go to a page; what was seen before is forgotten."""
        self.seen()
        self.driver.get(self.url + path)

    def js(self, script: str, *given: Any) -> Any:
        """What a script says."""
        return self.driver.execute_script(script, *given)

    def find(self, selector: str) -> WebElement:
        """The first element of a kind."""
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector: str) -> str:
        """What the first element of a kind says at this moment; live parts are replaced under one's hands."""
        return str(self.js("return document.querySelector(arguments[0])?.innerText ?? ''", selector))

    def click(self, selector: str) -> bool:
        """Click the first element of a kind, if there is one at this moment."""
        script = "const found = document.querySelector(arguments[0]); found?.click(); return Boolean(found)"
        return bool(self.js(script, selector))

    def press(self, keys: str) -> None:
        """Type into the page."""
        self.driver.find_element(By.TAG_NAME, "body").send_keys(keys)

    def until(self, asked: Callable[[], Any], what: str, seconds: float = 60.0) -> Any:
        """Wait until something is so."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = asked()
            if found:
                return found
            time.sleep(0.1)
        raise AssertionError(f"{what}: not within {seconds:.0f} s; {self.complaints()}")

    def seen(self) -> list[str]:
        """Addresses that the page asked for since the last time."""
        messages = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        asked = [each["params"]["request"]["url"] for each in messages if each["method"] == "Network.requestWillBeSent"]
        return [url for url in asked if urlsplit(url).scheme not in OWN_SCHEMES and not url.startswith("chrome")]

    def complaints(self) -> list[str]:
        """What the console said since the last time, warnings and errors."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] != "INFO"]

    def in_look(self, name: str) -> None:
        """As somebody who prefers light or dark."""
        feature = {"name": "prefers-color-scheme", "value": name}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})


@contextmanager
def browser(url: str, width: int = 1280) -> Iterator[Browser]:
    """A browser with a profile of its own; where there is none the tests are skipped, loudly, and fail under CI."""
    binary = next(filter(None, map(shutil.which, CHROMIUM)), None)
    driver = shutil.which("chromedriver")
    if binary is None or driver is None:
        reason = "NO CHROMIUM, and the page is not tested: apt-get install chromium chromium-driver"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as profile:
        for flag in (*FLAGS, f"--user-data-dir={profile}", f"--window-size={width},1000"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        opened = webdriver.Chrome(options=options, service=Driver(driver))
        try:
            yield Browser(opened, url)
        finally:
            opened.quit()
