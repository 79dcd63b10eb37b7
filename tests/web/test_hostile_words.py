"""Every line of text that a task takes: markup stays text wherever it is shown; what is no line is refused."""

from uuid import UUID

import pytest

from bank.identity.models import Role
from readmodels import finding
from tests.web.pages import Browser, Page
from tests.web.people import Customer, a_login

pytestmark = pytest.mark.django_db(transaction=True)

MARKUP = "\"><img src=x onerror=alert(1)>'&{{7*7}}"
NO_LINES = ("a\nb", "a\u202eb", "a\u2028b", "a\x00b", "   ", "x" * 999, "x" * 20_000)
# Form, the button that confirms, the field, what else is filled in; {a} is ada's account, {c} ada, {i} grace's IBAN.
FIELDS = [
    ("/accounts/{a}/withdraw", "Withdraw now", "reference", {"amount": "1"}),
    ("/accounts/{a}/deposit", "Deposit now", "reference", {"amount": "1"}),
    ("/accounts/{a}/transfer", "Transfer now", "reference", {"amount": "1", "to": "iban", "iban": "{i}"}),
    ("/accounts/{a}/rename", "Rename account", "name", {}),
    ("/accounts/{a}/freeze", "Freeze account", "reason", {}),
    ("/customers/{c}/open-account", "Open account", "name", {"currency": "EUR", "overdraft_limit": "0"}),
    ("/customers/register", "Register customer", "name", {}),
    ("/payees/add", "Add payee", "name", {"iban": "{i}"}),
    ("/webhooks/register", "Register webhook", "description", {"url": "https://hooks.example.com/"}),
]
by_field = pytest.mark.parametrize(
    ("form", "confirm", "field", "others"), FIELDS, ids=lambda value: value if isinstance(value, str) else ""
)


@pytest.fixture
def letters(ada: Customer, grace: Customer) -> dict[str, UUID | str]:
    return {"a": ada.account_id, "c": ada.customer_id, "i": grace.account.iban}


def whose(form: str, ada: Customer) -> Browser:
    """Who is offered this task."""
    if form == "/payees/add":
        return Browser.signed_in(ada.user)
    return Browser.signed_in(a_login("staff", Role.TELLER, Role.OPERATIONS))


def sent(browser: Browser, form: str, letters: dict[str, UUID | str], others: dict[str, str], **hostile: str) -> Page:
    """The form with all that it asks for, and something hostile in one field."""
    filled = {name: value.format(**letters) for name, value in others.items()}
    return browser.send(browser.open(form.format(**letters)), "Continue", **filled, **hostile)


@by_field
def test_markup_stays_text(
    ada: Customer, letters: dict[str, UUID | str], form: str, confirm: str, field: str, others: dict[str, str]
) -> None:
    browser = whose(form, ada)
    check = browser.follow(sent(browser, form, letters, others, **{field: MARKUP}))
    receipt = browser.follow(browser.send(check, confirm))
    assert receipt.status == 200
    seen = [check, receipt]
    for role in (Role.TELLER, Role.AUDITOR):
        staff = Browser.signed_in(a_login(role, role))
        seen += [staff.open(f"/accounts/{ada.account_id}"), staff.open(f"/customers/{ada.customer_id}")]
        seen += [staff.open(f"/accounts/{ada.account_id}/explained")]
    customer = Browser.signed_in(ada.user)
    seen += [customer.open(url) for url in ("/", "/payees", "/notifications", f"/accounts/{ada.account_id}/transfer")]
    assert MARKUP in check.text
    for page in seen:
        assert page.status == 200
        assert "<img src=x" not in page.html, page.url


@by_field
def test_what_is_no_line_of_text_is_marked_and_nothing_happens(
    ada: Customer, letters: dict[str, UUID | str], form: str, confirm: str, field: str, others: dict[str, str]
) -> None:
    browser = whose(form, ada)
    is_optional = field in {"reference", "description"}
    for text in NO_LINES:
        page = sent(browser, form, letters, others, **{field: text})
        if is_optional and not text.strip():
            assert page.status == 303
            continue
        assert page.status == 422, repr(text[:10])
        assert 'aria-invalid="true"' in page.html
    assert finding.customers("xxx", 5) == []
    assert (ada.account.version, ada.account.balance_minor) == (2, 500_00)


@pytest.mark.parametrize("limit", ["-1", "1e3", "NaN", "", "0.001", "9" * 30, "<b>1</b>", "1,000", "\u0661"])
def test_a_limit_that_is_no_amount_is_marked(ada: Customer, limit: str) -> None:
    teller = Browser.signed_in(a_login("teller", Role.TELLER))
    page = teller.send(teller.open(f"/accounts/{ada.account_id}/overdraft"), "Continue", overdraft_limit=limit)
    assert page.status == 422
    assert 'aria-invalid="true"' in page.html
