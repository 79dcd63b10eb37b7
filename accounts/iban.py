"""IBANs of this bank's accounts, and reading of those that people type (ISO 13616)."""

import hashlib
from uuid import UUID

from schwifty import IBAN
from schwifty.exceptions import SchwiftyException

from accounts.invalid import InvalidCommand

# A Luxembourg BBAN is a bank code of 3 and an account number of 13: room enough that numbers drawn by hash hardly ever
# meet (and where they do, the unique index of the read model refuses the second account).
COUNTRY_CODE = "LU"
BANK_CODE = "999"
_ACCOUNT_DIGITS = 13


def iban_for(account_id: UUID) -> str:
    """The IBAN of an account: derived from its id, so that the same command always asks for the same number."""
    digest = hashlib.sha256(account_id.bytes).digest()
    number = int.from_bytes(digest[:8]) % 10**_ACCOUNT_DIGITS
    return str(IBAN.generate(COUNTRY_CODE, bank_code=BANK_CODE, account_code=f"{number:0{_ACCOUNT_DIGITS}d}"))


def parse_iban(text: str, *, field: str = "iban") -> str:
    """`text` in compact upper case ("LU28 0019 4006 4475 0000" -> "LU280019400644750000").

    Raises InvalidCommand (`invalid_iban`) where country, length or check digits (ISO 7064 mod 97-10) are wrong.
    """
    try:
        return str(IBAN(text.strip()))
    except SchwiftyException:
        raise InvalidCommand(field, "invalid_iban", "Not a valid IBAN: check it for a mistyped digit.") from None


def format_iban(iban: str) -> str:
    """In groups of four, as printed on paper (ISO 13616-1)."""
    return " ".join(iban[i : i + 4] for i in range(0, len(iban), 4))
