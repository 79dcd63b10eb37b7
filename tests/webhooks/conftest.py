"""Fixtures of webhooks: a receiver, and a bank that may send to it."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests.webhooks.receiver import Receiver, a_receiver


@pytest.fixture(autouse=True)
def _settings(settings: Settings) -> None:
    """As in the demo: receivers of tests listen on this machine."""
    settings.WEBHOOKS_ALLOW_PRIVATE = True


@pytest.fixture
def receiver(transactional_db: None) -> Iterator[Receiver]:
    """Somebody outside."""
    with a_receiver() as found:
        yield found
