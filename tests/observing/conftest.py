"""Real processes, pages that can be shown, and a database that is away."""

from collections.abc import Iterator

import pytest
from django.db import connection

from ledger.connections import close_pool
from tests.faults.conftest import site
from tests.web.static_files import static_files

__all__ = ["site", "static_files"]


@pytest.fixture
def database_away(transactional_db: None) -> Iterator[None]:
    """PostgreSQL cannot be reached, from this thread nor from the command path."""
    parameters = connection.settings_dict
    host = parameters["HOST"]
    connection.close()
    close_pool()
    parameters["HOST"] = "/nonexistent"
    yield
    parameters["HOST"] = host
    close_pool()
