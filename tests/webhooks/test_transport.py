"""One POST takes no longer, reads no more and goes nowhere else than it should, whatever the other side does."""

import datetime as dt
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bank.webhooks import transport
from bank.webhooks.transport import Sender
from tests.webhooks.receiver import Receiver, a_receiver

TOTAL_SECONDS = 0.5


@pytest.fixture
def outside() -> Iterator[Receiver]:
    """Somebody outside; no database is needed."""
    with a_receiver() as found:
        yield found


def post(url: str, seconds: float = TOTAL_SECONDS) -> transport.Answer:
    with Sender(url, total_seconds=seconds) as sender:
        return sender.post(b"{}", {"webhook-id": "msg_1"})


@contextmanager
def raw(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that says what it likes on each connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=handle, args=[client], daemon=True).start()

        def handle(client: socket.socket) -> None:
            with client:
                try:
                    talk(client)
                except OSError:
                    return

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/hooks"
        server.shutdown(socket.SHUT_RDWR)


def say_nothing(client: socket.socket) -> None:
    client.recv(65_536)
    time.sleep(5)


def drip(*pieces: bytes, every_seconds: float = 0.02) -> Callable[[socket.socket], None]:
    """Says the first piece at once and the second again and again."""

    def talk(client: socket.socket) -> None:
        client.recv(65_536)
        client.sendall(pieces[0])
        while True:
            client.sendall(pieces[1])
            time.sleep(every_seconds)

    return talk


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(outside: Receiver, status: int) -> None:
    with a_receiver() as elsewhere:
        outside.says(status, Location=elsewhere.url)
        answer = post(outside.url)
    assert (answer.status_code, answer.is_success) == (status, False)
    assert elsewhere.received == []
    assert len(outside.received) == 1


def test_proxies_of_the_environment_are_not_used(outside: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    with a_receiver() as proxy:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        assert post(outside.url).status_code == 204
    assert proxy.received == []


def test_one_connection_serves_many_messages_and_a_broken_one_is_made_anew(outside: Receiver) -> None:
    ports: list[int] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        ports.append(handler.client_address[1])
        handler.send_response(200)
        handler.send_header("Content-Length", "2")
        handler.end_headers()
        handler.wfile.write(b"ok")
        handler.close_connection = len(ports) == 3

    outside.answer = answer
    with Sender(outside.url, total_seconds=5) as sender:
        for _ in range(5):
            assert sender.post(b"{}", {"webhook-id": "x"}).status_code == 200
            time.sleep(0.05)
    assert len(set(ports[:3])) == 1
    assert len(set(ports[3:])) == 1
    assert ports[3] != ports[0]


@pytest.mark.parametrize(
    ("talk", "status", "error"),
    [
        (say_nothing, None, "no whole answer within 0.5 s"),
        (drip(b"HTTP/1.1 200 OK\r\n", b"X-Slow: 1\r\n"), None, "answer"),
        (drip(b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"), None, "answer"),
        (drip(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n", b"x"), 200, ""),
        (drip(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", b"x"), 200, ""),
        (drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"), 200, ""),
        (drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"zz\r\n"), 200, ""),
        (drip(b"HTTP/1.1 200 OK\r\n", b"X: " + b"y" * 60_000 + b"\r\n", every_seconds=0), None, "HTTP"),
        (lambda client: client.recv(65_536) and client.sendall(b"SSH-2.0-OpenSSH\r\n"), None, "HTTP"),
        (lambda client: client.recv(10), None, "before an answer came"),
    ],
    ids=[
        "never",
        "status_for_ever",
        "continue_for_ever",
        "body_for_ever",
        "body_until_the_end",
        "chunks_for_ever",
        "broken_chunks",
        "headers_for_ever",
        "another_protocol",
        "hung_up",
    ],
)
def test_slow_endless_and_broken_answers_end_in_time(
    talk: Callable[[socket.socket], None], status: int | None, error: str
) -> None:
    with raw(talk) as url:
        started = time.monotonic()
        answer = post(url)
    assert time.monotonic() - started < TOTAL_SECONDS + 0.5
    assert answer.status_code == status
    assert error in answer.error


def test_a_huge_answer_is_not_read(outside: Receiver) -> None:
    sent = [0]

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(500)
        handler.send_header("Content-Length", str(10**9))
        handler.end_headers()
        handler.close_connection = True
        with suppress(OSError):  # cut off
            while True:
                handler.wfile.write(b"x" * 65_536)
                sent[0] += 65_536

    outside.answer = answer
    answered = post(outside.url, seconds=5)
    assert (answered.status_code, answered.body) == (500, "x" * 500)
    assert sent[0] < 20_000_000  # what fits into the buffers of both sides


def test_a_compressed_answer_is_not_unpacked(outside: Receiver) -> None:
    outside.says(200, b"\x1f\x8b\x08\x00", Content_Encoding="gzip")
    assert post(outside.url).body.startswith("\x1f\N{REPLACEMENT CHARACTER}")


def test_nobody_there_is_said_in_words() -> None:
    assert post("http://127.0.0.1:9/").error == "no connection: Connection refused"


def test_a_connection_that_nobody_takes_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "CONNECT_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        waiting = []
        for _ in range(4):  # until the queue of those who wait to be accepted is full
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(full.getsockname())
            waiting.append(one)
        time.sleep(0.05)
        started = time.monotonic()
        answer = post(f"http://127.0.0.1:{full.getsockname()[1]}/")
        for one in waiting:
            one.close()
    assert answer.error.startswith("no connection within")
    assert time.monotonic() - started < 1


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ssl.SSLContext]:
    """Makes servers' certificates for a name, of an authority that this process trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    root = _certificate("Test root", key, "Test root", key, is_authority=True)
    (tmp_path / "root.pem").write_bytes(root.public_bytes(serialization.Encoding.PEM))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "root.pem"))

    def context_for(name: str) -> ssl.SSLContext:
        own = ec.generate_private_key(ec.SECP256R1())
        certificate = _certificate(name, own, "Test root", key)
        path = tmp_path / f"{name}.pem"
        path.write_bytes(
            own.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    return context_for


def _certificate(name: str, own: Any, issuer: str, key: Any, *, is_authority: bool = False) -> x509.Certificate:
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    )
    if not is_authority:
        made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    return made.sign(key, hashes.SHA256())


@contextmanager
def tls(context: ssl.SSLContext) -> Iterator[int]:
    """A TLS server that answers 204; its port."""

    def talk(client: socket.socket) -> None:
        with context.wrap_socket(client, server_side=True) as wrapped:
            while not wrapped.recv(65_536).endswith(b"{}"):
                pass
            wrapped.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    with raw(talk) as url:
        yield int(url.split(":")[2].split("/")[0])


def test_the_certificate_must_be_good_for_the_name_in_the_address(
    authority: Callable[[str], ssl.SSLContext],
) -> None:
    with tls(authority("localhost")) as port:
        assert post(f"https://localhost:{port}/hooks", 5).status_code == 204
        assert "TLS: " in post(f"https://127.0.0.1:{port}/hooks", 5).error
    with tls(authority("hooks.example.com")) as port:
        answer = post(f"https://localhost:{port}/hooks", 5)
    assert "TLS: " in answer.error
    assert "mismatch" in answer.error.lower()


def test_a_certificate_of_nobody_is_refused(
    authority: Callable[[str], ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    with tls(authority("localhost")) as port:
        monkeypatch.delenv("SSL_CERT_FILE")
        answer = post(f"https://localhost:{port}/hooks", 5)
    assert "TLS: " in answer.error


def test_a_handshake_that_never_ends_is_ended() -> None:
    with raw(say_nothing) as url:
        started = time.monotonic()
        answer = post(url.replace("http://", "https://"))
    assert answer.error == "no whole answer within 0.5 s"
    assert time.monotonic() - started < TOTAL_SECONDS + 0.5
