"""Words that try to be more than words, wherever people leave some: no browser runs them, no page breaks on them."""

from collections.abc import Callable

import pytest

from accounts.account_commands import FreezeAccount
from bank.identity.models import Role, User
from ledger.runner import drain
from tests.journeys.conftest import PASSWORD
from tests.journeys.person import Person
from tests.journeys.walks import NARROWEST, with_password
from tests.spec import envelope
from tests.steps import an_account, deposit, do, transfer
from tests.web.people import Customer, a_customer_with_login, add_payee

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey, pytest.mark.timeout(180)]
Somebody = Callable[..., Person]

SCRIPT = "</title></textarea></script><script>document.title='run'</script>"
PICTURE = "\"><img src=/no.png onerror=document.title='run'>"
LETTERS = "Zͫa̷l͑g̈o \u200f\u0639\u0631\u0628\u064a \U0001f469\u200d\U0001f469 " + "W" * 40
INJECTED = "script:not([src]):not([type]), img, [onerror], style"


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_nobody_who_reads_them_runs_them(somebody: Somebody, ada: Customer, grace: Customer, scripts: bool) -> None:
    mallory = a_customer_with_login("mallory", f"Mallory {SCRIPT}", balance_minor=100_00)
    with_password(mallory.user)
    named = an_account(5_00, customer_id=mallory.customer_id, name=PICTURE)
    for reference, counterparty in ((SCRIPT, PICTURE), (PICTURE, LETTERS), (LETTERS, SCRIPT)):
        do(deposit(mallory.account_id, 1_00, reference=reference, counterparty=counterparty))
        do(transfer(mallory.account_id, ada.account_id, 1_00, reference=reference))
    add_payee(mallory.customer_id, LETTERS, grace.account.iban)
    add_payee(mallory.customer_id, PICTURE, ada.account.iban)
    do(FreezeAccount(account_id=named, reason=SCRIPT, **envelope()))
    drain()
    staff = User.objects.create_user("staff", password=PASSWORD, roles=[Role.TELLER, Role.AUDITOR])
    account, frozen = f"/accounts/{mallory.account_id}", f"/accounts/{named}"
    own = [
        account,
        frozen,
        f"{account}/transfer",
        f"{frozen}/withdraw",
        "/payees",
        "/notifications",
        f"{account}/explained",
    ]
    pages = {
        mallory.user: ["/", *own, f"{account}?q=%3Cscript%3E", f"{account}/movements/4", f"{frozen}/events/3"],
        ada.user: ["/", f"/accounts/{ada.account_id}", f"/accounts/{ada.account_id}/movements/3", "/notifications"],
        staff: [f"/customers/{mallory.customer_id}", account, frozen, f"{frozen}/events/3", f"{frozen}/close"],
    }
    wide = []
    for user, paths in pages.items():
        person = somebody(signed_in=user, java_script_enabled=scripts, viewport=NARROWEST)
        for path in paths:
            person.open(path)
            person.page.locator("h1").wait_for()
            assert person.page.title() != "run", path
            assert person.page.locator(INJECTED).count() == 0, path
            wide += [path for _ in person.cut_off()]
    assert wide == []
