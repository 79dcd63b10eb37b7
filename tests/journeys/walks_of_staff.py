"""Walks of staff: the customers' room, reports, and a program's tokens; and the developers' style guide."""

from collections.abc import Iterator

from tests.journeys.conftest import PASSWORD
from tests.journeys.person import Person
from tests.journeys.walks import LONG_WORD, Cast, an_empty_account, walk

Stops = Iterator[tuple[str, Person]]


@walk(
    "web:find_customer",
    "web:customer",
    "web:open_account",
    "web:open_account_check",
    "web:register",
    "web:register_check",
    "web:account",
    "web:deposit",
    "web:freeze",
    "web:freeze_check",
    "web:unfreeze",
    "web:unfreeze_check",
    "web:overdraft",
    "web:overdraft_check",
    "web:close",
    "web:close_check",
    "web:receipt",
    "invitation",
)
def what_staff_see(cast: Cast) -> Stops:
    desk = cast.somebody(signed_in=cast.teller)
    yield "customers", desk
    desk.press("Find customer")
    yield "customers, nothing typed", desk
    desk.fill("Name, email or IBAN", "Lovelace")
    desk.press("Find customer")
    yield "customers, found", desk
    desk.fill("Name, email or IBAN", "nobody at all")
    desk.press("Find customer")
    yield "customers, none found", desk
    account, customer = f"/accounts/{cast.ada.account_id}", f"/customers/{cast.ada.customer_id}"
    for path in (
        customer,
        f"{customer}/open-account",
        "/customers/register",
        account,
        *(f"{account}/{task}" for task in ("deposit", "freeze", "unfreeze", "overdraft", "close")),
    ):
        desk.open(path)
        yield f"teller: {path.replace(account, 'ACCOUNT').replace(customer, 'CUSTOMER')}", desk
    yield from _tasks_of_staff(desk, account, customer)
    desk.open(an_empty_account(cast.ada) + "/close")
    desk.fill("Reason", LONG_WORD)
    desk.press("Continue")
    yield "close, check", desk
    yield from _an_invitation(desk, cast.somebody())


def _tasks_of_staff(desk: Person, account: str, customer: str) -> Stops:
    desk.open(f"{customer}/open-account")
    desk.press("Continue")
    yield "open account, nothing filled in", desk
    desk.fill("Name of the account", LONG_WORD)
    desk.press("Continue")
    yield "open account, check", desk
    desk.open(f"{account}/overdraft")
    desk.fill("Overdraft limit", "12")
    desk.press("Continue")
    yield "overdraft, check", desk
    desk.open(f"{account}/freeze")
    desk.fill("Reason", LONG_WORD)
    desk.press("Continue")
    yield "freeze, check", desk
    desk.press("Freeze account")
    yield "freeze, receipt", desk
    desk.open(f"{account}/unfreeze")
    yield "unfreeze", desk
    desk.fill("Reason", LONG_WORD)
    desk.press("Continue")
    yield "unfreeze, check", desk
    desk.press("Unfreeze account")
    desk.open(f"{account}/close")
    yield "close", desk


def _an_invitation(desk: Person, stranger: Person) -> Stops:
    """On both sides of the counter."""
    desk.open("/customers/register")
    desk.press("Continue")
    yield "register, nothing filled in", desk
    desk.fill("Name", "Edsger Dijkstra")
    desk.press("Continue")
    yield "register, check", desk
    desk.press("Register customer")
    yield "receipt with an invitation", desk
    link = desk.page.get_by_label("Invitation, to hand over").input_value()
    desk.go("Go to the customer")
    yield "customer with an invitation", desk
    stranger.open(link)
    yield "invitation", stranger
    stranger.press("Open my log-in")
    yield "invitation, nothing typed", stranger


@walk("web:security", "web:make_token", "account_reauthenticate")
def tokens(cast: Cast) -> Stops:
    person = cast.somebody(signed_in=cast.teller)
    person.open("/security")
    person.go("Make token")
    person.fill("Your password", "wrong")
    person.press("Continue")
    yield "confirm, wrong", person
    person.fill("Your password", PASSWORD)
    person.press("Continue")
    person.press("Make token")
    yield "make token, nothing filled in", person
    person.fill("What it is for", LONG_WORD)
    person.page.get_by_label("See customers, accounts and movements").check(force=True)
    person.press("Make token")
    yield "token made", person
    person.open("/security")
    yield "security, with a token", person
