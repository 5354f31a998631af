"""Who gets the page of `autorecon watch`, and which: asked as a browser would, without one."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from autorecon.lang import SpaceError
from autorecon.runs import Lines, RunError, RunFolder
from autorecon.watch.run_page import RunPage
from autorecon.watch.server import PortError, Server, Watched
from autorecon.watch.space_file import SpaceFile

SOUND = (
    "space p(size = 4)\ninput z [3, size, size]: noise\n"
    "output x [3, size, size]\nlink z -> x = conv(3)\n"
)
FAULTY = SOUND.replace("conv", "conw")
Ask = Callable[..., tuple[int, str, str]]


def serving(watched: Watched) -> Iterator[Server]:
    with Server(watched, "the title") as server:
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "p.space"
    path.write_text(SOUND)
    return path


@pytest.fixture
def server(file: Path) -> Iterator[Server]:
    yield from serving(SpaceFile(str(file), {"size": 8}))


def ask(server: Server, path: str = "/", **headers: str) -> tuple[int, str, str]:
    """Status, body and tag."""
    link = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=30)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    link.request("GET", path, headers=named)
    answer = link.getresponse()
    found = answer.status, answer.read().decode(), answer.getheader("ETag", "")
    link.close()
    return found


def save(path: Path, text: str) -> None:
    """As editors do, in a moment that no clock can tell from the one before."""
    beside = path.with_suffix(".new")
    beside.write_text(text)
    os.replace(beside, path)


def test_a_page_has_figures_and_a_drawing(server: Server) -> None:
    status, page, _ = ask(server)
    assert status == 200
    assert "<dt>weights</dt><dd>84</dd>" in page
    assert "size=8" in page
    assert 'class="fault' not in page
    status, drawing, _ = ask(server, "/drawing")
    assert (status, drawing[:4]) == (200, "<svg")
    assert ask(server, "/live.js")[0] == 200


def test_it_is_sent_again_only_when_it_is_another(server: Server, file: Path) -> None:
    _, _, tag = ask(server)
    assert ask(server, If_None_Match=tag)[:2] == (304, "")
    save(file, FAULTY)
    status, page, other = ask(server, If_None_Match=tag)
    assert (status, other == tag) == (200, False)
    assert "error[E0202]: unknown operation `conw`" in page
    assert "              ^^^^" in page


def test_beside_a_fault_stands_what_was_sound_before(server: Server, file: Path) -> None:
    ask(server)
    drawing = ask(server, "/drawing")[1]
    save(file, FAULTY)
    page = ask(server)[1]
    assert "<dd>84</dd>" in page
    assert "data-old" in page
    assert ask(server, "/drawing")[1] == drawing
    file.unlink()
    assert "cannot read" in ask(server)[1]
    save(file, SOUND)
    assert "data-old" not in ask(server)[1]


def test_files_that_it_uses_count_even_before_they_are_there(server: Server, file: Path) -> None:
    used = file.with_name("ops.space")
    save(file, SOUND.replace("input", 'use "ops.space"\ninput', 1).replace("conv(3)", "two"))
    assert "no file `ops.space`" in ask(server)[1]
    used.write_text("op two = conv(3) >> conv(3)\n")
    assert "<dd>168</dd>" in ask(server)[1]
    save(used, "op two = conv(3)\n")
    assert "<dd>84</dd>" in ask(server)[1]


def test_words_of_a_text_are_never_markup(server: Server, file: Path) -> None:
    words = "<script>alert(1)</script>"
    for text in (f'use "{words}"\n{SOUND}', SOUND + words, SOUND.replace("p(", f"p{words}(")):
        save(file, text)
        page = ask(server)[1]
        assert 'class="fault' in page
        assert words not in page


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "attacker.example"},
        {"Host": "attacker.example:80"},
        {"Host": ""},
        {"Host": "127.0.0.1.attacker.example:80"},
        {"Origin": "http://attacker.example"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site"},
    ],
)
def test_pages_from_elsewhere_get_nothing(server: Server, headers: dict[str, str]) -> None:
    for path in ("/", "/drawing", "/live.js", "/p.space"):
        assert ask(server, path, **headers)[0] == 403


def test_its_own_page_is_answered_through_a_tunnel_too(server: Server) -> None:
    own = {"Host": "localhost:9000", "Origin": "http://localhost:9000"}
    assert ask(server, Sec_Fetch_Site="same-origin", **own)[0] == 200
    assert ask(server, Sec_Fetch_Site="none")[0] == 200


@pytest.mark.parametrize(
    "path", ["/p.space", "/../p.space", "/live.js/..", "/%2e%2e/", "//etc/passwd", "/live.jsx"]
)
def test_nothing_else_is_served(server: Server, path: str) -> None:
    assert ask(server, path)[0] == 404


def test_it_listens_on_the_loopback_alone(server: Server) -> None:
    assert server.socket.getsockname()[0] == "127.0.0.1"
    with pytest.raises(PortError, match=r"cannot be had .*leave out --port"):
        Server(server.kept.watched, "", server.server_port)


def test_what_is_not_there_is_told_before_anything_is_served(tmp_path: Path) -> None:
    with pytest.raises(SpaceError, match="there is no file"):
        SpaceFile(str(tmp_path / "none.space"), {})
    with pytest.raises(RunError, match="is not a run"):
        RunPage(tmp_path)


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    config = {"command": "run", "compress": {"epochs": 9}, "search": {"epochs": 0}}
    return RunFolder.create(tmp_path / "run", config)


def test_a_run_is_shown_as_it_goes(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autorecon.watch.run_page._SHARE", 1e9)  # nobody works beside it
    stage = "compress/mine/seed0"
    row = {"stage": stage, "epoch": 0, "seconds": 1.0, "student.total": 2.0}
    for server in serving(RunPage(run.path)):
        _, page, tag = ask(server)
        assert "No student has been trained yet." in page
        assert '<script src="/live.js">' in page
        assert "connect-src 'self'" in page
        Lines(run.metrics_path).append(row)
        page = ask(server, If_None_Match=tag)[1]
        assert "mine, seed 0: 1 of 9 epochs." in page
        # Those of a stage that runs beside others are not among all yet.
        beside = run.checkpoint_path / "compress/mine/seed1/metrics.jsonl"
        beside.parent.mkdir(parents=True)
        Lines(beside).append({**row, "stage": "compress/mine/seed1"})
        assert "mine, seed 1: 1 of 9 epochs." in ask(server)[1]


def test_a_run_that_cannot_be_shown_is_asked_for_again(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("autorecon.watch.run_page._SHARE", 1e9)
    for server in serving(RunPage(run.path)):
        run.results_path.write_text("{")
        assert "is not JSON" in ask(server)[1]
        run.results_path.unlink()
        assert "is not JSON" not in ask(server)[1]


def test_what_leads_out_or_goes_away_is_told(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("autorecon.watch.run_page._SHARE", 1e9)
    for server in serving(RunPage(run.path)):
        run.checkpoint_path.symlink_to("/")  # which would take minutes to be looked through
        (run.path / "more").touch()
        assert "checkpoint is a link to /, which is not in" in ask(server)[1]
        run.checkpoint_path.unlink()
        run.results_path.write_text('{"format": "' + "a" * 99_999 + '"}')
        assert len(ask(server)[1]) < 20_000
        shutil.rmtree(run.path)
        assert "is not a run" in ask(server)[1]
        monkeypatch.setattr(RunPage, "tag", _gone)
        assert "FileNotFoundError: gone" in ask(server)[1]


def _gone(*_: object) -> str:
    raise FileNotFoundError("gone")


def test_a_drawing_that_fails_says_why(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(server)
    monkeypatch.setattr("autorecon.graph.draw.render.svg", _gone)
    assert ask(server, "/drawing")[:2] == (200, "Not shown: FileNotFoundError: gone.")


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        (b"GET /../../etc/passwd HTTP/1.1\r\nHost: localhost:1\r\n\r\n", b"404"),
        (b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: localhost:1\r\n\r\n", b"404"),
        (b"GET /\0 HTTP/1.1\r\nHost: localhost:1\r\n\r\n", b"404"),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: localhost:1\r\n\r\n", b"414"),
        (b"GET / HTTP/1.1\r\nHost: localhost:1\r\n" + b"A: b\r\n" * 200 + b"\r\n", b"431"),
        (b"GET / HTTP/1.1\r\nHost: localhost:1\r\nA: " + b"a" * 70_000 + b"\r\n\r\n", b"431"),
        (b"POST / HTTP/1.1\r\nHost: localhost:1\r\nContent-Length: 9999999\r\n\r\n", b"501"),
        (b"GET / HTTP/1.1\r\n\r\n", b"403"),
        (b"GET / HTTP/1.1\r\nHost: localhost:1\r\nRange: bytes=0-1\r\n\r\n", b"200"),
        (b"GET / HTTP/x\r\nHost: localhost:1\r\n\r\n", b"400"),
        (b"\0\xff" * 99 + b"\r\n\r\n", b"400"),
    ],
)
def test_odd_requests_are_answered_beside_slow_ones(
    server: Server, asked: bytes, answer: bytes
) -> None:
    slow = [socket.create_connection(("127.0.0.1", server.server_port)) for _ in range(20)]
    for link in slow:
        link.sendall(b"GET / HT")
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=30) as link:
        link.sendall(asked)
        found = link.recv(9999)
    assert answer in found[:400]
    assert b"root:" not in found
    for link in slow:
        link.close()


def test_a_run_loses_little_to_its_page(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autorecon.watch.run_page._SHARE", 1e-9)
    for server in serving(RunPage(run.path)):
        _, _, tag = ask(server)
        run.space_path.write_text("anything")
        assert ask(server, If_None_Match=tag)[0] == 304


def test_a_browser_that_goes_away_is_no_news(
    server: Server, capfd: pytest.CaptureFixture[str]
) -> None:
    link = http.client.HTTPConnection("127.0.0.1", server.server_port)
    link.connect()
    link.sock.send(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    link.close()
    time.sleep(0.1)
    assert ask(server)[0] == 200
    assert capfd.readouterr().err == ""
