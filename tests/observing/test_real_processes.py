"""A real web server and a real worker: one request id through both logs, counts of both in one scrape."""

import http.client
import json
from typing import Any

import pytest

from ledger.ids import new_id
from tests.api.given import Account, a_customer, a_user, an_account, api_of
from tests.faults.processes import Process, Site, wait_until
from tests.observing.scrapes import Scrape, ask, scrape
from tests.ops.banks import free_port

pytestmark = [pytest.mark.fault, pytest.mark.django_db(transaction=True), pytest.mark.timeout(120)]

NAME = "Zaphod Quux"


class RealBank:
    """Web and worker, as `make run` starts them, against the test's database."""

    def __init__(self, site: Site) -> None:
        site.valkey()
        self.port, self.worker_port = free_port(), free_port()
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("METRICS_PORT", str(self.worker_port))
            self.worker = site.worker(wait=False)
        self.web = site.web(self.port)
        wait_until(lambda: "ready." in self.worker.said(), 30, f"worker ready: {self.worker.said()}")
        wait_until(self.answers, 30, f"web ready: {self.web.said()}")

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def answers(self) -> bool:
        try:
            return self.call("GET", "/livez")[0] == 200
        except OSError:
            return False

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, Any]]:
        """Over HTTP; `headers` with underscores for hyphens."""
        connection = http.client.HTTPConnection(self.address, timeout=15)
        try:
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            data = None if body is None else json.dumps(body)
            if data is not None:
                sent["Content-Type"] = "application/json"
            connection.request(method, path, data, sent)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def deposit(self, account: Account, token: str, request_id: str) -> int:
        return self.call(
            "POST",
            f"/api/v1{account.path}/deposits",
            {"amount": {"amount": "1.00", "currency": "EUR"}, "reference": f"for {NAME}"},
            Authorization=f"Bearer {token}",
            Idempotency_Key=str(new_id()),
            X_Request_ID=request_id,
        )[0]


def lines(process: Process) -> list[dict[str, Any]]:
    """Every line that it wrote, and each is JSON."""
    return [json.loads(line) for line in process.lines()]


@pytest.fixture
def account() -> Account:
    return an_account(a_customer(NAME), 500_00)


@pytest.fixture
def bank(site: Site) -> RealBank:
    return RealBank(site)


def test_one_request_id_runs_from_the_web_through_the_workers(bank: RealBank, account: Account) -> None:
    teller, request_id = a_user("teller"), str(new_id())
    token = str(api_of(teller).token)
    assert bank.deposit(account, token, request_id) == 201

    def tasks() -> list[dict[str, Any]]:
        return [line for line in lines(bank.worker) if line.get("request_id") == request_id]

    wait_until(lambda: {"ledger.advance", "ledger.project"} <= {t["task"] for t in tasks()}, 20, bank.worker.said())
    (access,) = [line for line in lines(bank.web) if line.get("request_id") == request_id]
    assert (access["logger"], access["status"], access["actor"]) == ("bank.access", 201, f"user:{teller.pk}")
    assert access["route"] == "/api/v1/accounts/<str:account_id>/deposits"
    for task in tasks():
        assert (task["logger"], task["state"]) == ("bank.tasks", "SUCCESS")
        assert task["milliseconds"] > 0
        assert task["task_id"]
    for secret in (NAME, token, account.iban):
        assert secret not in bank.web.said() + bank.worker.said()


def test_every_line_of_web_and_worker_has_the_fields_that_all_have(bank: RealBank) -> None:
    for process in (bank.web, bank.worker):
        assert lines(process)
        for line in lines(process):
            assert list(line)[:4] == ["timestamp", "level", "logger", "event"], line


def test_one_scrape_has_the_counts_of_all_web_processes_and_of_the_workers(bank: RealBank, account: Account) -> None:
    token = str(api_of(a_user("teller")).token)
    before = scrape(bank.address)
    for _ in range(12):
        assert bank.deposit(account, token, str(new_id())) == 201
    accepted = {"type": "Deposit", "outcome": "accepted", "refusal": "", "channel": "api"}
    served = {"route": "/api/v1/accounts/<str:account_id>/deposits", "method": "POST", "status": "201"}
    # Each process counts a moment later.
    wait_until(lambda: scrape(bank.address).since(before, "passbook_commands_total", **accepted) == 12, 10, "counted")
    for _ in range(6):  # whichever of the processes answers
        after = scrape(bank.address)
        assert after.since(before, "passbook_commands_total", **accepted) == 12
        assert after.since(before, "passbook_http_requests_total", **served) == 12

    def caught_up(found: Scrape) -> bool:
        return found.value("passbook_projection_lag_events", projection="movements") == 0

    wait_until(lambda: caught_up(scrape(bank.address)), 20, bank.worker.said())
    after = scrape(bank.address)
    assert after.since(before, "passbook_tasks_total", task="ledger.advance", state="SUCCESS") >= 1
    assert after.since(before, "passbook_task_seconds_count", task="ledger.project") >= 1
    assert after.since(before, "passbook_projection_batch_events_total", projection="movements") >= 12


def test_a_worker_shows_its_counts_on_its_own_port(bank: RealBank, account: Account) -> None:
    address = f"127.0.0.1:{bank.worker_port}"
    before = scrape(address)
    assert bank.deposit(account, str(api_of(a_user("teller")).token), str(new_id())) == 201
    wait_until(
        lambda: scrape(address).since(before, "passbook_tasks_total", task="ledger.advance", state="SUCCESS") >= 1,
        20,
        bank.worker.said(),
    )
    assert scrape(address).value("passbook_database_up") is None
    assert ask(address, {"X-Forwarded-For": "127.0.0.1"})[0] == 403
