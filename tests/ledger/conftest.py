"""Fixtures of the ledger's tests."""

from pathlib import Path

import pytest
from pytest_django import Settings


@pytest.fixture
def own_key(settings: Settings, tmp_path: Path) -> Path:
    """The place of a signing key that no other test has; the key is made with the first signature."""
    settings.LEDGER_SIGNING_KEY = ""
    settings.LEDGER_PUBLIC_KEYS = []
    settings.LEDGER_SIGNING_KEY_FILE = tmp_path / "signing_key"
    return tmp_path / "signing_key"
