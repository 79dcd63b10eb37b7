"""Walks of auditors through time: a stream at its versions and moments, its balance, and what came of a request."""

from collections.abc import Iterator
from contextlib import suppress

from accounts.handler import handle, handle_all
from accounts.refusals import InsufficientFunds
from bank.identity.models import Role
from ledger.ids import new_id
from ledger.runner import drain
from tests.journeys.person import Person
from tests.journeys.walks import LONG_WORD, Cast, somebody_new, walk
from tests.readmodels.strange_events import strange
from tests.steps import BY, an_account, deposit, transfer, withdraw

Stops = Iterator[tuple[str, Person]]


@walk("web:audit_streams", "web:audit_stream", "web:audit_difference", "web:audit_balance")
def time_travel(cast: Cast) -> Stops:
    account_id = an_account(5_00, name=LONG_WORD, overdraft_limit_minor=1_000_000_00)
    handle_all([deposit(account_id, 1_000_000_00 + n, reference=LONG_WORD) for n in range(60)], by=BY)
    strange(unread := an_account(5_00), "account", data={LONG_WORD: LONG_WORD})
    strange(nobodys := new_id(), "dreams")
    drain()
    person = cast.somebody(signed_in=somebody_new("auditor", Role.AUDITOR))
    here = f"/audit/streams/{account_id}"
    for path in (
        "/audit/streams",
        "/audit/streams?id=x",
        here,
        f"{here}?version=7",
        f"{here}?version=x",
        f"{here}?at=2026-03-29T01:00",
        f"{here}?at=2001-01-01",
        f"{here}/difference?from=3&to=60",
        f"{here}/difference?from=3&to=3",
        f"{here}/difference?from=9&to=3",
        f"{here}/balance",
        f"{here}/balance?version=55&after=50",
        f"{here}/balance?version=0",
        f"/audit/streams/{cast.ada.customer_id}",
        f"/audit/streams/{unread}",
        f"/audit/streams/{unread}/balance",
        f"/audit/streams/{unread}/difference",
        f"/audit/streams/{nobodys}",
    ):
        person.open(path)
        yield (
            path.replace(str(account_id), "ACCOUNT").replace(str(unread), "UNREAD").replace(str(nobodys), "NOBODY"),
            person,
        )


@walk("web:audit_correlation")
def what_came_of_a_request(cast: Cast) -> Stops:
    request_id, caused = new_id(), transfer(cast.ada.account_id, cast.grace.account_id, 1_00)
    first = handle(deposit(cast.ada.account_id, 5_00), by=BY, correlation_id=request_id)
    handle(caused, by=BY, correlation_id=request_id, causation_id=first.events[0].id)
    with suppress(InsufficientFunds):
        handle(withdraw(cast.ada.account_id, 10**9), by=BY, correlation_id=request_id)
    handle_all([deposit(cast.ada.account_id, 1) for _ in range(60)], by=BY, correlation_id=(batch_id := new_id()))
    drain()
    person = cast.somebody(signed_in=somebody_new("auditor", Role.AUDITOR))
    for name, some_id in (("a tree", request_id), ("a batch", batch_id), ("nothing on record", new_id())):
        person.open(f"/audit/correlations/{some_id}")
        yield name, person
