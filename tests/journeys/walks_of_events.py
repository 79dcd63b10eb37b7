"""A walk of an auditor past the events: the browser full, filtered, empty and wrong, and events of every kind."""

from collections.abc import Iterator

from accounts.customer import ErasePersonalData
from bank.identity.models import Role
from ledger.runner import drain
from ledger.signing import sign_head
from readmodels.event_search import EventSearchRow
from tests.journeys.person import Person
from tests.journeys.walks import LONG_WORD, Cast, somebody_new, walk
from tests.ledger.owner import change_event
from tests.spec import envelope
from tests.steps import a_customer, deposit, do

Stops = Iterator[tuple[str, Person]]


@walk("web:audit_events", "web:audit_event")
def what_happened(cast: Cast) -> Stops:
    sign_head(new_key=False)
    for _ in range(30):
        do(deposit(cast.grace.account_id, 1_00, reference=LONG_WORD))
    stranger = a_customer("Soon Forgotten")
    do(ErasePersonalData(customer_id=stranger, reason="asked for", **envelope()))
    drain()
    auditor = cast.somebody(signed_in=somebody_new("auditor", Role.AUDITOR))
    for name, query in {
        "events": "",
        "events, filtered": f"?stream={cast.ada.account_id}&type=WithdrawalMade&currency=EUR&min=1&q=coffee",
        "events, none": "?q=nothing",
        "events, filters that are wrong": "?stream=7&from=x&kind=y&currency=EUR&min=z",
        "events, beyond the last": "?before=1",
    }.items():
        auditor.open(f"/audit/events{query}")
        yield name, auditor
    auditor.open("/audit/events")
    auditor.go("Older")
    auditor.sees("Newer")
    yield "events, older", auditor
    newest = EventSearchRow.objects.order_by("-position").values_list("position", flat=True)[0]
    for name, position in {"event": 3, "event of a person": 1, "event of who is erased": newest - 1}.items():
        auditor.open(f"/audit/events/{position}")
        yield name, auditor
    change_event(3, "type = 'FeeCharged'")
    auditor.open("/audit/events/3")
    yield "event of an unknown type", auditor
