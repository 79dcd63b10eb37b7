"""Parties: which accounts and customers there are, and whose; many at once, from the tables of both read models."""

from collections.abc import Collection
from uuid import UUID

import msgspec
from django.db import connection


class Party(msgspec.Struct, frozen=True):
    """An account and its holder's name; empty where the customer is unknown."""

    account_id: UUID
    iban: str
    customer_name: str


_ACCOUNTS = """
select a.account_id, a.iban, coalesce(c.name, '')
from readmodels_account a left join readmodels_customer c using (customer_id)
"""


def by_id(account_ids: Collection[UUID]) -> dict[UUID, Party]:
    """Those of the accounts that there are."""
    return {party.account_id: party for party in _accounts("a.account_id = any(%s)", list(account_ids))}


def by_iban(ibans: Collection[str]) -> dict[str, Party]:
    """Those of the IBANs (compact, upper case) that are accounts of this bank."""
    return {party.iban: party for party in _accounts("a.iban = any(%s)", list(ibans))}


def customer_names(customer_ids: Collection[UUID]) -> dict[UUID, str]:
    """The names of those of the customers that there are."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select customer_id, name from readmodels_customer where customer_id = any(%s)", [list(customer_ids)]
        )
        return dict(cursor.fetchall())


def holders(stream_ids: Collection[UUID]) -> list[tuple[UUID, UUID | None]]:
    """(customer, account) of those streams that are an account's; (customer, None) of those that are a customer's."""
    if not stream_ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "select customer_id, account_id from readmodels_account where account_id = any(%(ids)s)"
            " union all select customer_id, null from readmodels_customer where customer_id = any(%(ids)s)",
            {"ids": list(stream_ids)},
        )
        return [(customer_id, account_id) for customer_id, account_id in cursor.fetchall()]


def _accounts(where: str, names: list[UUID] | list[str]) -> list[Party]:
    if not names:
        return []
    with connection.cursor() as cursor:
        cursor.execute(f"{_ACCOUNTS} where {where}", [names])
        return [Party(*row) for row in cursor.fetchall()]
