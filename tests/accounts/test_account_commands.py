"""What is true of every command about an account, and how its events are folded."""

from typing import Any

import msgspec
import pytest

from accounts.account import (
    Account,
    AccountOpened,
    Status,
    evolve,
)
from accounts.account_commands import (
    CloseAccount,
    FreezeAccount,
    UnfreezeAccount,
)
from accounts.aggregates import COMMANDS
from accounts.command import Command
from accounts.invalid import InvalidCommand
from accounts.refusals import (
    AccountNotFound,
)
from tests.accounts.about_an_account import (
    ABOUT_ONE_ACCOUNT,
    CLOSED,
    FROZEN,
    deposit,
    limited,
    open_account,
    renamed,
    transfer,
    withdraw,
    withdrawn,
)
from tests.spec import (
    ACCOUNT_ID,
    AT,
    CUSTOMER_ID,
    OPENED,
    OTHER_ID,
    deposited,
    envelope,
    given,
    opened,
)

# --- every command


@pytest.mark.parametrize("command", [transfer(1), *ABOUT_ONE_ACCOUNT])
def test_an_unknown_account_refuses_everything(command: Command) -> None:
    given().and_account(OTHER_ID, OPENED).when(command).then_refused(AccountNotFound)


def test_every_command_knows_its_streams_and_the_one_it_is_about_comes_first() -> None:
    for command in (open_account(), transfer(1), *ABOUT_ONE_ACCOUNT):
        (category, stream_id), *_ = COMMANDS[type(command)].streams(command)
        assert (category, stream_id) == ("account", ACCOUNT_ID)


@pytest.mark.parametrize("minor", [0, -1])
@pytest.mark.parametrize("build", [deposit, withdraw, transfer])
def test_an_amount_of_nothing_or_less_is_no_command(build: Any, minor: int) -> None:
    with pytest.raises(InvalidCommand) as refused:
        build(minor)
    assert (refused.value.field, refused.value.code) == ("amount", "invalid_amount")


@pytest.mark.parametrize("build", [deposit, withdraw, transfer])
def test_an_amount_in_no_currency_is_no_command(build: Any) -> None:
    with pytest.raises(InvalidCommand) as refused:
        build(1, "XXX")
    assert refused.value.code == "invalid_currency"


@pytest.mark.parametrize("build", [deposit, withdraw, transfer])
def test_the_longest_reference_is_taken_and_one_letter_more_is_no_command(build: Any) -> None:
    assert build(1, reference="x" * 140).reference == "x" * 140
    with pytest.raises(InvalidCommand) as refused:
        build(1, reference="x" * 141)
    assert (refused.value.field, refused.value.code) == ("reference", "too_long")


@pytest.mark.parametrize("field", ["reference", "operation", "purpose", "counterparty"])
@pytest.mark.parametrize("build", [deposit, withdraw])
def test_a_text_that_no_database_could_keep_is_no_command(build: Any, field: str) -> None:
    for text in ("a\x00b", "\ud800"):
        with pytest.raises(InvalidCommand) as refused:
            build(1, **{field: text})
        assert (refused.value.field, refused.value.code) == (field, "invalid_text")


@pytest.mark.parametrize("kind", [FreezeAccount, UnfreezeAccount, CloseAccount])
def test_a_reason_is_one_line_of_plain_text(kind: Any) -> None:
    assert kind(account_id=ACCOUNT_ID, reason=" why ", **envelope()).reason == "why"
    with pytest.raises(InvalidCommand) as refused:
        kind(account_id=ACCOUNT_ID, reason="a\nb", **envelope())
    assert refused.value.field == "reason"


# --- history


@pytest.mark.parametrize(
    ("event", "changed"),
    [
        (deposited(1), {"balance_minor": 1}),
        (withdrawn(1), {"balance_minor": -1}),
        (FROZEN, {"status": Status.FROZEN}),
        (CLOSED, {"status": Status.CLOSED}),
        (limited(7), {"overdraft_limit_minor": 7}),
        (renamed("B"), {"name": "B"}),
        (OPENED, {}),
    ],
)
def test_history_is_folded_without_asking_whether_a_rule_would_allow_it_today(
    event: Any, changed: dict[str, Any]
) -> None:
    closed = evolve(evolve(None, OPENED, ACCOUNT_ID), CLOSED, ACCOUNT_ID)
    after = evolve(closed, event, ACCOUNT_ID)
    assert msgspec.to_builtins(after) == {**msgspec.to_builtins(closed), **changed}


def test_an_opened_account_is_empty_open_and_as_it_was_asked_for() -> None:
    event: AccountOpened = opened("KWD", overdraft_limit_minor=5)
    account = evolve(None, event, ACCOUNT_ID)
    assert account == Account(
        account_id=ACCOUNT_ID,
        customer_id=CUSTOMER_ID,
        iban=event.iban,
        name="Everyday",
        currency="KWD",
        status=Status.OPEN,
        balance_minor=0,
        held_minor=0,
        overdraft_limit_minor=5,
        opened_at=AT,
    )
    assert account.available_minor == 5
