"""The session's own PostgreSQL and Valkey, up before Django reads its settings; loaded by name from pyproject.toml."""

from collections.abc import Generator
from contextlib import ExitStack

import pytest

from bank.ops.testservices import own_servers

_STACK = pytest.StashKey[ExitStack]()


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """pytest-django loads the settings in this hook, so the servers must stand before it.

    Nothing is started where no test runs.
    """
    options = early_config.known_args_namespace
    if not (options.help or options.version):
        stack = early_config.stash.setdefault(_STACK, ExitStack())
        home = stack.enter_context(own_servers())
        (home / "static").mkdir()  # WhiteNoise warns where it is missing, and warnings are errors
        early_config.add_cleanup(stack.close)
    yield
