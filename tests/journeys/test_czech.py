"""Banking in Czech, in a real browser: the switch, the words, the amounts, with scripts and without."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import PASSWORD
from tests.journeys.person import Person
from tests.journeys.walks import something_happened
from tests.web.people import Customer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey]
Somebody = Callable[..., Person]


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_transfer_in_czech_and_a_choice_that_stays(
    somebody: Somebody, ada: Customer, grace: Customer, scripts: bool
) -> None:
    person = somebody(java_script_enabled=scripts)
    person.open("/sign-in")
    person.press("Čeština")
    assert person.heading == "Přihlásit se"
    person.fill("Uživatelské jméno nebo e-mail", "ada")
    person.fill("Heslo", PASSWORD)
    person.press("Přihlásit se")
    assert person.heading == "Dobrý den, Ada Lovelace"
    assert person.page.locator("html").get_attribute("lang") == "cs"

    person.go("Převod")
    person.page.get_by_label("Jiný účet podle čísla IBAN").check(force=True)
    person.fill("IBAN", grace.account.iban)
    person.fill("Částka", "123,50")
    person.fill("Popis platby (nepovinný)", "Oběd")
    person.press("Pokračovat")
    person.sees("Zkontrolujte převod")
    person.sees("123,50\u00a0€")
    person.press("Převést")
    person.sees("Převod proveden")
    person.sees("376,50\u00a0€")
    expect(person.page.locator("dl.summary time")).to_have_text(re.compile(r"^\d+\.\s\d+\.\s\d{4} \d+:\d\d UTC$"))
    assert (ada.account.balance_minor, grace.account.balance_minor) == (376_50, 223_50)

    # Another browser, which asks for English: the choice is the person's.
    other = somebody(java_script_enabled=scripts, locale="en-US")
    other.open("/sign-in")
    assert other.heading == "Sign in"
    other.fill("User name or email", "ada")
    other.fill("Password", PASSWORD)
    other.press("Sign in")
    assert other.heading == "Dobrý den, Ada Lovelace"
    other.press("English")
    assert other.heading == "Hello, Ada Lovelace"


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("width", "colours"), [(390, "light"), (1280, "dark")])
def test_longer_words_make_no_barrier(
    somebody: Somebody, ada: Customer, grace: Customer, width: int, colours: str
) -> None:
    something_happened(ada, grace)
    profile = {"viewport": {"width": width, "height": 900}, "color_scheme": colours}
    person = somebody(signed_in=ada.user, **profile)
    person.press("Čeština")
    account = f"/accounts/{ada.account_id}"
    barriers = {}
    for path in (
        *("/", account, f"{account}?from=x&min=y", f"{account}/movements/30", f"{account}/explained", "/notifications"),
        *(f"{account}/transfer", f"{account}/withdraw", "/payees", "/payees/add", "/security", "/security/app/add"),
        *("/nowhere", "/security/recovery-codes"),
    ):
        person.open(path)
        if found := person.barriers():
            barriers[path] = found
    assert barriers == {}
