"""An auditor without a mouse: every control of every room is reached in order, and time travel needs keys alone."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.handler import handle_all
from bank.identity.models import Role
from ledger.runner import drain
from tests.journeys.person import Person
from tests.journeys.walks import somebody_new
from tests.steps import BY, an_account, deposit
from tests.web.people import Customer

pytestmark = pytest.mark.django_db(transaction=True)

Somebody = Callable[..., Person]

# Numbers what can be worked, in the order of the page; one of a group of radio buttons stands for all.
NUMBER = """() => {
    const wanted = 'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]';
    const groups = new Set();
    let count = 0;
    for (const one of document.querySelectorAll(wanted)) {
        if (one.disabled || one.tabIndex < 0 || !one.checkVisibility({checkVisibilityCSS: true})) continue;
        if (one.type === 'radio') {
            if (groups.has(one.name)) continue;
            groups.add(one.name);
        }
        one.dataset.nth = count++;
    }
    return count;
}"""
WHERE = "() => document.activeElement.dataset.nth ?? (document.activeElement === document.body ? 'none' : 'other')"


def reached(page: Page) -> tuple[list[int], int]:
    """The numbers of what the Tab key comes to, in its order, and how many there are."""
    count = page.evaluate(NUMBER)
    order: list[int] = []
    # A field for a moment takes several presses, one for each of its parts.
    for _press in range(2 * count + 40):
        page.keyboard.press("Tab")
        where = page.evaluate(WHERE)
        if where.isdigit() and (not order or order[-1] != int(where)):
            if int(where) in order:
                break
            order.append(int(where))
        if len(order) == count:
            break
    return order, count


def test_every_control_of_the_rooms_is_reached_in_the_order_of_the_page(somebody: Somebody, ada: Customer) -> None:
    drain()
    person = somebody(signed_in=somebody_new("auditor", Role.AUDITOR))
    account = f"/audit/streams/{ada.account_id}"
    for path in (
        "/audit",
        "/audit/events",
        "/audit/events/1",
        "/audit/commands",
        "/audit/streams",
        account,
        f"{account}/difference?from=1&to=2",
        f"{account}/balance",
        "/audit/refusals",
        "/audit/actors",
        "/audit/verification",
        "/audit/exports",
    ):
        person.open(path)
        order, count = reached(person.page)
        assert order == list(range(count)), path


def test_time_travel_by_keys_alone(somebody: Somebody) -> None:
    account_id = an_account(5_00)
    handle_all([deposit(account_id, 1_00) for _ in range(8)], by=BY)
    drain()
    person = somebody(signed_in=somebody_new("auditor", Role.AUDITOR))
    person.open(f"/audit/streams/{account_id}")
    page = person.page
    _is_at(page, 10)
    page.locator("#version-slider").press("ArrowLeft")
    _is_at(page, 9)
    page.locator("#version-slider").press("Home")
    _is_at(page, 1)
    page.locator("#step-on").press("Enter")
    _is_at(page, 2)
    page.locator("#step-on").press("Enter")
    _is_at(page, 3)
    page.get_by_label("Version", exact=True).focus()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("7")
    page.keyboard.press("Enter")
    _is_at(page, 7)


def _is_at(page: Page, version: int) -> None:
    """Shown, and all in place: what was swapped in a moment ago does not listen yet."""
    expect(page.locator("#place-heading")).to_have_text(re.compile(rf"Version {version} of 10\b"))
    expect(page.locator(".htmx-added, .htmx-settling, .htmx-swapping, .htmx-request")).to_have_count(0)
