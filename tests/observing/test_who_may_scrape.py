"""Who may read the metrics: whoever has the token; without one, this machine itself and nobody through a proxy."""

import pytest
from django.test import Client
from pytest_django import Settings

from bank.ops import task_signals
from bank.ops.metrics.exposing import may_scrape, serve_counts
from tests.observing.scrapes import Scrape, ask, scrape
from tests.ops.banks import free_port

TOKEN = "a token that nobody guesses"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture(autouse=True)
def _settings(settings: Settings) -> None:
    settings.METRICS_TOKEN = ""
    settings.SECURE_PROXY_SSL_HEADER = None


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1"])
def test_without_a_token_this_machine_may(address: str) -> None:
    assert may_scrape(address, {})


@pytest.mark.parametrize(
    "address", ["10.0.0.1", "192.0.2.7", "2001:db8::1", "", "localhost", "unix:", "127.0.0.1.example"]
)
def test_without_a_token_nobody_else_may(address: str) -> None:
    assert not may_scrape(address, {})


@pytest.mark.parametrize(
    "name", ["X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Forwarded", "Via"]
)
@pytest.mark.parametrize("value", ["127.0.0.1", "for=127.0.0.1", ""])
@pytest.mark.django_db
def test_whoever_comes_through_a_proxy_is_not_this_machine_whatever_the_proxy_says(name: str, value: str) -> None:
    assert Client().get("/metrics", headers={name: value}).status_code == 403


def test_no_header_makes_a_stranger_local() -> None:
    assert (
        Client().get("/metrics", REMOTE_ADDR="192.0.2.7", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 403
    )


def test_behind_a_proxy_local_clients_need_the_token_too(settings: Settings) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert Client().get("/metrics").status_code == 403
    assert not may_scrape("127.0.0.1", {})


@pytest.mark.django_db
def test_with_a_token_whoever_sends_it_may_wherever_they_are(settings: Settings) -> None:
    settings.METRICS_TOKEN = TOKEN
    answer = Client().get("/metrics", REMOTE_ADDR="192.0.2.7", headers=BEARER)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "header",
    ["", TOKEN, f"Basic {TOKEN}", "Bearer", "Bearer ", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", "Bearer t\xf6ken"],
)
def test_with_a_token_nobody_else_may_not_even_this_machine(settings: Settings, header: str) -> None:
    settings.METRICS_TOKEN = TOKEN
    answer = Client().get("/metrics", headers={"Authorization": header} if header else {})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert b"passbook_" not in answer.content


def test_metrics_are_only_read() -> None:
    assert Client().post("/metrics").status_code in {403, 405}


@pytest.mark.django_db
def test_a_worker_shows_its_counts_on_a_port_by_the_same_rule(settings: Settings) -> None:
    here = Scrape.of(Client().get("/metrics").content.decode())
    server = serve_counts(free_port())
    address = f"127.0.0.1:{server.server_port}"
    try:
        assert server.server_address[0] == "127.0.0.1"
        counts = scrape(address)
        assert {name for name, _ in counts.values} <= {name for name, _ in here.values} | {"passbook_tasks_total"}
        assert counts.value("passbook_database_up") is None
        assert ask(address, {"X-Forwarded-For": "127.0.0.1"})[0] == 403
        settings.METRICS_TOKEN = TOKEN
        assert ask(address, {})[0] == 401
        assert scrape(address, TOKEN).values
    finally:
        server.shutdown()
        server.server_close()


def test_a_second_worker_that_finds_its_port_taken_goes_on(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    server = serve_counts(free_port())
    settings.METRICS_PORT = server.server_port
    try:
        task_signals.open_port()
    finally:
        server.shutdown()
        server.server_close()
    assert "METRICS_PORT cannot be opened" in caplog.text
