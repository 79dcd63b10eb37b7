"""Every screen, full, empty and with something wrong: no barrier, light and dark, wide and narrow."""

from collections.abc import Callable, Iterator, Mapping

import pytest

from accounts.account_commands import FreezeAccount
from bank.identity.models import Role, User
from ledger.runner import drain
from tests.journeys.conftest import PASSWORD
from tests.journeys.person import Person
from tests.spec import AT, envelope
from tests.steps import an_account, deposit, do, transfer, withdraw
from tests.web.people import Customer, a_customer_with_login, add_payee

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey, pytest.mark.timeout(300)]
Somebody = Callable[..., Person]
# A screen is (its name, how to get there); the person walks from one to the next.
Screens = Iterator[tuple[str, Person]]

LONG_WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_no_screen_has_a_barrier(
    somebody: Somebody, ada: Customer, grace: Customer, teller: User, width: int, colours: str
) -> None:
    something_happened(ada, grace)
    profile = {"viewport": {"width": width, "height": 900}, "color_scheme": colours}
    barriers = {}
    for walk in (
        strangers_screens,
        customers_screens,
        tasks_in_every_state,
        staff_screens,
        security_screens,
    ):
        for name, person in walk(somebody, profile, ada, grace, teller):
            if found := person.barriers():
                barriers[name] = found
    assert barriers == {}


def test_nothing_is_cut_off_on_the_narrowest_screen(
    somebody: Somebody, ada: Customer, grace: Customer, teller: User
) -> None:
    """Reflow at 320 pixels (WCAG 1.4.10)."""
    something_happened(ada, grace)
    profile = {"viewport": {"width": 320, "height": 600}}
    too_wide = []
    for walk in (
        strangers_screens,
        customers_screens,
        tasks_in_every_state,
        staff_screens,
        security_screens,
    ):
        for name, person in walk(somebody, profile, ada, grace, teller):
            if person.page.evaluate("document.documentElement.scrollWidth > 320"):
                too_wide.append(name)
    assert too_wide == []


def something_happened(ada: Customer, grace: Customer) -> None:
    """Movements of every kind, a second account, hostile lengths, figures in the reports."""
    an_account(123_456_789_00, customer_id=ada.customer_id, name=LONG_WORD, overdraft_limit_minor=1_000_000_00)
    for number in range(28):
        do(withdraw(ada.account_id, 1_00 + number, reference=f"Coffee {number}", counterparty="Café Lambda"))
    do(transfer(ada.account_id, grace.account_id, 5_00, reference=LONG_WORD))
    do(transfer(grace.account_id, ada.account_id, 1_00))
    do(deposit(ada.account_id, 20_00, counterparty=LONG_WORD))
    add_payee(ada.customer_id, LONG_WORD, grace.account.iban)
    drain()


def strangers_screens(somebody: Somebody, profile: Mapping[str, object], *_: object) -> Screens:
    stranger = somebody(**profile)
    stranger.open("/sign-in")
    yield "sign in", stranger
    stranger.press("Sign in")
    yield "sign in, nothing typed", stranger
    stranger.open("/nowhere")
    yield "not found", stranger


def customers_screens(
    somebody: Somebody, profile: Mapping[str, object], ada: Customer, grace: Customer, teller: User
) -> Screens:
    person = somebody(signed_in=ada.user, **profile)
    yield "overview", person
    account = f"/accounts/{ada.account_id}"
    for name, path in {
        "account": account,
        "account, filtered": f"{account}?kind=withdrawal&q=coffee&min=1",
        "account, filters that find nothing": f"{account}?q=nothing",
        "account, filters that are wrong": f"{account}?from=x&min=y",
        "movement": f"{account}/movements/30",
        "balance explained, from the opening": f"{account}/explained",
        "balance explained, brought forward": f"{account}/movements/30/explained?after=25",
        "event that moved nothing": f"{account}/events/1",
        "choose an account": "/withdraw",
        "payees": "/payees",
        "add payee": "/payees/add",
        "an account that is not there": f"/accounts/{grace.account_id}",
    }.items():
        person.open(path)
        yield name, person
    fresh = _with_password(a_customer_with_login("fresh", "Fresh Start"))
    newcomer = somebody(signed_in=fresh.user, **profile)
    yield "overview, nothing moved yet", newcomer
    newcomer.open(f"/accounts/{fresh.account_id}")
    yield "account, nothing moved yet", newcomer
    newcomer.open("/payees")
    yield "payees, none yet", newcomer
    newcomer.open("/payees/add")
    newcomer.press("Continue")
    yield "add payee, nothing filled in", newcomer
    newcomer.fill("Name", LONG_WORD)
    newcomer.fill("IBAN", grace.account.iban)
    newcomer.press("Continue")
    yield "add payee, check", newcomer
    nobody = _user("nobody", Role.CUSTOMER)
    yield "nothing to see", somebody(signed_in=nobody, **profile)


def tasks_in_every_state(
    somebody: Somebody, profile: Mapping[str, object], ada: Customer, grace: Customer, teller: User
) -> Screens:
    person = somebody(signed_in=ada.user, **profile)
    account = f"/accounts/{ada.account_id}"
    person.open(f"{account}/transfer")
    yield "transfer", person
    person.press("Continue")
    yield "transfer, nothing filled in", person
    person.page.get_by_label("Another account, by its IBAN").check(force=True)
    person.fill("IBAN", grace.account.iban)
    person.sees("This is an account at this bank.")
    yield "transfer, with the hint", person
    person.fill("Amount", "5")
    person.fill("Reference (optional)", LONG_WORD)
    person.press("Continue")
    yield "check", person
    do(deposit(ada.account_id, 1, at=AT))
    person.press("Transfer now")
    yield "check, stale", person
    person.press("Transfer now")
    yield "receipt", person
    person.page.go_back()
    yield "already done", person
    person.open(f"{account}/withdraw?draft=edited")
    yield "draft refused", person
    person.open(f"{account}/withdraw")
    person.fill("Amount", "999999")
    person.press("Continue")
    yield "refused", person
    frozen = an_account(5_00, customer_id=ada.customer_id, name="Frozen")
    do(FreezeAccount(account_id=frozen, **envelope()))
    person.open(f"/accounts/{frozen}/withdraw")
    yield "can't be done now", person
    person.open(f"/accounts/{frozen}")
    yield "frozen account", person


def security_screens(
    somebody: Somebody, profile: Mapping[str, object], ada: Customer, grace: Customer, teller: User
) -> Screens:
    person = somebody(signed_in=teller, **profile)
    person.open("/security")
    yield "security", person
    person.go("Make token")
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


def staff_screens(
    somebody: Somebody, profile: Mapping[str, object], ada: Customer, grace: Customer, teller: User
) -> Screens:
    desk = somebody(signed_in=teller, **profile)
    yield "customers", desk
    desk.press("Find customer")
    yield "customers, nothing typed", desk
    desk.fill("Name, email or IBAN", "Everyday")
    desk.press("Find customer")
    yield "customers, found", desk
    desk.fill("Name, email or IBAN", "nobody at all")
    desk.press("Find customer")
    yield "customers, none found", desk
    account = f"/accounts/{ada.account_id}"
    for path in (
        f"/customers/{ada.customer_id}",
        f"/customers/{ada.customer_id}/open-account",
        "/customers/register",
        account,
        *(f"{account}/{task}" for task in ("deposit", "freeze", "unfreeze", "overdraft", "close")),
        "/reports/daily-flows",
        f"/reports/daily-flows?from={AT.date()}&to={AT.date()}",
        "/reports/daily-flows?from=x",
    ):
        desk.open(path)
        yield f"teller: {path.replace(str(ada.account_id), 'ID').replace(str(ada.customer_id), 'ID')}", desk


def _user(username: str, *roles: Role) -> User:
    return User.objects.create_user(username, password=PASSWORD, roles=list(roles))


def _with_password(customer: Customer) -> Customer:
    customer.user.set_password(PASSWORD)
    customer.user.save()
    return customer
