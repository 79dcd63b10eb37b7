"""What every fault test stands on: an empty bank, and a place for real processes."""

from collections.abc import Iterator

import pytest

from tests.faults.processes import Site, a_site


@pytest.fixture
def site(transactional_db: None) -> Iterator[Site]:
    """Processes that are killed before the database is emptied."""
    with a_site() as found:
        yield found
