"""Rows on their way into a statement: each column as one array in PostgreSQL's binary form.

A statement has as many parameters for one row as for ten thousand, so each kind of batch is prepared once or twice: a
few rows are taken from the arrays as VALUES, which saves the server its function scans, more by unnest. Packing a
column is a few calls for all its rows; psycopg's own arrays cost an adaptation for each value, and one JSON document
for all columns costs the server twice the time (all were measured: docs/PERFORMANCE.md).
"""

import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import chain, repeat
from typing import Any, Final
from uuid import UUID

import msgspec
import psycopg
from psycopg.adapt import Buffer, Dumper
from psycopg.pq import Format

from ledger.codec import encode_json

# From so many rows on, a statement is the same for every number of them.
MANY: Final = 3

Row = tuple[Any, ...]  # values in the order of their part's columns

_LENGTH: Final = struct.Struct(">i").pack
# One dimension, whether there are nulls, the type; how many, counted from 1.
_HEADER: Final = struct.Struct(">iiIii").pack
_NULL: Final = _LENGTH(-1)
# PostgreSQL counts microseconds from here.
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class Part(msgspec.Struct, frozen=True):
    """A CTE of the append: `columns` of its rows ("i uuid, d bigint"), `sql` that reads them from {rows}, alias r."""

    columns: str
    sql: str

    def cte(self, name: str, count: int) -> str:
        """The body of the CTE of the part `name`, for `count` rows; MANY or more are the same."""
        columns = [column.split() for column in self.columns.split(", ")]
        arrays = [f"%({name}_{column})s::{kind}[]" for column, kind in columns]
        if count >= MANY:
            rows = f"unnest({', '.join(arrays)})"
        else:
            tuples = (", ".join(f"({array})[{n}]" for array in arrays) for n in range(1, count + 1))
            rows = f"(values {', '.join(f'({row})' for row in tuples)})"
        return self.sql.format(rows=f"{rows} as r({', '.join(column for column, _ in columns)})")


def parameters(parts: Mapping[str, tuple[Part, Sequence[Row]]]) -> dict[str, Any]:
    """The parameters that the CTEs of these parts take."""
    return {
        parameter: kind.column(values)
        for name, (part, rows) in parts.items()
        for (parameter, kind), values in zip(_columns(name, part.columns), zip(*rows, strict=True), strict=True)
    }


def uuids(values: Sequence[UUID]) -> bytes:
    """The parameter `uuid[]` of these values: `= any(%s)` with a thousand ids in a tenth of the usual time."""
    return _KINDS["uuid"].column(values)


def integers(values: Sequence[int]) -> bytes:
    """The parameter `integer[]` of these values."""
    return _KINDS["integer"].column(values)


class _Dump(Dumper):
    format = Format.BINARY

    def dump(self, obj: Any) -> Buffer:
        return obj  # type: ignore[no-any-return]


class _Kind:
    """A column's type. `pack` makes the bytes of values that are not null, each behind its length."""

    __slots__ = ("_empty", "_one", "_only_null", "_pack", "array", "oid")

    def __init__(self, name: str, oid: int, array_oid: int, pack: Callable[[Sequence[Any]], bytes]) -> None:
        self.oid = oid
        # psycopg finds the type of a parameter by its class.
        self.array: type[bytes] = type(f"{name}_array", (bytes,), {})
        psycopg.adapters.register_dumper(self.array, type(f"{name}_dump", (_Dump,), {"oid": array_oid}))
        self._pack = pack
        self._one = _HEADER(1, 0, oid, 1, 1)
        self._empty = self.array(struct.pack(">iiI", 0, 0, oid))
        self._only_null = self.array(_HEADER(1, 1, oid, 1, 1) + _NULL)

    def column(self, values: Sequence[Any]) -> bytes:
        """The values as an array of this type, for psycopg to send."""
        number = len(values)
        if number == 0:
            return self._empty
        first = values[0]
        if number == 1:
            return self._only_null if first is None else self.array(self._one + self._pack(values))
        # By type and by identity: UUIDs compare in Python, which a column of a thousand would feel.
        nulls = type(None) in set(map(type, values))
        if values[-1] is first and values.count(first) == number:
            packed = (_NULL if nulls else self._pack((first,))) * number
        elif nulls:
            packed = b"".join([_NULL if value is None else self._pack((value,)) for value in values])
        else:
            packed = self._pack(values)
        return self.array(_HEADER(1, nulls, self.oid, number, 1) + packed)


def _sized(values: Iterable[bytes]) -> bytes:
    return b"".join([_LENGTH(len(value)) + value for value in values])


def _numbers(code: str, size: int) -> Callable[[Sequence[int]], bytes]:
    one = struct.Struct(f">i{code}").pack

    def pack(values: Sequence[int]) -> bytes:
        if len(values) == 1:
            return one(size, values[0])
        return struct.pack(">" + f"i{code}" * len(values), *chain.from_iterable(zip(repeat(size), values)))

    return pack


def _uuids(values: Sequence[UUID]) -> bytes:
    length = _LENGTH(16)
    return b"".join([length + value.int.to_bytes(16) for value in values])


def _json(values: Sequence[Any]) -> bytes:
    # The binary form of jsonb is a version byte (1) and the text. Events of one command share their metadata.
    packed, last, one = [], values, b""
    for value in values:
        if value is not last:
            text = encode_json(value)
            last, one = value, _LENGTH(len(text) + 1) + b"\x01" + text
        packed.append(one)
    return b"".join(packed)


def _times(values: Sequence[datetime]) -> bytes:
    return _numbers("q", 8)([(value - _EPOCH) // _MICROSECOND for value in values])


_KINDS: Final = {
    name: _Kind(name, oid, array_oid, pack)
    for name, oid, array_oid, pack in (
        ("uuid", 2950, 2951, _uuids),
        ("text", 25, 1009, lambda values: _sized([value.encode() for value in values])),
        ("bytea", 17, 1001, _sized),
        ("jsonb", 3802, 3807, _json),
        ("smallint", 21, 1005, _numbers("h", 2)),
        ("integer", 23, 1007, _numbers("i", 4)),
        ("bigint", 20, 1016, _numbers("q", 8)),
        ("timestamptz", 1184, 1185, _times),
    )
}


@cache
def _columns(name: str, columns: str) -> tuple[tuple[str, _Kind], ...]:
    """(parameter, kind) of each column of the part `name`."""
    pairs = (column.split() for column in columns.split(", "))
    return tuple((f"{name}_{column}", _KINDS[kind]) for column, kind in pairs)
