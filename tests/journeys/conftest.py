"""Fixtures of the journeys: the bank on a port of its own, and people at a real Chromium."""

from collections.abc import Callable, Iterator

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.test.testcases import LiveServerThread
from playwright.sync_api import Browser, sync_playwright
from pytest_django import Settings

from bank.identity.models import Role, User
from tests.journeys.person import Person
from tests.plugins import chromium
from tests.web.people import Customer, a_customer_with_login
from tests.web.static_files import static_files

__all__ = ["static_files"]

PASSWORD = "passbook-demo"


class _AsInProduction(WSGIHandler):
    """The plain application: Django's own static files for tests would stand in WhiteNoise's way."""

    def __init__(self, _media_handler: WSGIHandler) -> None:
        super().__init__()


@pytest.fixture(scope="package")
def chrome() -> Iterator[Browser]:
    """One browser process; every person gets a profile of their own.

    Playwright keeps an event loop running in this thread, which Django takes for a sign of asynchronous code.
    """
    program = chromium.executable()
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def address(transactional_db: None, static_files: None, settings: Settings) -> Iterator[str]:
    """Where the bank answers: the same WSGI application as in production, WhiteNoise included, in threads."""
    settings.SELF_SERVICE_DEPOSITS = True
    server = LiveServerThread("127.0.0.1", _AsInProduction)
    server.daemon = True
    server.start()
    assert server.is_ready.wait(20), "the server did not start"
    assert server.error is None, server.error
    yield f"http://127.0.0.1:{server.port}"
    server.terminate()


@pytest.fixture
def somebody(chrome: Browser, address: str) -> Iterator[Callable[..., Person]]:
    """Makes people at a browser; when the test ends, none of them may have seen anything in the console."""
    people: list[Person] = []

    def make(*, signed_in: User | None = None, **profile: object) -> Person:
        person = Person(chrome.new_context(**{"base_url": address, **profile}))  # type: ignore[arg-type]
        people.append(person)
        if signed_in is not None:
            person.sign_in(signed_in.username, PASSWORD)
        return person

    yield make
    complaints = [complaint for person in people for complaint in person.complaints]
    for person in people:
        person.context.close()
    assert complaints == []


@pytest.fixture
def ada(address: str) -> Customer:
    """A customer with 500.00 EUR."""
    return _with_password(a_customer_with_login("ada", "Ada Lovelace", balance_minor=500_00))


@pytest.fixture
def grace(address: str) -> Customer:
    """Another customer with 100.00 EUR."""
    return _with_password(a_customer_with_login("grace", "Grace Hopper", balance_minor=100_00))


@pytest.fixture
def teller(address: str) -> User:
    """Somebody at the cash desk."""
    return User.objects.create_user("teller", password=PASSWORD, roles=[Role.TELLER])


def _with_password(customer: Customer) -> Customer:
    customer.user.set_password(PASSWORD)
    customer.user.save()
    return customer
