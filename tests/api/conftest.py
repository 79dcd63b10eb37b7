"""Clients and accounts for the tests of the API."""

from uuid import UUID

import pytest
from pytest_django import Settings

from tests.api.client import Api
from tests.api.given import Account, a_customer, a_user, an_account, api_of


@pytest.fixture(autouse=True)
def _settings(settings: Settings) -> None:
    """The bank as it is outside the demo, whatever this machine's environment says; all tests have one address."""
    settings.SELF_SERVICE_DEPOSITS = False
    settings.API_BAD_TOKEN_RATE_LIMIT = 0


@pytest.fixture
def teller(db: None) -> Api:
    return api_of(a_user("teller"))


@pytest.fixture
def auditor(db: None) -> Api:
    return api_of(a_user("auditor"))


@pytest.fixture
def ada_id(db: None) -> UUID:
    """A customer."""
    return a_customer("Ada Lovelace")


@pytest.fixture
def ada(ada_id: UUID) -> Api:
    """The customer's own client."""
    return api_of(a_user("customer", customer_id=ada_id))


@pytest.fixture
def account(ada_id: UUID) -> Account:
    """Ada's account, with 500.00 EUR."""
    return an_account(ada_id, 500_00)


@pytest.fixture
def others(db: None) -> Account:
    """An account of somebody else, with 500.00 EUR."""
    return an_account(a_customer("Grace Hopper"), 500_00)


@pytest.fixture
def self_service(settings: Settings) -> None:
    """Owners may deposit, as in the demo."""
    settings.SELF_SERVICE_DEPOSITS = True
