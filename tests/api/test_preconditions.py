"""Entity tags: an account's version, and commands that hold only at it."""

import pytest

from tests.api.client import Api, eur
from tests.api.given import Account

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ('"2"', 201), ("*", 201), (' "2" ', 201), ('"1", "2"', 201), ('"2","9"', 201), ('W/"1", "2"', 201),
        ('"1"', 412), ('"3"', 412), ('W/"2"', 412), ('"abc"', 412), ('"0"', 412), ('"02"', 412), ('""', 412),
        ('"1", "3"', 412), ('"' + "9" * 30 + '"', 412),
        ("2", 400), ("", 400), ('"2', 400), ('"2" "3"', 400), ("'2'", 400), ('"2",', 400), ('*, "2"', 400),
    ],
)  # fmt: skip
@pytest.mark.parametrize("call", ["deposits", "withdrawals", "freeze", "overdraft-limit", "transfers"])
def test_a_command_holds_only_at_the_version_it_names(
    teller: Api, account: Account, others: Account, call: str, header: str, status: int
) -> None:
    body = {
        "freeze": {},
        "overdraft-limit": {"overdraft_limit": eur("1")},
        "transfers": {"from": str(account.id), "to": str(others.id), "amount": eur("1")},
    }.get(call, {"amount": eur("1")})
    path = "/transfers" if call == "transfers" else f"{account.path}/{call}"
    answer = teller.post(path, body, If_Match=header)
    assert answer.status == status
    if status == 412:
        assert answer.code == "precondition_failed"
    elif status == 400:
        assert answer.code == "invalid_if_match"
    assert teller.get(account.path).header("ETag") == ('"3"' if status == 201 else '"2"')


def test_a_command_that_was_too_late_can_be_sent_again_with_its_key(teller: Api, account: Account) -> None:
    assert teller.post(f"{account.path}/deposits", {"amount": eur("1")}, key="k", If_Match='"1"').status == 412
    assert teller.post(f"{account.path}/deposits", {"amount": eur("1")}, key="k", If_Match='"2"').status == 201


def test_a_refused_command_does_not_move_the_version(teller: Api, account: Account) -> None:
    teller.post(f"{account.path}/withdrawals", {"amount": eur("600")})
    assert teller.get(account.path).header("ETag") == '"2"'


@pytest.mark.parametrize(
    ("header", "status"),
    [('"2"', 304), ('W/"2"', 304), ('"1", "2"', 304), ("*", 304), ('"1"', 200), ("2", 200), ("nonsense", 200)],
)
def test_what_the_client_has_already_is_not_sent_again(teller: Api, account: Account, header: str, status: int) -> None:
    answer = teller.get(account.path, If_None_Match=header)
    assert (answer.status, answer.header("ETag")) == (status, '"2"')
    assert bool(answer.response.content) == (status == 200)
