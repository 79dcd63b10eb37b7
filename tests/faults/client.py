"""A process that sends random commands to the handler until it is killed: `sent` before each, `done` after each.

python -m tests.faults.client SEED SECONDS THREADS ACCOUNT...     random commands for so long
python -m tests.faults.client count N ACCOUNT                     N deposits of 1; says how many seconds they took
python -m tests.faults.client paced N SECONDS ACCOUNT             N deposits of 1, one every so many seconds
"""

import random
import sys
import threading
import time
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import django

_printing = threading.Lock()


def say(*words: object) -> None:
    """A line, whole."""
    with _printing:
        sys.stdout.write(" ".join(map(str, words)) + "\n")
        sys.stdout.flush()


def a_command(chance: random.Random, accounts: list[UUID]) -> Any:
    """A small movement between, into or out of the accounts."""
    from accounts.account_commands import Deposit, Transfer, Withdraw
    from accounts.money import Money
    from ledger.ids import new_id

    one, other = chance.sample(accounts, 2)
    amount = Money(chance.randrange(1, 30), "EUR")
    envelope: dict[str, Any] = {"command_id": new_id(), "at": datetime.now(UTC), "amount": amount}
    kind = chance.choice(["deposit", "withdraw", "transfer"])
    if kind == "transfer":
        return Transfer(from_account_id=one, to_account_id=other, **envelope)
    return (Deposit if kind == "deposit" else Withdraw)(account_id=one, **envelope)


def describe(command: Any) -> str:
    """All that is needed to send the same command again."""
    names = ("account_id", "from_account_id", "to_account_id")
    ids = " ".join(str(getattr(command, name)) for name in names if hasattr(command, name))
    return f"{command.command_id} {type(command).__name__} {command.amount.minor} {ids}"


def send(chance: random.Random, accounts: list[UUID], ends: float) -> None:
    """Command after command; a store that is away is told, and the next command tried."""
    from accounts.handler import handle
    from accounts.refusals import Refused
    from ledger.errors import LedgerError
    from tests.steps import BY

    while time.monotonic() < ends:
        command = a_command(chance, accounts)
        say("sent", describe(command))
        try:
            handle(command, by=BY)
        except Refused as refusal:
            say("done", command.command_id, refusal.code)
        except LedgerError as error:
            say("failed", command.command_id, type(error).__name__)
        else:
            say("done", command.command_id, "accepted")


def count(number: int, account_id: UUID) -> None:
    """Deposits, one after the other, and how long they took."""
    from accounts.handler import handle
    from tests.steps import BY, deposit

    handle(deposit(account_id, 1), by=BY)
    started = time.monotonic()
    for _ in range(number - 1):
        handle(deposit(account_id, 1), by=BY)
    say("took", time.monotonic() - started)


def paced(number: int, seconds: float, account_id: UUID) -> None:
    """Deposits with a pause before each."""
    from accounts.handler import handle
    from tests.steps import BY, deposit

    for _ in range(number):
        time.sleep(seconds)
        say("done", handle(deposit(account_id, 1), by=BY).command_id)
    time.sleep(5)  # wake-ups are sent by a thread that ends with the process


def main(arguments: list[str]) -> None:
    """See the module's docstring."""
    django.setup()
    say("ready")
    if arguments[0] == "count":
        count(int(arguments[1]), UUID(arguments[2]))
        return
    if arguments[0] == "paced":
        paced(int(arguments[1]), float(arguments[2]), UUID(arguments[3]))
        return
    seed, seconds, threads, *ids = arguments
    accounts = [UUID(account_id) for account_id in ids]
    ends = time.monotonic() + float(seconds)
    senders = [
        threading.Thread(target=send, args=(random.Random(f"{seed} {n}"), accounts, ends))  # noqa: S311 - repeatable
        for n in range(int(threads))
    ]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    say("end")


if __name__ == "__main__":
    main(sys.argv[1:])
