"""Kinds of text and numbers in answers: plain types to Python, formats, patterns and examples to the document."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

MOST_INTEGER: Final = 2**63 - 1


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """The keywords of JSON Schema that an annotated type adds to its own."""

    keywords: Mapping[str, Any]


Id = Annotated[str, Kind({"format": "uuid", "examples": ["01a207d8-6c9a-75cc-b3c6-9bc47ed14fd7"]})]
# Written as this bank writes them: UTC, microseconds, Z.
Moment = Annotated[
    str,
    Kind(
        {
            "format": "date-time",
            "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z$",
            "examples": ["2026-03-29T01:00:00.000000Z"],
        }
    ),
]
Day = Annotated[str, Kind({"format": "date", "examples": ["2026-03-29"]})]
Decimals = Annotated[
    str,
    Kind(
        {
            "pattern": r"^-?[0-9]+(\.[0-9]+)?$",
            "examples": ["25.00"],
            "description": "Exactly the currency's decimals. Below zero in answers only.",
        }
    ),
]
CurrencyCode = Annotated[
    str,
    Kind({"pattern": "^[A-Z]{3}$", "examples": ["EUR"], "description": "A currency code of ISO 4217."}),
]
Iban = Annotated[
    str,
    Kind({"pattern": "^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$", "examples": ["LU729991870500056350"]}),
]
Version = Annotated[
    int,
    Kind({"minimum": 1, "examples": [7], "description": "How many events the account has; also in its ETag."}),
]
Count = Annotated[int, Kind({"minimum": 0, "examples": [3]})]
Position = Annotated[
    int,
    Kind({"minimum": 0, "maximum": MOST_INTEGER, "examples": [1042], "description": "A place in the book of events."}),
]
Hash = Annotated[
    str,
    Kind({"pattern": "^[0-9a-f]{64}$", "examples": ["5f" * 32], "description": "SHA-256 in hexadecimal."}),
]
ConsistencyToken = Annotated[
    str,
    Kind(
        {
            "pattern": "^[A-Za-z0-9_-]+$",
            "examples": ["Zf9UqAUinV0DnUS8uRoDq9YAAAAC"],
            "description": "Hand it to a report as `consistent_with`. Opaque.",
        }
    ),
]
Cursor = Annotated[
    str,
    Kind(
        {
            "pattern": "^[A-Za-z0-9_-]+$",
            "examples": ["q4Yx0W8nZ1k7MTAw"],
            "description": "Where the list goes on. Opaque, and of this list only.",
        }
    ),
]
Code = Annotated[
    str,
    Kind({"pattern": "^[a-z][a-z0-9_]*$", "examples": ["insufficient_funds"], "description": "Stable: branch on it."}),
]
Actor = Annotated[
    str,
    Kind({"examples": ["user:7"], "description": "Who acted: a user, or a part of the bank itself."}),
]
Channel = Annotated[str, Kind({"examples": ["api"], "description": "The door it came through."})]
ProblemStatus = Annotated[int, Kind({"minimum": 400, "maximum": 599, "examples": [422]})]
AccountStatus = Annotated[
    str,
    Kind(
        {
            "enum": ["open", "frozen", "closed"],
            "description": "`open` lets everything through, `frozen` credits only, `closed` nothing.",
        }
    ),
]
MovementKind = Annotated[str, Kind({"enum": ["deposit", "withdrawal", "transfer_sent", "transfer_received"]})]
AccountClass = Annotated[str, Kind({"enum": ["cash", "customer_deposits", "transfers_in_transit"]})]
