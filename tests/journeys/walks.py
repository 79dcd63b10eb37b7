"""Walks past every screen: what they are, who goes on them, and how a screen is looked at."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from django.urls import Resolver404, resolve
from pytest_django import Settings

from accounts.account_commands import FreezeAccount, RenameAccount
from accounts.handler import handle
from accounts.refusals import InsufficientFunds
from bank.identity import policy
from bank.identity.models import Role, User
from ledger.runner import drain
from tests.journeys.conftest import PASSWORD
from tests.journeys.person import Person
from tests.spec import envelope
from tests.steps import an_account, deposit, do, transfer, withdraw
from tests.web.people import Customer, a_customer_with_login, add_payee

LONG_WORD: Final = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
WIDE: Final = {"width": 1280, "height": 900}
NARROW: Final = {"width": 390, "height": 844}
NARROWEST: Final = {"width": 320, "height": 600}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Who is there: Ada and Grace, who bank here, a teller, and whoever else comes through `somebody`."""

    somebody: Callable[..., Person]
    ada: Customer
    grace: Customer
    teller: User
    settings: Settings
    address: str


# A stop is the screen's name, and the person who looks at it.
Walk = Callable[[Cast], Iterator[tuple[str, Person]]]
# Each walk with the names of the URLs whose pages it shows.
WALKS: Final[dict[Walk, frozenset[str]]] = {}


def walk(*pages: str) -> Callable[[Walk], Walk]:
    """Enters a walk in the matrix, with the names of the URLs whose pages are among its stops."""

    def enter(function: Walk) -> Walk:
        WALKS[function] = frozenset(pages)
        return function

    return enter


def page_name(person: Person) -> str:
    """The name of the URL of the page that is open; empty where there is none."""
    try:
        return resolve(urlsplit(person.page.url).path).view_name
    except Resolver404:
        return ""


def barriers(person: Person) -> list[str]:
    """What stands in the way of somebody: wide and narrow, light and dark, and at 320 pixels (WCAG 1.4.10).

    The page is resized instead of loaded again. In the dark only colours differ.
    """
    found: list[str] = []
    is_gallery = page_name(person) == "web:styleguide"
    for size in (WIDE, NARROW):
        person.resize(**size)
        for colours in ("light", "dark"):
            person.colours(colours)
            seen = person.barriers(only_contrast=colours == "dark", is_gallery=is_gallery)
            found += [f"{size['width']} {colours}: {barrier}" for barrier in seen]
    person.resize(**NARROWEST)
    found += [f"320: {barrier}" for barrier in person.cut_off()]
    person.colours("light")
    person.resize(**WIDE)
    return found


def something_happened(ada: Customer, grace: Customer) -> None:
    """Movements of every kind, a second account, hostile lengths, figures in the reports."""
    an_account(123_456_789_00, customer_id=ada.customer_id, name=LONG_WORD, overdraft_limit_minor=1_000_000_00)
    for number in range(28):
        do(withdraw(ada.account_id, 1_00 + number, reference=f"Coffee {number}", counterparty="Café Lambda"))
    do(transfer(ada.account_id, grace.account_id, 5_00, reference=LONG_WORD))
    do(transfer(grace.account_id, ada.account_id, 1_00))
    do(deposit(ada.account_id, 20_00, counterparty=LONG_WORD))
    add_payee(ada.customer_id, LONG_WORD, grace.account.iban)
    with suppress(InsufficientFunds):
        handle(withdraw(ada.account_id, 10**9), by=policy.actor_of(ada.user, "web"))
    do(RenameAccount(account_id=ada.account_id, name=f"Everyday {LONG_WORD}", **envelope()))
    drain()


def a_frozen_account(customer: Customer) -> str:
    """The address of one more account of the customer, frozen."""
    account_id = an_account(5_00, customer_id=customer.customer_id, name="Frozen")
    do(FreezeAccount(account_id=account_id, **envelope()))
    return f"/accounts/{account_id}"


def an_empty_account(customer: Customer) -> str:
    """The address of one more account of the customer, with nothing on it."""
    return f"/accounts/{an_account(customer_id=customer.customer_id, name='Empty')}"


def a_newcomer() -> User:
    """A customer on whose account nothing has moved yet."""
    return with_password(a_customer_with_login("fresh", "Fresh Start").user)


def somebody_new(username: str, *roles: Role) -> User:
    """A log-in with these roles."""
    return User.objects.create_user(username, password=PASSWORD, roles=list(roles))


def with_password(user: User) -> User:
    """The same, able to sign in."""
    user.set_password(PASSWORD)
    user.save()
    return user
