"""Requests by route, method and status: templates and never paths, and nothing of anybody's data."""

import pytest
from django.test import Client

from ledger.runner import drain
from tests.api.given import Account, a_customer, a_user, an_account, api_of
from tests.observing.scrapes import Scrape, looks_personal

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("static_files")]
NAME, EMAIL = "Zaphod Quux", "zaphod.quux@example.org"


def look() -> Scrape:
    return Scrape.of(Client().get("/metrics").content.decode())


def requests(before: Scrape, route: str, method: str, status: int) -> float:
    return look().since(before, "passbook_http_requests_total", route=route, method=method, status=str(status))


@pytest.fixture
def account() -> Account:
    return an_account(a_customer(NAME), 500_00, name="Zaphod's holidays")


def test_calls_of_the_api_are_counted_by_their_template(account: Account) -> None:
    teller, before = api_of(a_user("teller")), look()
    assert teller.get(account.path).status == 200
    assert teller.get(account.path).status == 200
    assert teller.get("/accounts/00000000-0000-7000-8000-000000000000").status == 404
    route = "/api/v1/accounts/<str:account_id>"
    assert requests(before, route, "GET", 200) == 2
    assert requests(before, route, "GET", 404) == 1
    assert look().since(before, "passbook_http_request_seconds_count", route=route, method="GET") == 3


def test_pages_are_counted_by_their_template(account: Account) -> None:
    client, before = Client(), look()
    client.force_login(a_user("teller"))
    assert client.get(f"/accounts/{account.id}").status_code == 200
    assert requests(before, "/accounts/<uuid:account_id>", "GET", 200) == 1


def test_what_leads_nowhere_has_one_name_however_it_is_spelled() -> None:
    before = look()
    for path in ("/wp-login.php", f"/{NAME}", "/accounts/1/2/3/4"):
        assert Client().get(path).status_code == 404
    assert requests(before, "none", "GET", 404) == 3


def test_files_have_one_name() -> None:
    before = look()
    Client().get("/static/no-such-file.css")
    assert requests(before, "/static", "GET", 404) == 1


def test_methods_that_are_none_have_one_name() -> None:
    before = look()
    Client().generic("BREW", "/livez")
    Client().generic("X" * 200, "/livez")
    assert requests(before, "/livez", "other", 405) == 2


def test_no_label_has_anything_of_anybodys(account: Account) -> None:
    teller = api_of(a_user("teller"))
    answer = teller.post(f"{account.path}/deposits", {"amount": {"amount": "1.00", "currency": "EUR"}})
    assert answer.status == 201, answer.body
    teller.get("/customers", {"q": NAME})
    teller.get(f"/accounts/{account.iban}")
    drain()
    found = look()
    labels = [value for _, pairs in found.values for _, value in pairs]
    assert labels
    assert looks_personal("\n".join(labels)) == []
    assert not any("Zaphod" in value or account.iban in value for value in labels)
