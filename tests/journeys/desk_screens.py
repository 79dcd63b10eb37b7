"""Screens of the people at the desk, and of the auditors who look at what they looked at, in their states."""

from collections.abc import Iterator
from typing import Final

from accounts.account_commands import CloseAccount, FreezeAccount
from bank.identity.models import Role
from tests.journeys.person import Person
from tests.journeys.walks import LONG_WORD, Cast, somebody_new, walk
from tests.spec import envelope
from tests.steps import a_customer, an_account, do

LONG_NAME: Final = f"{LONG_WORD} <b>& Söhne</b>"
Stops = Iterator[tuple[str, Person]]


@walk("web:find_customer", "web:customer", "web:close", "web:receipt_slip", "web:audit", "web:access_records")
def what_the_desk_leaves(cast: Cast) -> Stops:
    """A full customer page, the checklist in both states, the slip, and the access records of all this."""
    desk = cast.somebody(signed_in=cast.teller)
    customer_id = a_customer(LONG_NAME, "long@example.org")
    for n in range(26):
        a_customer(f"Konrad Zuse {n:02d}", f"zuse{n}@example.org")
    kept = an_account(70_00, customer_id=customer_id, name=LONG_NAME)
    do(FreezeAccount(account_id=kept, **envelope()))
    do(CloseAccount(account_id=an_account(customer_id=customer_id, name="Old"), **envelope()))
    empty = an_account(customer_id=customer_id, name="Empty")
    desk.fill("Name, email or IBAN", "zuse")
    desk.press("Find customer")
    desk.sees("Konrad")
    yield "customers, more than a page", desk
    for name, path in {
        "customer without accounts": f"/customers/{a_customer('Nora New')}",
        "customer with accounts in every state": f"/customers/{customer_id}",
        "close, with things to do first": f"/accounts/{kept}/close",
        "close, with nothing in the way": f"/accounts/{empty}/close",
    }.items():
        desk.open(path)
        yield name, desk
    desk.open(f"/accounts/{empty}/deposit")
    desk.fill("Amount", "20")
    desk.fill("Reference (optional)", LONG_NAME)
    desk.press("Continue")
    desk.press("Deposit now")
    desk.go("Print receipt")
    desk.sees("Cash paid in")
    yield "slip", desk
    auditor = cast.somebody(signed_in=somebody_new("auditor", Role.AUDITOR))
    for name, path in {
        "auditor: customer": f"/customers/{customer_id}",
        "audit": "/audit",
        "access records": "/access-records",
        "access records, filtered": f"/access-records?actor=teller&customer={customer_id}",
        "access records, none": "/access-records?to=2020-01-01",
        "access records, filters that are wrong": "/access-records?actor=whoever&customer=7&from=x",
    }.items():
        auditor.open(path)
        yield name, auditor
