"""Requests as no decent client writes them, byte by byte, against the real web server: a problem, and never a 500."""

import json
import socket
from collections.abc import Mapping

import pytest

from tests.api.client import Api, eur
from tests.api.given import Account
from tests.api.test_in_flight import two_processes

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(90)]

JSON = b"Content-Type: application/json\r\n"
BY_THE_SERVER = None  # its parser answers without a body, before there is a request

GETS: Mapping[bytes, tuple[int, str | None]] = {
    b"/api/v1/accounts/%zz": (404, "account_not_found"),
    b"/api/v1/accounts/%": (404, "account_not_found"),
    b"/api/v1/accounts/%ff": (404, "account_not_found"),
    b"/api/v1/accounts/%00": (404, "account_not_found"),
    b"/api/v1/accounts/\xc3\xa9": (404, "account_not_found"),
    b"/api/v1/accounts/" + b"a" * 20_000: (404, "account_not_found"),
    b"/api/v1/accounts%2Fx": (404, "account_not_found"),
    b"/api/v1/accounts/" + b"a" * 70_000: (414, BY_THE_SERVER),
    b"/api/v1/../v1/me": (404, "not_found"),
    b"/api/v1/%c0%af": (404, "not_found"),
    b"/api/v1/accounts?limit=%00": (400, "invalid_limit"),
    b"/api/v1/accounts?limit=%zz": (400, "invalid_limit"),
    b"/api/v1/accounts?%ff=1": (400, "unknown_parameter"),
    b"/api/v1/accounts?limit=1&limit=1": (400, "repeated_parameter"),
    b"/api/v1/accounts?&&&=": (400, "unknown_parameter"),
    b"http://localhost/api/v1/nothing": (404, "not_found"),
}
HEADERS: Mapping[bytes, tuple[int, str | None]] = {
    b"X-Big: " + b"a" * 30_000 + b"\r\n": (200, None),
    b"X-Big: " + b"a" * 600_000 + b"\r\n": (431, BY_THE_SERVER),
    b"".join(b"X-%d: a\r\n" % n for n in range(300)): (431, BY_THE_SERVER),
    b"X-Odd: \xff\xfe\r\n": (200, None),
    b"X-Request-ID: \xff\r\n": (200, None),
    b"Cookie: sessionid=\xff; a=" + b"b" * 5_000 + b"\r\n": (200, None),
    b"Host: evil.example\r\n": (400, "bad_request"),
    b"Authorization: Bearer another\r\n": (401, "invalid_token"),
}
POSTS: Mapping[tuple[bytes, bytes], tuple[int, str | None]] = {
    (JSON + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n", b"{}"): (415, "unsupported_media_type"),
    (JSON + b"Content-Encoding: br\r\nContent-Length: 2\r\n", b"{}"): (415, "unsupported_media_type"),
    (b"Content-Type: application/json; charset=utf-7\r\nContent-Length: 2\r\n", b"{}"): (415, "unsupported_media_type"),
    (JSON + b"Transfer-Encoding: chunked\r\n", b"2\r\n{}\r\n0\r\n\r\n"): (411, "length_required"),
    (JSON + b"Content-Length: 3000000\r\n", b"{" * 3_000_000): (413, "body_too_large"),
    # Nobody waits for more than may be sent.
    (JSON + b"Content-Length: 99999999999\r\n", b"{"): (413, "body_too_large"),
    (JSON + b"Content-Length: 2\r\nContent-Length: 3\r\n", b"{}"): (400, BY_THE_SERVER),
    (JSON + b"Content-Length: -2\r\n", b"{}"): (400, BY_THE_SERVER),
    (JSON + b"If-Match: \xff\r\nContent-Length: 2\r\n", b"{}"): (400, "invalid_if_match"),
    (JSON + b"Content-Length: 2\r\n", b"\xff\xfe"): (400, "malformed_json"),
}


def exchange(port: int, request: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the answer to these bytes."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as link:
        link.sendall(request)
        answer = b""
        while chunk := link.recv(65_536):
            answer += chunk
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    if headers.get("transfer-encoding") == "chunked":
        body = body.partition(b"\r\n")[2].rpartition(b"\r\n0")[0]
    return int(first.split()[1]), headers, body


def test_what_comes_over_the_wire_is_answered_with_a_problem(teller: Api, account: Account) -> None:
    token = f"Host: localhost\r\nConnection: close\r\nAuthorization: Bearer {teller.token}\r\n".encode()
    freeze = f"POST /api/v1{account.path}/freeze HTTP/1.1\r\n".encode() + token + b"Idempotency-Key: k\r\n"
    wanted = {b"GET " + target + b" HTTP/1.1\r\n" + token + b"\r\n": told for target, told in GETS.items()}
    wanted |= {b"GET /api/v1/me HTTP/1.1\r\n" + token + extra + b"\r\n": told for extra, told in HEADERS.items()}
    wanted |= {freeze + extra + b"\r\n" + body: told for (extra, body), told in POSTS.items()}
    for method in (b"BREW", b"TRACE", b"OPTIONS", b"DELETE", b"PUT", b"PATCH"):
        wanted[method + b" /api/v1/me HTTP/1.1\r\n" + token + b"\r\n"] = (405, "method_not_allowed")
    with two_processes() as (_, _, port):
        for request, (status, code) in wanted.items():
            got, headers, body = exchange(port, request)
            assert got == status, request[:200]
            if code is None:
                continue
            problem = json.loads(body)
            assert headers["content-type"] == "application/problem+json", request[:200]
            assert (problem["status"], problem["code"]) == (status, code), request[:200]
            assert problem["request_id"] == headers["x-request-id"]
    assert teller.get(account.path).body["status"] == "open"


def test_a_body_that_ends_too_early_is_not_taken_for_a_whole_one(teller: Api, account: Account) -> None:
    """The connection may break where what has come so far happens to be a request, too."""
    deposit = json.dumps({"amount": eur("1")}).encode()
    line = json.dumps(
        {"type": "Deposit", "idempotency_key": "line", "account_id": str(account.id), "amount": eur("1")}
    ).encode()
    sent = {
        f"{account.path}/deposits": (JSON, deposit),
        "/batches": (b"Content-Type: application/x-ndjson\r\n", line + b"\n"),
    }
    with two_processes() as (_, _, port):
        for path, (media_type, body) in sent.items():
            head = f"POST /api/v1{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nIdempotency-Key: k\r\n"
            head += f"Authorization: Bearer {teller.token}\r\nContent-Length: {2 * len(body)}\r\n"
            with socket.create_connection(("127.0.0.1", port), timeout=10) as link:
                link.sendall(head.encode() + media_type + b"\r\n" + body)
                link.shutdown(socket.SHUT_WR)
                while link.recv(65_536):
                    pass  # whether there is an answer is the server's to decide: who asked has left
    assert teller.get(account.path).body["version"] == 2
    for path, (media_type, body) in sent.items():
        answer = teller.send("POST", path, body, media_type.decode()[14:-2], headers={"Idempotency-Key": "k"})
        assert answer.status == 201
        assert b'"replayed":false' in answer.response.content
