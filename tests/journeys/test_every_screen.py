"""Every screen, full, empty and with something wrong: no barrier, light and dark, wide and narrow, and not a word in
the console. A new page belongs into a walk: tests/journeys/walks_of_*.py."""

from collections.abc import Callable

import pytest
from django.urls import URLPattern
from pytest_django import Settings

from bank.identity.models import User
from bank.identity.urls import urlpatterns as pages_of_the_door
from bank.web.reports.catalogue import REPORTS
from bank.web.urls import urlpatterns as pages_of_the_bank
from tests.journeys import (
    desk_screens,
    walks_of_books,
    walks_of_customers,
    walks_of_events,
    walks_of_jobs,
    walks_of_machinery,
    walks_of_operations,
    walks_of_reports,
    walks_of_staff,
    walks_of_strangers,
    walks_of_system,
    walks_of_the_log,
    walks_of_time,
)
from tests.journeys.person import Person
from tests.journeys.walks import WALKS, Cast, Walk, barriers, page_name, something_happened
from tests.web.people import Customer

assert all(
    (
        desk_screens,
        walks_of_books,
        walks_of_customers,
        walks_of_events,
        walks_of_jobs,
        walks_of_machinery,
        walks_of_operations,
        walks_of_reports,
        walks_of_staff,
        walks_of_strangers,
        walks_of_system,
        walks_of_the_log,
        walks_of_time,
    )
)

# What answers with something else than a page. A task without a form begins with its check page.
NOT_PAGES = {
    "web:theme": "goes back to the page",
    "web:language": "goes back to the page",
    "web:balance_now": "a piece of the account's page",
    "web:balances_now": "a piece of the overview",
    "web:iban_hint": "a line of the transfer's form",
    "web:audit_event_proof": "a file",
    "web:end_session": "goes back to security",
    "web:end_other_sessions": "goes back to security",
    "web:revoke_token": "goes back to security",
    "web:audit_refusals_csv": "a file; where its filters are wrong, as with the refusals",
    "web:general_ledger_csv": "a file; where its filters are wrong, as with the trial balance",
    "web:journal_csv": "a file; where its filters are wrong, as with the trial balance",
    "web:invite": "goes back to the customer",
    "web:remove_payee": "goes to its check page",
    "web:test_webhook": "goes to its check page",
    "web:enable_webhook": "goes to its check page",
    "web:replay_delivery": "goes to its check page",
    "web:pause_projection": "goes to its check page",
    "web:resume_projection": "goes to its check page",
    "web:rebuild_projection": "goes to its check page",
    "web:retry_all_parked": "goes to its check page",
    "web:retry_parked": "goes to its check page",
    **{report.file_url_name: "a file" for report in REPORTS},
    "account_logout": "goes to the sign-in",
    "mfa_login_webauthn": "goes in, or back to the sign-in",
    "mfa_index": "goes to security",
    "mfa_download_recovery_codes": "a text file",
}


@pytest.fixture
def cast(
    somebody: Callable[..., Person], ada: Customer, grace: Customer, teller: User, settings: Settings, address: str
) -> Cast:
    something_happened(ada, grace)
    return Cast(somebody=somebody, ada=ada, grace=grace, teller=teller, settings=settings, address=address)


@pytest.mark.journey
@pytest.mark.timeout(300)
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("walk", WALKS, ids=lambda walk: walk.__name__)
def test_no_screen_has_a_barrier(walk: Walk, cast: Cast) -> None:
    found, shown = {}, set()
    for name, person in walk(cast):
        shown.add(page_name(person))
        if in_the_way := barriers(person):
            found[name] = in_the_way
    assert found == {}
    assert WALKS[walk] - shown == set(), "the walk does not come past all the pages that it names"


def test_every_page_is_on_a_walk() -> None:
    names = {*_names(pages_of_the_bank, "web:"), *_names(pages_of_the_door)}
    assert sorted(names - set().union(*WALKS.values()) - set(NOT_PAGES)) == []


def test_what_is_no_page_exists() -> None:
    names = {*_names(pages_of_the_bank, "web:"), *_names(pages_of_the_door)}
    assert sorted(set(NOT_PAGES) - names) == []


def _names(patterns: list[URLPattern], namespace: str = "") -> list[str]:
    return [f"{namespace}{pattern.name}" for pattern in patterns if pattern.name]
