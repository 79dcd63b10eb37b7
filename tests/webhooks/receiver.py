"""A receiver of webhooks: a real HTTP server that answers as the test says and remembers what came."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec
from standardwebhooks.webhooks import Webhook


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def message(self) -> dict[str, Any]:
        found: dict[str, Any] = msgspec.json.decode(self.body)
        return found

    def verified_by(self, secret: str) -> bool:
        """Whether the library of Standard Webhooks takes it for signed with this secret."""
        try:
            Webhook(secret).verify(self.body.decode(), self.headers)
        except Exception:  # noqa: BLE001 - whatever it says, it is a no
            return False
        return True


@dataclass
class Receiver:
    """`answer` is called with the handler, after the request was read and remembered; None answers 204."""

    url: str = ""
    answer: Callable[[BaseHTTPRequestHandler], None] | None = None
    received: list[Received] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def ids(self) -> list[str]:
        return [one.id for one in self.received]

    def says(self, status: int, body: bytes = b"", **headers: str) -> None:
        """From now on it answers this."""

        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(status)
            for name, value in headers.items():
                handler.send_header(name.replace("_", "-"), value)
            handler.send_header("Content-Length", str(len(body)))
            handler.end_headers()
            handler.wfile.write(body)

        self.answer = answer


@contextmanager
def a_receiver() -> Iterator[Receiver]:
    """A receiver on a port of its own, for the block."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with receiver.lock:
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.received.append(Received(self.path, headers, body))
            if receiver.answer is not None:
                receiver.answer(self)
                return
            self.send_response(204)
            self.end_headers()

        def do_GET(self) -> None:
            with receiver.lock:
                receiver.received.append(Received(f"GET {self.path}", {"webhook-id": ""}, b""))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it
            pass

    server = _Quiet(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    receiver.url = f"http://127.0.0.1:{server.server_port}/hooks?tenant=7"
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()


class _Quiet(ThreadingHTTPServer):
    """A client that goes away is the point of some tests."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass
