"""The addresses of the auditors' pages that are measured, each by what it shows."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec

from readmodels.event_search import EventSearchRow

Paths = Mapping[str, str]


class Large(msgspec.Struct, frozen=True, kw_only=True):
    """The large bank: `some`, an event from its middle; an account with as many events as all others together.

    `long_middle`: the position of an event from its middle; `looked_at`: a customer whose data many saw.
    """

    some: EventSearchRow
    long_id: UUID
    long_version: int
    long_middle: int
    looked_at: UUID
    looked_by: str
    refused: UUID
    verification: UUID
    export: UUID


def events(bank: Large) -> Paths:
    """The event browser, by each filter."""
    some = bank.some
    year = some.occurred_at.year
    of_a_year = f"clock=occurred&from={year}-01-01&to={year}-12-31"
    recorded = f"from={_text(some.recorded_at)}&to={_text(some.recorded_at + timedelta(seconds=2))}"
    filters = {
        "the newest": "",
        "older, from the middle": f"before={some.position}",
        "newer, from the middle": f"after={some.position}",
        "a stream": f"stream={some.stream_id}",
        "a stream of a million": f"stream={bank.long_id}&before={bank.long_middle}",
        "a stream of a million, a rare type": f"stream={bank.long_id}&type=AccountOpened",
        "a stream of a million, an actor elsewhere": f"stream={bank.long_id}&actor=system:cards",
        "a rare kind of stream": "kind=customer",
        "a usual kind of stream": "kind=account",
        "a kind that there is none of": "kind=webhook_endpoint",
        "a rare type": "type=AccountFrozen",
        "a usual type": "type=DepositMade",
        "a type that there is none of": "type=AccountClosed",
        "an actor": f"actor={some.actor}",
        "a correlation": f"correlation={some.correlation_id}",
        "a command": f"command={some.command_id}",
        "when it was recorded": recorded,
        "a year": of_a_year,
        "a year, older": f"{of_a_year}&before={some.position}",
        "positions": "first=400000&last=500000",
        "a rare amount": "currency=EUR&min=77.77&max=77.78",
        "a usual amount": "currency=EUR&min=10&max=500",
        "a usual amount of a rare type": "type=TransferSent&currency=JPY&min=1000&max=2000",
        "a usual word": "q=salary",
        "two usual words": "q=salary+volta",
        "a rare word": "q=1000758",
        "a word that nobody said": "q=nowhere",
        "a usual word and one that nobody said": "q=salary+nowhere",
        "an actor and a rare type": f"actor={some.actor}&type=AccountFrozen",
        "an actor, a type and a word in a year": f"actor={some.actor}&type=DepositMade&q=salary&{of_a_year}",
    }
    return {f"events: {label}": f"/audit/events?{query}" for label, query in filters.items()}


def one_event(bank: Large) -> Paths:
    """Pages of one event, and its proof."""
    return {
        "an event": f"/audit/events/{bank.some.position}",
        "an event of a stream of a million": f"/audit/events/{bank.long_middle}",
        "an event's proof": f"/audit/events/{bank.some.position}/proof.json",
    }


def streams(bank: Large) -> Paths:
    """Streams and time travel, of an account as others are and of one with a million events."""
    half = bank.long_version // 2
    middle = bank.some.recorded_at
    of_one = {
        "a stream": "",
        "a stream at a version": "?version=2",
        "a stream at a moment": f"?at={_text(bank.some.occurred_at)}&clock=happened",
        "a stream: why is the balance": "/balance",
        "a stream: the first and the last version": "/difference",
    }
    of_a_million = {
        "a million events: now": "",
        "a million events: a version in the middle": f"?version={half + 77}",
        "a million events: the list, from the middle": f"?version={half}&before={half - 50}",
        "a million events: when something happened": f"?at={_text(bank.some.occurred_at)}&clock=happened",
        "a million events: when it was recorded": f"?at={_text(middle + timedelta(minutes=2))}&clock=recorded",
        "a million events: the first and the last version": "/difference",
        "a million events: two versions": f"/difference?from={half - 77}&to={half + 77}",
        "a million events: why is the balance": "/balance",
        "a million events: why was it in the middle": f"/balance?version={half + 40}&after={half - 10}",
    }
    return {
        "streams: whose?": "/audit/streams",
        **{label: f"/audit/streams/{bank.some.stream_id}{rest}" for label, rest in of_one.items()},
        **{label: f"/audit/streams/{bank.long_id}{rest}" for label, rest in of_a_million.items()},
    }


def commands(bank: Large) -> Paths:
    """Commands, what they caused, and refusals."""
    some = bank.some
    day = some.recorded_at.date()
    filters = {
        "the newest": "",
        "older, from the middle": f"before={some.command_id}",
        "newer, from the middle": f"after={some.command_id}",
        "a usual type": "type=Deposit",
        "a rare type": "type=FreezeAccount",
        "a type that there is none of": "type=CloseAccount",
        "an actor": f"actor={some.actor}",
        "the refused": "outcome=refused",
        "a reason": "reason=insufficient_funds",
        "a reason that there is none of": "reason=account_closed",
        "the accepted": "outcome=accepted",
        "a channel": "channel=api",
        "a day": f"from={day}&to={day}",
        "an actor, a type, the refused": f"actor={some.actor}&type=Withdraw&outcome=refused",
        "an actor, a rare type": f"actor={some.actor}&type=FreezeAccount",
        "a channel, a rare type": "channel=api&type=RegisterCustomer",
        "those of a stream": f"stream={some.stream_id}",
        "those of a stream of a million": f"stream={bank.long_id}",
        "a correlation": f"correlation={some.correlation_id}",
        "a command": f"command={some.command_id}",
    }
    return {
        **{f"commands: {label}": f"/audit/commands?{query}" for label, query in filters.items()},
        "a command": f"/audit/commands/{some.command_id}",
        "a refused command": f"/audit/commands/{bank.refused}",
        "a correlation's tree": f"/audit/correlations/{some.correlation_id}",
        "refusals, of 30 days": "/audit/refusals",
        "refusals, of a type by a channel": "/audit/refusals?type=Withdraw&channel=api",
        "refusals, as a file": "/audit/refusals.csv",
    }


def people(bank: Large) -> Paths:
    """Actors, and who looked at whom."""
    day = bank.some.recorded_at.date()
    looks = {
        "the newest": "",
        "older, from the middle": "before=100000",
        "an actor's": f"actor={bank.looked_by}",
        "a customer's": f"customer={bank.looked_at}",
        "a day's": f"from={day}&to={day}",
        "an actor's at a customer": f"actor={bank.looked_by}&customer={bank.looked_at}",
    }
    return {
        "actors": "/audit/actors",
        "an actor of a million commands": f"/audit/actors/{bank.some.actor}",
        "an actor who looked at many": f"/audit/actors/{bank.looked_by}",
        **{f"access records: {label}": f"/access-records?{query}" for label, query in looks.items()},
    }


def rooms(bank: Large) -> Paths:
    """The rooms, verifications and exports, and the catalogue of the system."""
    return {
        "the auditors' rooms": "/audit",
        "verifications": "/audit/verification",
        "a verification": f"/audit/verification/{bank.verification}",
        "exports": "/audit/exports",
        "an export": f"/audit/exports/{bank.export}",
        "the system": "/system",
        "the system: a command": "/system/commands/Deposit",
        "the system: a decider": "/system/deciders/account",
        "the system: an event": "/system/events/DepositMade",
        "the system: a projection": "/system/projections/event_search",
        "the system: screens": "/system/screens/audit",
        "the system: calls": "/system/calls",
        "the system: words": "/system/words",
    }


def admin(bank: Large) -> Paths:
    """The same record in the Django admin."""
    events, commands = "/admin/ledger/event/", "/admin/ledger/command/"
    return {
        "admin": "/admin/",
        "admin: events": events,
        "admin: events, page 10,000": f"{events}?p=10000",
        "admin: events of a usual type": f"{events}?kind=DepositMade",
        "admin: events of a rare type": f"{events}?kind=AccountFrozen",
        "admin: events of a stream": f"{events}?q={bank.some.stream_id}",
        "admin: events of a stream of a million": f"{events}?q={bank.long_id}",
        "admin: the book": "/admin/ledger/entry/",
        "admin: the book, page 10,000": "/admin/ledger/entry/?p=10000",
        "admin: an entry": f"/admin/ledger/entry/{bank.some.position}/change/",
        "admin: commands": commands,
        "admin: commands of a usual type": f"{commands}?asked=Deposit",
        "admin: refused commands": f"{commands}?became=refused",
        "admin: an actor's commands": f"{commands}?q={bank.some.actor}",
        "admin: a command": f"{commands}{bank.some.command_id}/change/",
        "admin: streams": "/admin/ledger/stream/",
        "admin: a stream": f"/admin/ledger/stream/{bank.long_id}/change/",
        "admin: access records": "/admin/access_records/accessrecord/",
        "admin: checkpoints": "/admin/ledger/seal/",
        "admin: projections": "/admin/ledger/progress/",
    }


def _text(moment: object) -> str:
    """As an address has a moment, to the second (UTC)."""
    return str(moment)[:19].replace(" ", "T")


PAGES: Final[list[Callable[[Large], Paths]]] = [events, one_event, streams, commands, people, rooms, admin]
