"""Rows on their way into a statement: as VALUES where there are one or two, as one JSON text where there are many.

Measured: a part read by json_to_recordset costs some 30 microseconds before its first row, which a batch of a thousand
does not feel and a batch of one does. VALUES cost psycopg an adaptation for each value, the other way round.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Final

import msgspec
from psycopg.types.numeric import Int2, Int4, Int8

from ledger.codec import encode_json

# psycopg chooses an integer's type by its size, and each combination of types would be prepared anew: fix it.
_ADAPT: Final[dict[str, Callable[[Any], Any]]] = {
    "bigint": Int8,
    "integer": Int4,
    "smallint": Int2,
    "jsonb": lambda value: encode_json(value).decode(),
}
# Beyond 50 parameters psycopg parses the statement's text anew each time.
AT_MOST_VALUES: Final = 2

Row = dict[str, Any]


class Part(msgspec.Struct, frozen=True):
    """A CTE of the append: `columns` of its rows ("i uuid, d bigint"), `sql` that reads them from {rows}, alias r."""

    columns: str
    sql: str

    def cte(self, name: str, count: int) -> str:
        """The body of the CTE for `count` rows of the part `name`."""
        if count > AT_MOST_VALUES:
            return self.sql.format(rows=f"json_to_recordset(%({name})s::json) as r({self.columns})")
        columns = _columns(self.columns)
        values = (", ".join(f"%({name}_{column}{n})s::{kind}" for column, kind in columns) for n in range(count))
        tuples = ", ".join(f"({row})" for row in values)
        return self.sql.format(rows=f"(values {tuples}) as r({', '.join(column for column, _ in columns)})")


def parameters(parts: Mapping[str, tuple[Part, Sequence[Row]]]) -> dict[str, Any]:
    """The parameters that the CTEs of these parts take."""
    found: dict[str, Any] = {}
    for name, (part, rows) in parts.items():
        if len(rows) > AT_MOST_VALUES:
            found[name] = encode_json(rows).decode()
            continue
        for column, kind in _columns(part.columns):
            adapt = _ADAPT.get(kind)
            for n, row in enumerate(rows):
                value = row.get(column)
                found[f"{name}_{column}{n}"] = value if adapt is None or value is None else adapt(value)
    return found


@cache
def _columns(columns: str) -> tuple[tuple[str, str], ...]:
    """(name, type) of each column."""
    pairs = (column.split() for column in columns.split(", "))
    return tuple((name, kind) for name, kind in pairs)
