"""Fixtures of the jobs' tests."""

from tests.ledger.conftest import own_key

__all__ = ["own_key"]
