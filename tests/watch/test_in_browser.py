"""The watch page in a real browser, where there is one: it follows what is saved."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from autorecon.runs import Lines, RunFolder
from autorecon.watch.run_page import RunPage
from autorecon.watch.server import Server, Watched
from autorecon.watch.space_file import SpaceFile
from browser import MISSING, Browser, browser

pytestmark = pytest.mark.skipif(MISSING, reason="needs chromium and chromedriver")

SOUND = (
    "space p(size = 4)\ninput z [3, size, size]: noise\n"
    "output x [3, size, size]\nlink z -> x = conv(3)\n"
)


@pytest.fixture(scope="module")
def window() -> Iterator[Browser]:
    with browser() as window:
        yield window


def opened(window: Browser, watched: Watched) -> Iterator[Server]:
    with Server(watched, "the title") as server:
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        window.open(server.address)
        window.logs()  # of the page before, whose server is gone
        window.run("window.same = true")
        yield server
        server.shutdown()


def test_a_file_is_followed(window: Browser, tmp_path: Path) -> None:
    path = tmp_path / "p.space"
    path.write_text(SOUND)
    for server in opened(window, SpaceFile(str(path), {})):
        window.wait("document.querySelector('.drawing:not(.old) svg')?.textContent.includes('z')")
        path.write_text(SOUND.replace("conv", "conw"))
        window.wait("document.querySelector('.fault')?.innerText.includes('^^^^')")
        window.wait("document.querySelector('.drawing.old svg') && true")
        path.write_text(SOUND.replace(" z", " dust"))
        window.wait("!document.querySelector('.fault')")
        window.wait("document.querySelector('.drawing:not(.old) svg')?.textContent.match('dust')")
        assert window.run("return window.same")
        assert window.logs() == []
        server.shutdown()
        server.server_close()
        window.wait("document.querySelector('.gone')?.innerText.includes('has ended')")


def test_a_run_is_followed_and_what_was_folded_open_stays_so(
    window: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("autorecon.watch.run_page._SHARE", 1e9)
    config = {"command": "compress", "compress": {"epochs": 9}}
    run = RunFolder.create(tmp_path / "run", config)
    row = {"stage": "compress/mine/seed0", "seconds": 1.0, "student.total": 2.0}
    for _ in opened(window, RunPage(run.path)):
        window.wait("document.body.innerText.includes('No student has been trained yet.')")
        window.run("document.querySelector('details').open = true")
        for epoch in range(2):
            Lines(run.metrics_path).append({**row, "epoch": epoch})
            window.wait(f"document.body.innerText.includes('{epoch + 1} of 9 epochs.')")
        assert window.run("return document.querySelector('details').open")
        assert window.run("return document.querySelectorAll('.chart').length") > 0
        window.run("document.querySelector('button[data-copy=settings]').click()")
        window.wait("document.querySelector('button[data-copy=settings]').innerText != 'Copy'")
        assert window.run("return window.same")
        assert window.logs() == []
