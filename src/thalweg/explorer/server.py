"""The page with Python behind it: a server of the standard library, on this machine only."""

import json
import secrets
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from thalweg.core.errors import InputError, ThalwegError
from thalweg.core.jsontext import clean
from thalweg.explorer.explorer import Explorer
from thalweg.explorer.files import PageFile
from thalweg.explorer.port import PORT
from thalweg.explorer.questions import diagram_data, sampled_field, searched_equilibria

# How many ports after the first are tried.
_TRIES = 50
# A question is a few numbers.
_LONGEST_BODY = 1 << 16
_LOCAL = ("127.0.0.1", "localhost", "[::1]", "::1")


class PageServer:
    """A server of one page; a context manager that serves while it is open.

    Arguments:
        page: the page.
        host: the address to listen on; this machine only unless told otherwise.
        port: where to begin looking for a free port.

    Attributes:
        port: the one that was free.

    Raises:
        InputError: no port is free, or the address is not one of this machine.

    A question must carry the token that is in the page, in a header that other pages cannot send,
    and must name this machine as its host.
    """

    port: int

    def __init__(self, page: PageFile, host: str = "127.0.0.1", port: int = PORT):
        self.shown, self.host = page, host.removeprefix("[").removesuffix("]")
        self.token = secrets.token_urlsafe(16)
        self._server = _bound(self, self.host, port)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._lock = threading.Lock()

    @property
    def address(self) -> str:
        """The page's URL."""
        own = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
        host = f"[{own}]" if _is_version_6(own) else own
        return f"http://{host}:{self.port}/"

    @property
    def is_local(self) -> bool:
        """True if only this machine can reach it."""
        return self.host in _LOCAL

    def __enter__(self) -> "PageServer":
        self._thread.start()
        return self

    def __exit__(self, *error: Any) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def page(self) -> bytes:
        """The page, with the token by which it asks."""
        return self.shown.to_html(served=self.token).encode()

    def answer(self, question: str, asked: dict[str, Any]) -> tuple[str, bytes]:
        """The type and the bytes of an answer; one question at a time.

        Raises:
            InputError: there is no such question, or it lacks something.
        """
        if not isinstance(self.shown, Explorer):
            raise InputError("The page computes by itself: it has no questions.")
        system = self.shown.system
        with self._lock:
            try:
                if question == "field":
                    given = (asked[k] for k in ("values", "time", "view", "count", "rows"))
                    return "application/octet-stream", sampled_field(system, *given).tobytes()
                if question == "equilibria":
                    found = searched_equilibria(system, asked["values"], asked["view"])
                    points = [{"u": s[0], "v": s[1] if len(s) > 1 else 0.0} for s in found]
                    return _json({"states": points})
                if question == "diagram":
                    values, span = asked["values"], asked["range"]
                    return _json(diagram_data(system, str(asked["parameter"]), span, values))
            except KeyError as error:
                raise InputError(f"{question}: the question lacks {error}.") from error
        raise InputError(f"There is no question {question!r}.")


def _is_version_6(host: str) -> bool:
    """True for an address of version 6 of the Internet Protocol: names have no colon."""
    return ":" in host


def _json(data: dict[str, Any]) -> tuple[str, bytes]:
    return "application/json", json.dumps(clean(data), allow_nan=False).encode()


def _bound(server: PageServer, host: str, port: int) -> ThreadingHTTPServer:
    """A server on the first free port."""
    handler: Callable[..., Any] = type("Handler", (_Handler,), {"page_server": server})
    family = socket.AF_INET6 if _is_version_6(host) else socket.AF_INET
    kind = type("Server", (ThreadingHTTPServer,), {"address_family": family})
    last: OSError | OverflowError | None = None
    for number in range(port, port + _TRIES) if port else (0,):
        try:
            return kind((host, number), handler)
        except (OSError, OverflowError) as error:
            last = error
    raise InputError(f"No page can be served on {host}, port {port} or after: {last}.") from last


def _read(text: bytes) -> Any:
    """The JSON of a question.

    Raises:
        ValueError: it is none.
        InputError: it is nested too deeply.
    """
    try:
        return json.loads(text)
    except RecursionError as error:
        raise InputError("The question is nested too deeply.") from error


class _Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    page_server: PageServer
    server_version = "thalweg"
    sys_version = ""

    def do_GET(self) -> None:
        """The page itself."""
        if not self._is_for_us() or self.path.partition("?")[0] != "/":
            self._send(404, "text/plain; charset=utf-8", b"There is no such page.")
            return
        self._send(200, "text/html; charset=utf-8", self.page_server.page())

    def do_POST(self) -> None:
        """A question of the page."""
        token = self.headers.get("X-Thalweg", "")
        known = secrets.compare_digest(token.encode(), self.page_server.token.encode())
        if not self._is_for_us() or not known:
            self._send(403, "text/plain; charset=utf-8", b"Only the page itself may ask.")
            return
        try:
            length = int(self.headers.get("Content-Length", "0"))
            if not 0 < length <= _LONGEST_BODY:
                raise InputError("The question is empty or too long.")
            asked = _read(self.rfile.read(length))
            if not isinstance(asked, dict):
                raise InputError("A question must be an object.")
            kind, body = self.page_server.answer(self.path.rpartition("/")[2], asked)
        except (ThalwegError, ValueError, TypeError) as error:
            self._send(400, "text/plain; charset=utf-8", str(error).encode())
            return
        self._send(200, kind, body)

    def _is_for_us(self) -> bool:
        """True if the request names this machine: a page elsewhere may resolve its name to it."""
        if not self.page_server.is_local:
            return True
        return self.headers.get("Host", "").rpartition(":")[0] in _LOCAL

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.end_headers()
        try:
            self.wfile.write(body)
        except ConnectionError:
            self.close_connection = True  # the reader has gone

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: a terminal is for people."""
