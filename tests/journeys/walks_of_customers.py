"""Walks of a customer: everything there is to see, and a task in every state."""

from collections.abc import Iterator
from urllib.parse import quote

from accounts.account_commands import SetOverdraftLimit
from accounts.money import Money
from bank.identity.models import Role
from tests.journeys.person import Person
from tests.journeys.walks import LONG_WORD, Cast, a_frozen_account, a_newcomer, somebody_new, walk
from tests.spec import AT, envelope
from tests.steps import deposit, do

Stops = Iterator[tuple[str, Person]]


@walk(
    "web:overview",
    "web:account",
    "web:movement",
    "web:balance_explained",
    "web:movement_explained",
    "web:account_event",
    "web:movements_csv",
    "web:choose_transfer",
    "web:choose_deposit",
    "web:choose_withdraw",
    "web:payees",
    "web:add_payee",
    "web:notifications",
)
def what_a_customer_sees(cast: Cast) -> Stops:
    person = cast.somebody(signed_in=cast.ada.user)
    yield "overview", person
    account = f"/accounts/{cast.ada.account_id}"
    for name, path in {
        "account": account,
        "account, filtered": f"{account}?kind=withdrawal&q=coffee&min=1",
        "account, filters that find nothing": f"{account}?q=nothing",
        "account, filters that are wrong": f"{account}?from=x&min=y",
        "export, filters that are wrong": f"{account}/movements.csv?from=x",
        "movement": f"{account}/movements/30",
        "balance explained, from the opening": f"{account}/explained",
        "balance explained, brought forward": f"{account}/movements/30/explained?after=25",
        "event that moved nothing": f"{account}/events/1",
        "event that gave another name": f"{account}/events/{cast.ada.account.version}",
        "choose an account: transfer": "/transfer",
        "choose an account: deposit": "/deposit",
        "choose an account: withdraw": "/withdraw",
        "payees": "/payees",
        "notifications": "/notifications",
        "add payee": "/payees/add",
        "an account that is not there": f"/accounts/{cast.grace.account_id}",
        "a room of the staff's": "/customers",
    }.items():
        person.open(path)
        yield name, person


@walk("web:overview", "web:account", "web:payees", "web:add_payee", "web:add_payee_check", "web:notifications")
def where_nothing_has_happened(cast: Cast) -> Stops:
    newcomer = cast.somebody(signed_in=a_newcomer())
    yield "overview, nothing moved yet", newcomer
    newcomer.page.locator(".account-card a").click()
    yield "account, nothing moved yet", newcomer
    newcomer.open("/withdraw")
    yield "withdraw, with nothing there", newcomer
    newcomer.open("/notifications")
    yield "notifications, none yet", newcomer
    newcomer.open("/payees")
    yield "payees, none yet", newcomer
    newcomer.open("/payees/add")
    newcomer.press("Continue")
    yield "add payee, nothing filled in", newcomer
    newcomer.fill("Name", LONG_WORD)
    newcomer.fill("IBAN", cast.grace.account.iban)
    newcomer.press("Continue")
    yield "add payee, check", newcomer
    yield "nothing to see", cast.somebody(signed_in=somebody_new("nobody", Role.CUSTOMER))


@walk("web:transfer", "web:transfer_check", "web:receipt")
def a_transfer_in_every_state(cast: Cast) -> Stops:
    person = cast.somebody(signed_in=cast.ada.user)
    account = f"/accounts/{cast.ada.account_id}"
    person.open(f"{account}/transfer")
    yield "transfer", person
    person.press("Continue")
    yield "transfer, nothing filled in", person
    person.page.get_by_label("Another account, by its IBAN").check(force=True)
    person.fill("IBAN", cast.grace.account.iban)
    person.sees("This is an account at this bank.")
    yield "transfer, with the hint", person
    person.fill("Amount", "5")
    person.fill("Reference (optional)", LONG_WORD)
    person.press("Continue")
    yield "check", person
    do(SetOverdraftLimit(account_id=cast.ada.account_id, overdraft_limit=Money(5_00, "EUR"), **envelope()))
    for _ in range(7):
        do(deposit(cast.ada.account_id, 1, at=AT, counterparty=LONG_WORD))
    person.press("Transfer now")
    yield "check, stale", person
    person.press("Transfer now")
    yield "receipt", person
    person.page.go_back()
    yield "already done", person


@walk(
    "web:withdraw",
    "web:withdraw_check",
    "web:deposit",
    "web:deposit_check",
    "web:account",
    "web:remove_payee_check",
    "web:rename",
    "web:rename_check",
)
def other_tasks_in_every_state(cast: Cast) -> Stops:
    person = cast.somebody(signed_in=cast.ada.user)
    account = f"/accounts/{cast.ada.account_id}"
    for task in ("withdraw", "deposit"):
        person.open(f"{account}/{task}")
        yield task, person
        person.fill("Amount", "1")
        person.press("Continue")
        yield f"{task}, check", person
    person.open(f"{account}/rename")
    yield "rename", person
    person.fill("New name", LONG_WORD)
    person.press("Continue")
    yield "rename, check", person
    person.open(f"{account}/withdraw?draft=edited")
    yield "draft refused", person
    person.open(f"{account}/withdraw/check?draft={quote('edited')}")
    yield "check, draft refused", person
    person.open(f"{account}/withdraw")
    person.fill("Amount", "999999")
    person.press("Continue")
    yield "refused", person
    person.open("/payees")
    person.page.get_by_role("link", name="Remove").first.click()
    yield "remove payee, check", person
    frozen = a_frozen_account(cast.ada)
    person.open(f"{frozen}/withdraw")
    yield "can't be done now", person
    person.open(frozen)
    yield "frozen account", person
