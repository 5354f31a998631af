"""A server of one page, for browsers of this machine alone.

It listens on the loopback, and answers what names it as that: a page from elsewhere that had its
name lead here (DNS rebinding), or that fetches from here, gets nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Protocol

import attrs

from autorecon.lang.wording import brief
from autorecon.watch.pages import SCRIPT, trouble

HOST = "127.0.0.1"
_HOSTS = (HOST, "localhost")
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class PortError(ValueError):
    """The port cannot be had; the message says what to do."""

    exit_code = 2


class Watched(Protocol):
    """What a page is of: `tag()` is cheap, and another when `page()` or one of its parts is."""

    @property
    def parts(self) -> Mapping[str, Callable[[], str]]: ...
    def tag(self) -> str: ...
    def page(self) -> str: ...


@attrs.define
class _Kept:
    """The newest page, made once however many ask for it."""

    watched: Watched
    title: str
    _tag: str = ""
    _page: str = ""
    _lock: threading.Lock = attrs.field(factory=threading.Lock)

    def newest(self) -> tuple[str, str]:
        """The page and its tag."""
        with self._lock:
            try:
                # Asked before: what changes meanwhile, or turns out to be read too, makes another.
                tag = self.watched.tag()
            except OSError as error:  # of what goes away while it is looked through
                return trouble(self.title, told(error)), ""
            if tag != self._tag:
                self._page, self._tag = self._made(), tag
            return self._page, self._tag

    def _made(self) -> str:
        try:
            return self.watched.page()
        # Files that are being written may be anything; the next page is another.
        except Exception as error:
            return trouble(self.title, told(error))

    def part(self, path: str) -> str:
        """What stands in a place of the page, or why it does not."""
        try:
            return self.watched.parts[path]()
        except Exception as error:
            return f"Not shown: {told(error)}."


def told(error: Exception) -> str:
    """What is wrong, in a line that a page can hold."""
    known = getattr(error, "exit_code", None) is not None
    return brief(str(error) if known else f"{type(error).__name__}: {error}")


class Server(ThreadingHTTPServer):
    """Serves until it is interrupted; `address` is what a browser is told."""

    daemon_threads = True

    def __init__(self, watched: Watched, title: str, port: int = 0) -> None:
        self.kept = _Kept(watched, title)
        try:
            super().__init__((HOST, port), _Handler)
        except (OSError, OverflowError) as error:
            help = "leave out --port, or name another"
            raise PortError(f"port {port} cannot be had ({_why(error)}): {help}") from None

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.server_port}/"

    def server_bind(self) -> None:
        # That of HTTPServer asks for the machine's name, which may take long without a network.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that goes away in the middle is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: Server
    server_version = "autorecon"
    sys_version = ""
    timeout = 30  # seconds

    def do_GET(self) -> None:
        if not self._is_ours():
            return self._answer(403, "text/plain", "This page is for browsers of its own machine.")
        path, kept = self.path.partition("?")[0], self.server.kept
        if path == "/live.js":
            return self._answer(200, "text/javascript", SCRIPT.read_text("utf-8"))
        if path in kept.watched.parts:
            return self._answer(200, "text/plain", kept.part(path))
        if path != "/":
            return self._answer(404, "text/plain", "There is nothing here.")
        page, tag = kept.newest()
        if self.headers.get("If-None-Match") == f'"{tag}"':
            return self._answer(304, "text/html", "", tag)
        return self._answer(200, "text/html", page, tag)

    def _is_ours(self) -> bool:
        host = self.headers.get("Host", "")
        known = host.rpartition(":")[0] in _HOSTS
        origin = self.headers.get("Origin", f"http://{host}") == f"http://{host}"
        return known and origin and self.headers.get("Sec-Fetch-Site") != "cross-site"

    def _answer(self, status: int, kind: str, text: str, tag: str = "") -> None:
        body = text.encode("utf-8", "replace")
        self.send_response(status)
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        if tag:
            self.send_header("ETag", f'"{tag}"')
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads what a browser asks for twice a second."""


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
