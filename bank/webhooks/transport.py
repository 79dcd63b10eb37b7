"""One POST over the network: to a checked address, not longer than its time, not one byte more than needed.

No redirects, no proxies, no cookies, no decompression: what comes back is looked at and thrown away.
"""

import http.client
import ssl
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from socket import IPPROTO_TCP, SHUT_RDWR, TCP_NODELAY, socket
from typing import Any, Final, Self
from urllib.parse import urlsplit

import urllib3
from typing_extensions import override
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from bank.webhooks.addresses import AddressRefused, NameNotResolved, addresses_of

CONNECT_SECONDS: Final = 5.0
TOTAL_SECONDS: Final = 15.0
KEPT_BYTES: Final = 500
_READ_AT_MOST_BYTES: Final = 16 * 1024
_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of one POST. `error`, in words, where there was no answer: then `status_code` is None."""

    status_code: int | None = None
    error: str = ""
    body: str = ""
    retry_after: str = ""
    duration_ms: int = 0

    @property
    def is_success(self) -> bool:
        """2xx and nothing else."""
        return self.status_code is not None and 200 <= self.status_code < 300

    @property
    def result(self) -> str:
        """In one word or sentence."""
        return str(self.status_code) if self.status_code is not None else self.error


class Sender:
    """POSTs to one URL, over one connection for as long as the other side keeps it. One thread at a time."""

    def __init__(self, url: str, *, total_seconds: float = TOTAL_SECONDS) -> None:
        parts = urlsplit(url)
        self._target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._total_seconds = total_seconds
        port = parts.port or _PORTS[parts.scheme]
        host = parts.hostname or ""
        self._connection: _Checked | _CheckedTls = (
            _CheckedTls(host, port, timeout=total_seconds, ssl_context=ssl.create_default_context())
            if parts.scheme == "https"
            else _Checked(host, port, timeout=total_seconds)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        self._connection.let_go()

    def post(self, body: bytes, headers: dict[str, str]) -> Answer:
        """Send and see. Never raises for what the network or the other side does."""
        started = time.monotonic()
        expired = threading.Event()
        watchdog = threading.Timer(self._total_seconds, self._cut, [expired])
        watchdog.daemon = True
        watchdog.start()
        try:
            answer = self._exchange(body, headers, expired)
        except (OSError, HTTPError, http.client.HTTPException, AddressRefused, NameNotResolved, ValueError) as error:
            self._connection.close()
            answer = {"error": _words(error, self._total_seconds, is_late=expired.is_set())}
        finally:
            watchdog.cancel()
            if self._connection.is_closed:
                self._connection.let_go()
        return Answer(**answer, duration_ms=round((time.monotonic() - started) * 1000))

    def _exchange(self, body: bytes, headers: dict[str, str], expired: threading.Event) -> dict[str, Any]:
        connection = self._connection
        if not connection.is_closed and not connection.is_connected:
            connection.close()  # the other side ended it meanwhile
        connection.request("POST", self._target, body=body, headers=headers, preload_content=False)
        response = connection.getresponse()
        if expired.is_set():
            raise TimeoutError  # cut off among the headers, which reads like their end
        try:
            kept = response.read(KEPT_BYTES, decode_content=False)
            rest = response.read(_READ_AT_MOST_BYTES, decode_content=False)
        except (OSError, HTTPError, http.client.HTTPException):
            kept, rest = b"", b"\0" * _READ_AT_MOST_BYTES  # the status came; what is said after it changes nothing
        if len(rest) >= _READ_AT_MOST_BYTES:
            connection.close()
        response.close()
        return {
            "status_code": response.status,
            "body": kept.decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}"),
            "retry_after": response.headers.get("Retry-After", ""),
        }

    def _cut(self, expired: threading.Event) -> None:
        """From the watchdog's thread: whatever waits for the other side stops waiting."""
        expired.set()
        self._connection.cut()


class _Guarded:
    """Connects to an address that was checked, and can be cut off from another thread."""

    _guard: socket | None = None

    def cut(self) -> None:
        """End the connection under whoever reads or writes it, in a handshake too."""
        guard = self._guard
        if guard is not None:
            with suppress(OSError):
                guard.shutdown(SHUT_RDWR)

    def connect_checked(self, host: str, port: int) -> socket:
        """A connection to the first address that answers; no name is asked for a second time."""
        deadline = time.monotonic() + CONNECT_SECONDS
        failure: OSError = TimeoutError()
        for family, address in addresses_of(host, port, CONNECT_SECONDS):
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                break
            found = socket(family)
            try:
                found.settimeout(remaining)
                found.connect(address)
                found.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
                # TLS takes the socket over, and an answer that ends the connection keeps it: a handle stays with us.
                self.let_go()
                self._guard = found.dup()
            except OSError as error:
                found.close()
                failure = error
            else:
                return found
        raise _NotConnected(failure) from failure

    def let_go(self) -> None:
        """Close the second handle: the connection ends with its last one."""
        guard, self._guard = self._guard, None
        if guard is not None:
            guard.close()


class _NotConnected(OSError):
    """No address took the connection."""

    def __init__(self, cause: OSError) -> None:
        super().__init__(str(cause))
        self.is_late = isinstance(cause, TimeoutError)
        self.words = cause.strerror or str(cause)


class _Checked(_Guarded, HTTPConnection):
    @override
    def _new_conn(self) -> socket:
        found = self.connect_checked(self._dns_host, self.port)
        found.settimeout(TOTAL_SECONDS)
        return found


class _CheckedTls(_Guarded, HTTPSConnection):
    """The certificate is checked against the name in the URL, though the address was looked up before."""

    @override
    def _new_conn(self) -> socket:
        found = self.connect_checked(self._dns_host, self.port)
        found.settimeout(TOTAL_SECONDS)
        return found


def _words(error: Exception, total_seconds: float, *, is_late: bool) -> str:
    """What was wrong, for the delivery log: nothing of our own insides."""
    match error:
        case _NotConnected():
            return f"no connection within {CONNECT_SECONDS:g} s" if error.is_late else f"no connection: {error.words}"
        case AddressRefused() | NameNotResolved():
            return str(error)
        case _ if is_late or isinstance(error, TimeoutError):
            return f"no whole answer within {total_seconds:g} s"
        case ssl.SSLError():
            return f"TLS: {getattr(error, 'verify_message', '') or error.reason or 'failed'}"
        case urllib3.exceptions.SSLError():
            return f"TLS: {error}"
        case ConnectionError():
            return "the connection was ended before an answer came"
        case _:
            return f"what came is no answer of HTTP ({type(error).__name__})"
