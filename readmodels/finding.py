"""Finding customers: by how words of the name or the email begin, or by the beginning of an account's IBAN.

The tables are those of `customers` and `balances`, with an index for each way to ask: it stays quick in a large bank.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
from django.db import connection

IBANS_AT_MOST: Final = 3
# Country and check digits: what begins so may be an IBAN (it is looked for as a word, too). With less, nearly every
# account of the bank would fit.
_IBAN: Final = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{0,30}")
_WORD: Final = re.compile(r"[^\W_]+")
# Letters that no decomposition takes an accent off.
_PLAIN: Final = str.maketrans("łøđıß", "lodis")


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A customer, and IBANs of up to IBANS_AT_MOST accounts, those that were looked for first."""

    customer_id: UUID
    name: str
    email: str
    ibans: tuple[str, ...] = ()


_BY_WORDS: Final = """
select customer_id, name, email from readmodels_customer
where readmodels_customer_words(name, email) @@ to_tsquery('simple', %(words)s)
"""
_BY_IBAN: Final = """
select customer_id, c.name, c.email from readmodels_account a join readmodels_customer c using (customer_id)
where a.iban like %(iban)s
"""
# The name behind which the page begins is read from the row itself: an address holds no names.
_BEHIND: Final = """
where (name, customer_id) > (select name, customer_id from readmodels_customer where customer_id = %(after)s)
"""
_IBANS: Final = """
select given.id, account.iban
from unnest(%(ids)s::uuid[]) as given (id)
cross join lateral (
    select iban from readmodels_account where customer_id = given.id
    order by iban like %(iban)s desc, opened_at, account_id limit %(at_most)s
) account
"""


def customers(text: str, limit: int, after: UUID | None = None) -> list[Found]:
    """Up to `limit` customers by name, behind the customer `after`. Every word must fit; none: nobody does."""
    if not words_of(text):
        return []
    rows = _fetch(*statement(text, limit, after))
    ibans = _ibans_of([row[0] for row in rows], _pattern(text))
    return [
        Found(customer_id=customer_id, name=name, email=email, ibans=tuple(ibans.get(customer_id, ())))
        for customer_id, name, email in rows
    ]


def statement(text: str, limit: int, after: UUID | None) -> tuple[str, dict[str, Any]]:
    """The page's SQL and its values, also to be explained; `text` has at least one word."""
    pattern = _pattern(text)
    ways = [_BY_WORDS, _BY_IBAN] if pattern else [_BY_WORDS]
    words = " & ".join(f"'{word}':*" for word in words_of(text))
    sql = f"""
with found as ({" union ".join(ways)})
select customer_id, name, email from found {_BEHIND if after else ""} order by name, customer_id limit %(limit)s
"""
    return sql, {"words": words, "iban": pattern, "after": after, "limit": limit}


def _pattern(text: str) -> str:
    """What an IBAN must be like to begin so; empty where none can."""
    iban = "".join(text.split()).upper()
    return f"{iban}%" if _IBAN.fullmatch(iban) else ""


def words_of(text: str) -> list[str]:
    """Words as indexes have them: lower case, without accents, cut where punctuation stands."""
    plain = text.lower()
    if not plain.isascii():
        marked = unicodedata.normalize("NFKD", plain)
        plain = "".join(c for c in marked if not unicodedata.combining(c)).translate(_PLAIN)
    return _WORD.findall(plain)


def _ibans_of(customer_ids: Sequence[UUID], pattern: str) -> dict[UUID, list[str]]:
    found: dict[UUID, list[str]] = {}
    values = {"ids": list(customer_ids), "iban": pattern, "at_most": IBANS_AT_MOST}
    for customer_id, iban in _fetch(_IBANS, values) if customer_ids else []:
        found.setdefault(customer_id, []).append(iban)
    return found


def _fetch(statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())
