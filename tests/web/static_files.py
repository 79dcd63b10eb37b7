"""Static files collected once a session: pages name them by the manifest, as in the running bank."""

import pytest
from django.core.management import call_command


@pytest.fixture(scope="session")
def static_files() -> None:
    """What `make run` does before it opens the door."""
    call_command("collectstatic", interactive=False, verbosity=0)
