"""A process that sends random commands to the handler until it is killed: `sent` before each, `done` after each.

python -m tests.faults.client SEED SECONDS THREADS ACCOUNT...     random commands for so long
python -m tests.faults.client count N ACCOUNT                     N deposits of 1; says how many seconds they took
python -m tests.faults.client paced N SECONDS ACCOUNT             N deposits of 1, one every so many seconds
python -m tests.faults.client insist SEED SECONDS THREADS ACCOUNT...   each again with its id until it is answered
python -m tests.faults.client batches SEED SECONDS SIZE ACCOUNT...     the same with whole batches of commands
"""

import random
import sys
import threading
import time
from datetime import UTC, datetime
from functools import partial
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


def insist(chance: random.Random, accounts: list[UUID], ends: float) -> None:
    """Command after command, with a breath between; each is sent again with its id until it is answered."""
    from accounts.handler import handle
    from accounts.refusals import Refused
    from ledger.errors import LedgerError
    from tests.steps import BY

    while time.monotonic() < ends:
        command = a_command(chance, accounts)
        say("sent", describe(command))
        while True:
            try:
                replayed = handle(command, by=BY).replayed
            except Refused as refusal:
                say("done", command.command_id, refusal.code)
                break
            except LedgerError as error:
                say("failed", command.command_id, type(error).__name__)
                time.sleep(chance.uniform(0.02, 0.2))
            else:
                say("done", command.command_id, "accepted", "replayed" if replayed else "")
                break
        time.sleep(chance.uniform(0.0, 0.03))


def batches(chance: random.Random, accounts: list[UUID], ends: float, size: int) -> None:
    """The same with batches: all of a batch is sent again, whatever of it was done already."""
    from accounts.handler import handle_all
    from ledger.errors import LedgerError
    from tests.steps import BY

    while time.monotonic() < ends:
        commands = [a_command(chance, accounts) for _ in range(chance.randrange(1, size + 1))]
        for command in commands:
            say("sent", describe(command))
        outcomes = None
        while outcomes is None:
            try:
                outcomes = handle_all(commands, by=BY)
            except LedgerError as error:
                say("failed", commands[0].command_id, type(error).__name__)
                time.sleep(chance.uniform(0.02, 0.2))
        for outcome in outcomes:
            say("done", outcome.command_id, outcome.refusal.code if outcome.refusal else "accepted")
        time.sleep(chance.uniform(0.1, 0.5))


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


def at_random(arguments: list[str], work: Any) -> None:
    """SEED SECONDS THREADS ACCOUNT...: `work` in so many threads, each with a chance of its own."""
    seed, seconds, threads, *ids = arguments
    accounts = [UUID(account_id) for account_id in ids]
    ends = time.monotonic() + float(seconds)
    senders = [
        threading.Thread(target=work, args=(random.Random(f"{seed} {n}"), accounts, ends))  # noqa: S311 - repeatable
        for n in range(int(threads))
    ]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    say("end")


def main(arguments: list[str]) -> None:
    """See the module's docstring."""
    django.setup()
    say("ready")
    match arguments:
        case ["count", number, account_id]:
            count(int(number), UUID(account_id))
        case ["paced", number, seconds, account_id]:
            paced(int(number), float(seconds), UUID(account_id))
        case ["insist", *rest]:
            at_random(rest, insist)
        case ["batches", seed, seconds, size, *ids]:
            at_random([seed, seconds, "1", *ids], partial(batches, size=int(size)))
        case _:
            at_random(arguments, send)


if __name__ == "__main__":
    main(sys.argv[1:])
