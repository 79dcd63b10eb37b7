"""Walks past the command log, the refusals and the histories of actors."""

from collections.abc import Iterator

from accounts.handler import Actor, handle, handle_all
from accounts.refusals import Refused
from bank.identity.models import Role
from ledger.runner import drain
from tests.journeys.person import Person
from tests.journeys.walks import LONG_WORD, Cast, somebody_new, walk
from tests.steps import deposit, transfer, withdraw

Stops = Iterator[tuple[str, Person]]


@walk("web:audit_commands", "web:audit_command", "web:audit_refusals", "web:audit_actors", "web:audit_actor")
def the_command_log(cast: Cast) -> Stops:
    """Full, filtered, empty and with filters that are wrong; commands of every outcome, actors of every kind."""
    auditor = cast.somebody(signed_in=somebody_new("auditor", Role.AUDITOR))
    auditor.open("/audit/refusals?to=2020-01-01")
    yield "refusals, none", auditor
    by = Actor(id=f"user:{cast.ada.user.pk}", channel="web")
    done = transfer(cast.ada.account_id, cast.grace.account_id, 1)
    no = withdraw(cast.ada.account_id, 10**9)
    for command in (done, done, no):
        try:
            handle(command, by=by)
        except Refused:
            continue
    handle_all([deposit(cast.ada.account_id, 1) for _ in range(60)], by=Actor(f"system:{LONG_WORD}", "batch"))
    auditor.open(f"/audit/commands/{done.command_id}")
    yield "command, not sealed yet", auditor
    drain()
    for name, path in {
        "commands": "/audit/commands",
        "commands, filtered": f"/audit/commands?actor=ada&stream={cast.ada.account_id}",
        "commands, none": "/audit/commands?to=2020-01-01",
        "commands, filters that are wrong": "/audit/commands?type=x&actor=whoever&stream=7&key=k&from=x",
        "command, sent again": f"/audit/commands/{done.command_id}",
        "command, refused": f"/audit/commands/{no.command_id}",
        "refusals": "/audit/refusals",
        "refusals, filters that are wrong": "/audit/refusals?from=x&channel=x",
        "actors": "/audit/actors",
        "actors, nobody of that name": "/audit/actors?who=whoever",
        "actor: a customer": f"/audit/actors/user:{cast.ada.user.pk}",
        "actor: a teller": f"/audit/actors/user:{cast.teller.pk}",
        "actor: a program": f"/audit/actors/system:{LONG_WORD}",
        "actor: nobody known": "/audit/actors/anonymous",
    }.items():
        auditor.open(path)
        yield name, auditor
