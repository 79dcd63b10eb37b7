"""Fixtures of the web tests: a bank with people in it, and a browser's manners without a browser."""

import pytest

from tests.web.pages import Browser
from tests.web.people import Customer, a_customer_with_login
from tests.web.static_files import static_files

__all__ = ["static_files"]


@pytest.fixture
def bank(transactional_db: None, static_files: None) -> None:
    """An empty bank that can show pages."""


@pytest.fixture
def ada(bank: None) -> Customer:
    """A customer with 500.00 EUR."""
    return a_customer_with_login("ada", "Ada Lovelace", balance_minor=500_00)


@pytest.fixture
def grace(bank: None) -> Customer:
    """Another customer with 100.00 EUR."""
    return a_customer_with_login("grace", "Grace Hopper", balance_minor=100_00)


@pytest.fixture
def browser(ada: Customer) -> Browser:
    """Ada's browser, signed in."""
    return Browser.signed_in(ada.user)
