"""The screens of the people at the desk and of those who look after them, in their states; see test_every_screen."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from accounts.account_commands import CloseAccount, FreezeAccount
from bank.identity.models import Role, User
from tests.journeys.person import Person
from tests.journeys.walks import Cast, walk
from tests.spec import envelope
from tests.steps import a_customer, an_account, do
from tests.web.people import Customer

LONG_NAME: Final = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft <b>& Söhne</b>"


def desk_screens(
    somebody: Callable[..., Person], profile: Mapping[str, object], ada: Customer, grace: Customer, teller: User
) -> Iterator[tuple[str, Person]]:
    """A full customer page, the checklist in both states, the slip, and the access records that all this leaves."""
    desk = somebody(signed_in=teller, **profile)
    customer_id = a_customer(LONG_NAME, "long@example.org")
    for n in range(26):
        a_customer(f"Konrad Zuse {n:02d}", f"zuse{n}@example.org")
    kept = an_account(70_00, customer_id=customer_id, name=LONG_NAME)
    do(FreezeAccount(account_id=kept, **envelope()))
    do(CloseAccount(account_id=an_account(customer_id=customer_id, name="Old"), **envelope()))
    empty = an_account(customer_id=customer_id, name="Empty")
    desk.fill("Name, email or IBAN", "zuse")
    desk.press("Find customer")
    yield "customers, more than a page", desk
    desk.open(f"/customers/{a_customer('Nora New')}")
    yield "customer without accounts", desk
    for name, path in {
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
    yield "slip", desk
    auditor = somebody(signed_in=_auditor(), **profile)
    yield "auditor: customers", auditor
    for name, path in {
        "auditor: customer": f"/customers/{customer_id}",
        "access records": "/access-records",
        "access records, filtered": f"/access-records?actor=teller&customer={customer_id}",
        "access records, none": "/access-records?to=2020-01-01",
        "access records, filters that are wrong": "/access-records?actor=whoever&customer=7&from=x",
    }.items():
        auditor.open(path)
        yield name, auditor


def _auditor() -> User:
    return User.objects.create_user("auditor", password="passbook-demo", roles=[Role.AUDITOR])


@walk("web:access_records", "web:receipt_slip")
def at_the_desk(cast: Cast) -> Iterator[tuple[str, Person]]:
    """As one of the walks."""
    yield from desk_screens(cast.somebody, {}, cast.ada, cast.grace, cast.teller)
