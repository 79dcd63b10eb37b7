"""Lists: pages by keyset that stay right while rows are added, and cursors that only this bank can make."""

from base64 import urlsafe_b64encode
from typing import Any

import pytest

from bank.api.cursors import make_cursor, read_cursor
from bank.api.problems import Problem
from ledger.runner import drain
from tests.api.client import Api, eur
from tests.api.given import Account, a_customer, a_user, an_account, api_of

pytestmark = pytest.mark.django_db


def walk(api: Api, path: str, limit: int, **query: str) -> list[list[dict[str, Any]]]:
    """Every page of a list."""
    pages = []
    cursor: dict[str, str] = {}
    while True:
        body = api.get(path, {"limit": limit, **query, **cursor}).body
        assert set(body) >= {"data", "has_more", "next_cursor"}
        assert body["has_more"] is (body["next_cursor"] is not None)
        pages.append(body["data"])
        if not body["has_more"]:
            return pages
        assert len(body["data"]) == limit
        cursor = {"cursor": body["next_cursor"]}


@pytest.fixture
def seven() -> Api:
    """A customer with seven accounts."""
    customer_id = a_customer()
    for _ in range(7):
        an_account(customer_id)
    return api_of(a_user("customer", customer_id=customer_id))


@pytest.mark.parametrize(
    ("limit", "sizes"), [(1, [1] * 7), (3, [3, 3, 1]), (6, [6, 1]), (7, [7]), (8, [7]), (200, [7])]
)
def test_pages_together_are_the_list(seven: Api, limit: int, sizes: list[int]) -> None:
    pages = walk(seven, "/accounts", limit)
    assert [len(page) for page in pages] == sizes
    ids = [one["id"] for page in pages for one in page]
    assert ids == sorted(set(ids)) == [one["id"] for one in seven.get("/accounts").body["data"]]


def test_a_page_has_fifty_rows_unless_told_otherwise(teller: Api, account: Account) -> None:
    for _ in range(51):
        teller.post(f"{account.path}/deposits", {"amount": eur("1")})
    assert [len(page) for page in walk(teller, f"{account.path}/transactions", 50)] == [50, 2]
    assert len(teller.get(f"{account.path}/transactions").body["data"]) == 50


@pytest.mark.parametrize("projected", [False, True])
def test_a_statement_stays_right_while_movements_are_added(teller: Api, account: Account, projected: bool) -> None:
    for number in range(6):
        teller.post(f"{account.path}/deposits", {"amount": eur("1"), "reference": str(number)})
    if projected:
        drain()
    path = f"{account.path}/transactions"
    first = teller.get(path, {"limit": 3}).body
    teller.post(f"{account.path}/deposits", {"amount": eur("1"), "reference": "late"})
    second = teller.get(path, {"limit": 3, "cursor": first["next_cursor"]}).body
    rest = teller.get(path, {"limit": 3, "cursor": second["next_cursor"]}).body
    references = [one["reference"] for body in (first, second, rest) for one in body["data"]]
    assert references == ["5", "4", "3", "2", "1", "0", ""]


def test_customers_are_listed_in_pages(teller: Api) -> None:
    mine = {str(a_customer()) for _ in range(5)}
    assert mine <= {one["id"] for page in walk(teller, "/customers", 100) for one in page}


def test_a_customers_own_list_of_persons_has_one_page(ada: Api) -> None:
    assert [len(page) for page in walk(ada, "/customers", 1)] == [1]


def test_a_filter_goes_through_all_pages(teller: Api, account: Account) -> None:
    for number in range(4):
        teller.post(f"{account.path}/deposits", {"amount": eur("1"), "reference": f"x{number % 2}"})
    pages = walk(teller, f"{account.path}/transactions", 1, q="x1")
    assert [[one["reference"] for one in page] for page in pages] == [["x1"], ["x1"]]


FORGED = ["x", "AAAA", "A" * 40, "=", "====", "a b", "\u00e9", "..", "%", "eyJhIjoxfQ"]


@pytest.mark.parametrize("cursor", FORGED)
@pytest.mark.parametrize("path", ["/accounts", "/customers", "{account}/transactions", "/reports/daily_flows"])
def test_a_forged_cursor_is_refused(teller: Api, account: Account, path: str, cursor: str) -> None:
    answer = teller.get(path.format(account=account.path), {"cursor": cursor})
    assert (answer.status, answer.code, answer.pointers) == (400, "invalid_cursor", ["/cursor"])


@pytest.mark.parametrize("cursor", FORGED)
def test_a_forged_cursor_of_the_feed_is_refused(auditor: Api, cursor: str) -> None:
    assert auditor.get("/events", {"cursor": cursor}).code == "invalid_cursor"


def test_a_cursor_with_one_bit_turned_is_refused(seven: Api) -> None:
    cursor = seven.get("/accounts", {"limit": 2}).body["next_cursor"]
    for place in range(len(cursor)):
        other = "A" if cursor[place] != "A" else "B"
        answer = seven.get("/accounts", {"cursor": cursor[:place] + other + cursor[place + 1 :]})
        assert answer.code == "invalid_cursor"


def test_a_cursor_of_another_list_is_refused(seven: Api) -> None:
    cursor = seven.get("/accounts", {"limit": 2}).body["next_cursor"]
    assert seven.get("/customers", {"cursor": cursor}).code == "invalid_cursor"


def test_a_cursor_opens_nothing_that_its_reader_may_not_see(teller: Api, seven: Api) -> None:
    cursor = teller.get("/accounts", {"limit": 1}).body["next_cursor"]
    mine = {one["id"] for one in seven.get("/accounts").body["data"]}
    assert {one["id"] for one in seven.get("/accounts", {"cursor": cursor}).body["data"]} <= mine


def test_a_cursor_is_read_back_and_not_with_padding_or_a_longer_tail() -> None:
    cursor = make_cursor("place", "key")
    assert read_cursor("place", cursor) == "key"
    for other in (cursor + "=", cursor + "A", cursor + "\n", urlsafe_b64encode(b"\xff" * 13).decode()):
        with pytest.raises(Problem):
            read_cursor("place", other)
