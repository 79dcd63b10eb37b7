"""Steps of a task that tests take again and again."""

from uuid import UUID

from bank.web import drafts
from tests.web.pages import Browser, Page
from tests.web.people import Customer


def path(customer: Customer, task: str) -> str:
    return f"/accounts/{customer.account_id}/{task}"


def drafted(browser: Browser, customer: Customer, task: str = "withdraw", **values: str) -> Page:
    """The check page."""
    page = browser.send(browser.open(path(customer, task)), "Continue", **({"amount": "100"} | values))
    assert page.status == 303, page.text
    return browser.follow(page)


def drafted_id(check: Page, customer: Customer, button: str = "Withdraw now") -> UUID:
    """The id that the check page's command will have."""
    return UUID(drafts._opened(check.form(button).fields["draft"], customer.user)["command_id"])
