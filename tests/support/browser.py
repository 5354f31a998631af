"""Chromium without a window, driven through chromedriver, where both are installed."""

from __future__ import annotations

import base64
import contextlib
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import attrs

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
MISSING = not (CHROMIUM and DRIVER)
_FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
_FLAGS += ["--window-size=1500,1000", "--hide-scrollbars", "--disable-background-networking"]


@attrs.frozen
class Browser:
    """One window; `session` is the address of its WebDriver session."""

    session: str

    def open(self, address: str) -> None:
        _ask(f"{self.session}/url", {"url": address})

    def run(self, script: str, *arguments: Any) -> Any:
        """What a script `return`s."""
        return _ask(f"{self.session}/execute/sync", {"script": script, "args": arguments})

    def wait(self, script: str, *arguments: Any, seconds: float = 60) -> Any:
        """The first value of an expression that is true."""
        end = time.monotonic() + seconds
        while not (found := self.run(f"return {script}", *arguments)):
            if time.monotonic() > end:
                text = self.run("return document.body.innerText")
                raise AssertionError(f"{script} did not become true; the page says:\n{text}")
            time.sleep(0.1)
        return found

    def logs(self) -> list[str]:
        """What the page told its console since it was asked last: errors, mostly."""
        found = _ask(f"{self.session}/se/log", {"type": "browser"})
        return [entry["message"] for entry in found]

    def screenshot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(_ask(f"{self.session}/screenshot")))


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    """A window that is closed in the end."""
    port = free_port()
    driver = subprocess.Popen([str(DRIVER), f"--port={port}", "--log-level=OFF"])
    try:
        options = {"binary": CHROMIUM, "args": _FLAGS}
        wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        body = {"capabilities": {"alwaysMatch": wanted}}
        found = _patiently(f"http://127.0.0.1:{port}/session", body)
        session = f"http://127.0.0.1:{port}/session/{found['sessionId']}"
        try:
            yield Browser(session)
        finally:  # or it goes on without its driver
            _ask(session, method="DELETE")
    finally:
        driver.terminate()
        driver.wait(20)


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def _patiently(address: str, body: Any) -> Any:
    for _ in range(100):
        try:
            return _ask(address, body)
        except (URLError, ConnectionError):
            time.sleep(0.1)
    return _ask(address, body)


def _ask(address: str, body: Any = None, method: str | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = Request(address, data, {"Content-Type": "application/json"}, method=method)
    try:
        with urlopen(request, timeout=120) as answer:
            return json.load(answer)["value"]
    except HTTPError as error:
        raise AssertionError(json.load(error)["value"]["message"]) from None
