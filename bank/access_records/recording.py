"""Leaving a record before anybody but the customer is shown a customer's data.

It is written in the request, by one statement, and committed before the answer is made: where it cannot be written, the
data are not shown. What customers see of themselves leaves none and costs no statement. What is masked (the list that a
search finds) leaves none either: the page behind it does.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import Error, OperationalError
from django.http import HttpRequest

from accounts.outcome import Outcome
from bank.identity import policy
from bank.identity.models import User
from bank.web.middleware import correlation_id
from readmodels import parties, prepared

WEB: Final = "web"
API: Final = "api"
ADMIN: Final = "admin"


@dataclass(frozen=True, slots=True)
class Look:
    """Whose data are about to be shown, and which account's where they are those of one."""

    customer_id: UUID
    account_id: UUID | None = None


class AccessNotRecorded(OperationalError):
    """The record could not be written. To pages and API alike the database is away (503): nothing is shown."""


# Number and time are PostgreSQL's to give: the web may write the other columns only.
_INSERT: Final = """
insert into access_record (actor, roles, customer_id, account_id, route, channel, correlation_id)
select %(actor)s, %(roles)s::text[], look.customer_id, look.account_id, %(route)s, %(channel)s, %(correlation_id)s
from unnest(%(customers)s::uuid[], %(accounts)s::uuid[]) with ordinality as look (customer_id, account_id, number)
order by look.number
returning true
"""


def record_looks(request: HttpRequest, person: User, looks: Iterable[Look], channel: str = WEB) -> None:
    """One record each, but for the person's own data. Raises AccessNotRecorded."""
    own = policy.customer_of(person)
    others = list(dict.fromkeys(look for look in looks if look.customer_id != own))
    if not others:
        return
    match = request.resolver_match
    values: dict[str, Any] = {
        "actor": policy.actor_of(person, channel).id,
        "roles": list(person.roles),
        "route": f"/{match.route}" if match else request.path,
        "channel": channel,
        "correlation_id": correlation_id(request),
        "customers": [look.customer_id for look in others],
        "accounts": [look.account_id for look in others],
    }
    try:
        # Where the connection broke it is sent again: rather two records of one look than none.
        prepared.fetch_all(_INSERT, values)
    except Error as error:
        raise AccessNotRecorded("a look at a customer's data could not be recorded") from error


def looks_at_outcome(person: User, outcome: Outcome) -> list[Look]:
    """Of the accounts and customers that a command wrote, those that this person may see. Asks nothing."""
    accounts = [account for account in outcome.accounts.values() if policy.may_see_account(person, account)]
    customers = outcome.customers if policy.may_see_customers(person) else ()
    return [*(Look(a.customer_id, a.account_id) for a in accounts), *(Look(customer_id) for customer_id in customers)]


def looks_at_streams(stream_ids: Collection[UUID]) -> list[Look]:
    """Whose data events of these streams are; those of no customer (log-ins, webhooks) are nobody's."""
    return [Look(customer_id, account_id) for customer_id, account_id in parties.holders(stream_ids)]
