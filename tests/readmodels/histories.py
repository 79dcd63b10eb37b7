"""Random lives of a few accounts, through the handler; and every account folded again from nothing but its events."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from accounts.account import Account, evolve
from accounts.account_commands import (
    CloseAccount,
    FreezeAccount,
    RenameAccount,
    SetOverdraftLimit,
    UnfreezeAccount,
)
from accounts.customer import RegisterCustomer
from accounts.handler import handle_all
from accounts.money import Money
from accounts.record_job import (
    NoteExport,
    NoteExportDownload,
    NoteVerification,
    RequestExport,
    RequestVerification,
)
from accounts.webhook_commands import (
    DisableWebhookEndpoint,
    EnableWebhookEndpoint,
    RegisterWebhookEndpoint,
    RemoveWebhookEndpoint,
    RotateWebhookSecret,
    SendWebhookTest,
)
from ledger.ids import new_id
from ledger.reading import read_stream
from ledger.records import RecordedEvent
from tests.steps import BY, an_account, deposit, transfer, withdraw

DAYS = [datetime(2026, 3, day, tzinfo=UTC) for day in range(25, 31)]
# Around midnight, and around the hour that clocks in Europe leave out on the 29th.
TIMES = [timedelta(), timedelta(microseconds=1), timedelta(hours=1), timedelta(hours=2, minutes=30)]
TIMES += [timedelta(hours=12), timedelta(hours=23, minutes=59, seconds=59, microseconds=999_999)]
WORDS = ["", "Rent", "RENT May", "100 %", "a_b", "back\\slash", "Straße", "STRASSE", "Příjem", "İstanbul", "Σίσυφος"]
WORDS += ["two  spaces", "ends here", "here it goes on"]


def three_accounts(**fields: Any) -> list[UUID]:
    """Two in euros, one in yen; of different customers."""
    return [an_account(5_000, **fields), an_account(0, overdraft_limit_minor=500), an_account(700, currency="JPY")]


def live(accounts: list[UUID], chance: random.Random, count: int) -> None:
    """`count` random commands, in batches of random size; many are refused."""
    commands = [a_command(accounts, chance) for _ in range(count)]
    while commands:
        size = chance.choice([1, 1, 5, 40])
        handle_all(commands[:size], by=BY)
        commands = commands[size:]


def lives_of_endpoints(chance: random.Random, count: int) -> None:
    """As `live`, of three webhook endpoints, the first of which is there for certain."""
    endpoints = [new_id() for _ in range(3)]
    commands: list[Any] = []
    for number in range(count):
        envelope: dict[str, Any] = {"endpoint_id": chance.choice(endpoints), "command_id": new_id(), "at": DAYS[0]}
        register = RegisterWebhookEndpoint(
            **envelope, url="https://example.com/hooks", description=chance.choice(WORDS), event_types=["DepositMade"]
        )
        others: list[Any] = [
            lambda given: DisableWebhookEndpoint(**given, reason=chance.choice(WORDS)),
            lambda given: EnableWebhookEndpoint(**given),
            lambda given: RotateWebhookSecret(**given, overlap_seconds=chance.choice([0, 60])),
            lambda given: SendWebhookTest(**given),
            lambda given: RemoveWebhookEndpoint(**given, reason=chance.choice(WORDS)),
        ]
        other = chance.choices(others, weights=[3, 3, 3, 2, 0.3])[0](envelope)
        commands.append(register if number == 0 or chance.random() < 0.2 else other)
    while commands:
        size = chance.choice([1, 5, 40])
        handle_all(commands[:size], by=BY)
        commands = commands[size:]


def lives_of_record_jobs(chance: random.Random, count: int) -> None:
    """As `live`, of three jobs about the record, the first of which is asked for for certain."""
    jobs = [new_id() for _ in range(3)]
    commands: list[Any] = []
    for number in range(count):
        envelope: dict[str, Any] = {"job_id": chance.choice(jobs), "command_id": new_id(), "at": DAYS[number % 6]}
        others: list[Any] = [
            lambda given: RequestVerification(**given, last=chance.choice([None, 5])),
            lambda given: NoteVerification(**given, first=1, last=5, events=3, signed_to=0, finding="changed"),
            lambda given: NoteExport(**given, first=1, last=5, events=5, size_bytes=1, sha256="ab" * 32),
            lambda given: NoteExportDownload(**given),
        ]
        first = RequestExport(**envelope, event_types=["DepositMade"])
        commands.append(first if number < 2 else chance.choice(others)(envelope))
    while commands:
        size = chance.choice([1, 5, 40])
        handle_all(commands[:size], by=BY)
        commands = commands[size:]


def a_command(accounts: list[UUID], chance: random.Random) -> Any:
    """Something that somebody wants, at any time, also late."""
    account_id, other_id = chance.choice(accounts), chance.choice(accounts)
    when: dict[str, Any] = {"at": chance.choice(DAYS) + chance.choice(TIMES)}
    currency = chance.choice(["EUR", "EUR", "EUR", "JPY"])
    minor = chance.choice([1, 5, 10, 50, 100, 333])
    said: dict[str, Any] = {"reference": chance.choice(WORDS), **when}
    told = {field: chance.choice(WORDS) for field in ("operation", "purpose", "counterparty")}
    envelope: dict[str, Any] = {"account_id": account_id, "command_id": new_id(), **when}
    kinds: list[Any] = [
        lambda: deposit(account_id, minor, currency, **said, **told),
        lambda: withdraw(account_id, minor, currency, **said, **told),
        lambda: transfer(account_id, other_id, minor, currency, **said),
        lambda: SetOverdraftLimit(overdraft_limit=Money(minor, currency), **envelope),
        lambda: FreezeAccount(**envelope),
        lambda: UnfreezeAccount(**envelope),
        lambda: CloseAccount(**envelope),
        lambda: RenameAccount(name=chance.choice(WORDS) or "A", **envelope),
        lambda: RegisterCustomer(customer_id=new_id(), name=chance.choice(WORDS) or "A", command_id=new_id(), **when),
    ]
    return chance.choices(kinds, weights=[8, 8, 8, 1, 1, 2, 0.2, 1, 0.5])[0]()


def folded(account_id: UUID) -> tuple[Account, int]:
    """The account's state and version, from its events alone."""
    state, version = None, 0
    for event in read_stream(account_id):
        state, version = evolve(state, event.data, account_id), event.stream_position
    assert state is not None
    return state, version


def events_of(accounts: list[UUID]) -> list[RecordedEvent]:
    """All events of these accounts."""
    return [event for account_id in accounts for event in read_stream(account_id)]


def a_long_life(chance: random.Random, count: int = 450) -> UUID:
    """An account with so many deposits, in batches of random size, that states of it are kept; some of them late."""
    account_id = an_account()
    commands = [deposit(account_id, 1 + n % 7, at=chance.choice(DAYS) + chance.choice(TIMES)) for n in range(count)]
    while commands:
        size = chance.choice([1, 3, 150])
        handle_all(commands[:size], by=BY)
        commands = commands[size:]
    return account_id
