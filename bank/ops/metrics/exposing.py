"""The pages that Prometheus scrapes: `/metrics` of the web, and a port of its own for a worker on another machine."""

import ipaddress
import secrets
import threading
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Metric, generate_latest
from prometheus_client.registry import Collector
from typing_extensions import override

from bank.ops.metrics import files
from bank.ops.metrics.later import count_now
from bank.ops.metrics.ledger import LedgerCollector
from bank.ops.metrics.reconciliation import ReconciliationCollector

# Whoever sends one of these speaks for somebody else: a proxy on this machine is not the machine itself.
_FORWARDED: Final = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via")
_SOCKET_TIMEOUT_SECONDS: Final = 5


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Everything: what the processes of this machine counted, and the gauges of the ledger."""
    if not may_scrape(request.META.get("REMOTE_ADDR", ""), request.headers):
        return HttpResponse(
            "Metrics are for whoever has the token.\n",
            status=HTTPStatus.UNAUTHORIZED if settings.METRICS_TOKEN else HTTPStatus.FORBIDDEN,
            content_type="text/plain; charset=utf-8",
            headers=_CHALLENGE if settings.METRICS_TOKEN else {},
        )
    return HttpResponse(
        exposition(with_ledger=True), content_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"}
    )


_CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="passbook metrics"'}


def may_scrape(address: str, headers: Mapping[str, str]) -> bool:
    """With METRICS_TOKEN: whoever sends it. Without: only who comes from this machine itself, through no proxy."""
    if settings.METRICS_TOKEN:
        scheme, _, token = headers.get("Authorization", "").partition(" ")
        return scheme.lower() == "bearer" and secrets.compare_digest(
            token.strip().encode("utf-8", "surrogatepass"), settings.METRICS_TOKEN.encode()
        )
    if getattr(settings, "SECURE_PROXY_SSL_HEADER", None) or any(name in headers for name in _FORWARDED):
        return False
    return _is_loopback(address)


def exposition(*, with_ledger: bool) -> bytes:
    """The text that Prometheus reads."""
    registry = CollectorRegistry()
    registry.register(_CountsCollector())
    if with_ledger:
        registry.register(LedgerCollector())
        registry.register(ReconciliationCollector())
    return generate_latest(registry)


class _CountsCollector(Collector):
    @override
    def collect(self) -> Iterable[Metric]:
        count_now()
        with files.settled() as found:
            return list(files.merged(found, accumulate=True))


def serve_counts(port: int) -> ThreadingHTTPServer:
    """Serve what this machine's processes counted on a port of its own, from a thread. Only with a token to others."""
    host = "0.0.0.0" if settings.METRICS_TOKEN else "127.0.0.1"  # noqa: S104 - whoever comes must bring the token
    server = ThreadingHTTPServer((host, port), _Counts)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return server


class _Counts(BaseHTTPRequestHandler):
    timeout = _SOCKET_TIMEOUT_SECONDS

    def do_GET(self) -> None:
        if self.path.partition("?")[0] != "/metrics":
            self.send_error(HTTPStatus.NOT_FOUND)
        elif not may_scrape(self.client_address[0], self.headers):  # type: ignore[arg-type] # a mapping in all but name
            self.send_error(HTTPStatus.UNAUTHORIZED if settings.METRICS_TOKEN else HTTPStatus.FORBIDDEN)
        else:
            body = exposition(with_ledger=False)
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", CONTENT_TYPE_LATEST)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    @override
    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: a scrape every few seconds is no news."""


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
