"""The events that make a balance, as rows of one table with their running sum: customers and auditors see the same."""

from dataclasses import dataclass
from datetime import datetime

from django_stubs_ext import StrOrPromise


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedEvent:
    """An event as a row: what it added or took (0 where no money moved), and the sum of all events up to it.

    `balance_minor` is None from the first event on that cannot be read; without `href` it leads nowhere.
    """

    number: int
    occurred_at: datetime
    title: StrOrPromise
    detail: str
    href: str
    amount_minor: int
    balance_minor: int | None
