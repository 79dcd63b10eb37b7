"""A process that handles commands, killed at any instant: each command is whole or absent, and can be sent again."""

import time
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from accounts.account_commands import Deposit, Transfer, Withdraw
from accounts.handler import handle_all
from accounts.money import Money
from ledger.models import Command
from tests.chance import a_seed, chances
from tests.faults.processes import Site, wait_until
from tests.faults.truth import check_accounts, check_book_and_reports, check_commands, told_by
from tests.spec import AT
from tests.steps import BY, an_account

pytestmark = [pytest.mark.fault, pytest.mark.django_db(transaction=True), pytest.mark.timeout(60)]


def same_command(line: str) -> Any:
    """The command that a client said it would send."""
    _, command_id, kind, minor, *ids = line.split()
    envelope: dict[str, Any] = {"command_id": UUID(command_id), "at": AT, "amount": Money(int(minor), "EUR")}
    if kind == "Transfer":
        return Transfer(from_account_id=UUID(ids[0]), to_account_id=UUID(ids[1]), **envelope)
    return {"Deposit": Deposit, "Withdraw": Withdraw}[kind](account_id=UUID(ids[0]), **envelope)


def test_every_acknowledged_command_is_there_once_and_whole_and_the_others_can_be_sent_again(site: Site) -> None:
    seed = a_seed()
    chance = chances(seed)("kills")
    accounts = [an_account(500) for _ in range(4)]
    lines: list[str] = []
    site.valkey()
    for round_number in range(5):
        clients = [site.client(f"{seed}{round_number}{n}", "30", "3", *map(str, accounts)) for n in range(2)]
        for client in clients:
            wait_until(partial(client.has_said, 1, "done"), 20, client.said())
        time.sleep(chance.uniform(0.05, 0.6))
        for client in clients:
            client.kill()
            lines += client.lines()
    sent, acknowledged, words = told_by(lines)
    unknown = set(sent) - {command_id for command_id, _ in acknowledged}
    assert words["done"] > 100
    assert unknown, "a kill in the middle of a load leaves commands of which nobody was told"
    check_commands(acknowledged, sent)
    check_accounts(accounts)
    # Whoever was not told sends the same command again, and gets the one outcome.
    known = set(Command.objects.filter(command_id__in=unknown).values_list("command_id", flat=True))
    again = [same_command(line) for line in lines if line.startswith("sent ") and UUID(line.split()[1]) in unknown]
    outcomes = handle_all(again, by=BY)
    assert {o.command_id for o in outcomes if o.replayed} == known
    assert all(o.refusal is None or o.refusal.code != "key_reused" for o in outcomes)
    twice = handle_all(again, by=BY)
    assert all(o.replayed for o in twice)
    assert [o.refusal for o in twice] == [o.refusal for o in outcomes]
    check_commands(acknowledged, sent)
    check_accounts(accounts)
    check_book_and_reports(accounts)
