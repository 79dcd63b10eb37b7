"""The pages for what goes wrong on the bank's side have no barrier, either: wide and narrow, light and dark."""

from collections.abc import Callable

import pytest
from pytest_django import Settings

from tests.journeys.person import Person
from tests.journeys.walks import barriers
from tests.web.people import Customer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey, pytest.mark.timeout(180)]


@pytest.mark.parametrize(
    ("path", "status", "heading"),
    [
        ("/our-mistake", 500, "Something went wrong on our side"),
        ("/database-away", 503, "The bank is pausing for a moment"),
    ],
)
@pytest.mark.parametrize("is_known", [True, False], ids=["signed in", "stranger"])
def test_the_page_is_calm_for_everybody(
    somebody: Callable[..., Person],
    ada: Customer,
    settings: Settings,
    path: str,
    status: int,
    heading: str,
    is_known: bool,
) -> None:
    person = somebody(signed_in=ada.user if is_known else None)
    settings.ROOT_URLCONF = "tests.journeys.broken_bank"
    person.open(path)
    assert person.heading == heading
    assert barriers(person) == []
    person.complaints[:] = [complaint for complaint in person.complaints if f"status of {status}" not in complaint]
