"""Explain this balance in a browser: later events are added below, and the sum moves on with them."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from bank.web.pages.explanation import PAGE_SIZE
from tests.journeys.person import Person
from tests.steps import do, withdraw
from tests.web.people import Customer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey, pytest.mark.timeout(120)]


@pytest.mark.parametrize("java_script_enabled", [True, False])
def test_later_events_follow_and_the_sum_moves_on(
    somebody: Callable[..., Person], ada: Customer, java_script_enabled: bool
) -> None:
    for _ in range(PAGE_SIZE):
        do(withdraw(ada.account_id, 1_00))
    person = somebody(signed_in=ada.user, java_script_enabled=java_script_enabled)
    person.open(f"/accounts/{ada.account_id}")
    person.go("Explain this balance")
    rows, foot = person.page.locator("#explained-rows > tr"), person.page.locator("tfoot")
    expect(rows).to_have_count(PAGE_SIZE)
    expect(foot).to_contain_text("Carried forward")
    expect(foot).to_contain_text("€452.00")
    person.go("Show later events")
    expect(rows).to_have_count(PAGE_SIZE + 2 if java_script_enabled else 2)
    expect(foot).to_have_count(1)
    expect(foot).to_contain_text(f"Sum of all {PAGE_SIZE + 2} events")
    expect(foot).to_contain_text("€450.00")
    person.go("Withdrawal")
    assert person.heading == "Withdrawal"
