"""Rows on their way into a statement: each column as one array in PostgreSQL's binary form.

A statement has as many parameters for one row as for ten thousand, so each kind of batch is prepared a few times: one
row is sent as plain values, two are taken from the arrays as VALUES, which saves the server its function scans, more by
unnest. Packing a
column is a few calls for all its rows; psycopg's own arrays cost an adaptation for each value, and one JSON document
for all columns costs the server twice the time (all were measured: docs/PERFORMANCE.md).
"""

import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import chain, repeat
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

import msgspec
import psycopg
from psycopg.abc import AdaptContext
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
# The binary form of jsonb is this byte and the text.
_JSONB_VERSION: Final = b"\x01"
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
        elif count == 1:
            rows = f"(values ({', '.join(f'%({name}_{column})s::{kind}' for column, kind in columns)}))"
        else:
            tuples = (", ".join(f"({array})[{n}]" for array in arrays) for n in range(1, count + 1))
            rows = f"(values {', '.join(f'({row})' for row in tuples)})"
        return self.sql.format(rows=f"{rows} as r({', '.join(column for column, _ in columns)})")


def parameters(parts: Mapping[str, tuple[Part, Sequence[Row]]]) -> dict[str, Any]:
    """The parameters that the CTEs of these parts take."""
    found: dict[str, Any] = {}
    for name, (part, rows) in parts.items():
        columns = _columns(name, part.columns)
        if len(rows) == 1:
            for (parameter, kind), value in zip(columns, rows[0], strict=True):
                found[parameter] = kind.value(value)
        else:
            for (parameter, kind), values in zip(columns, zip(*rows, strict=True), strict=True):
                found[parameter] = kind.column(values)
    return found


def uuids(values: Sequence[UUID]) -> bytes:
    """The parameter `uuid[]` of these values: `= any(%s)` with a thousand ids in a tenth of the usual time."""
    return _KINDS["uuid"].column(values)


def integers(values: Sequence[int]) -> bytes:
    """The parameter `integer[]` of these values."""
    return _KINDS["integer"].column(values)


class _Dump(Dumper):
    format = Format.BINARY
    sent_as = 0

    def __init__(self, cls: type, context: AdaptContext | None = None) -> None:
        super().__init__(cls, context)
        # Not `oid` of the class: psycopg would take this dumper for everybody's values of that type in a COPY.
        self.oid = self.sent_as

    def dump(self, obj: Any) -> Buffer:
        return obj  # type: ignore[no-any-return]


def _bytes_of(name: str, oid: int) -> type[bytes]:
    """Bytes that are sent as this type: psycopg finds the type of a parameter by its class."""
    kind: type[bytes] = type(name, (bytes,), {})
    psycopg.adapters.register_dumper(kind, type(f"{name}_dump", (_Dump,), {"sent_as": oid}))
    return kind


class _Kind:
    """A column's type. `pack_one` makes the bytes of a value, `pack` those of many, each behind its length."""

    __slots__ = ("_empty", "_one", "_only_null", "_pack", "_pack_one", "array", "oid", "single")

    def __init__(
        self,
        name: str,
        oid: int,
        array_oid: int,
        pack_one: Callable[[Any], bytes],
        pack: Callable[[Sequence[Any]], bytes],
    ) -> None:
        self.oid = oid
        self.single = _bytes_of(name, oid)
        self.array = _bytes_of(f"{name}_array", array_oid)
        self._pack_one = pack_one
        self._pack = pack
        self._one = _HEADER(1, 0, oid, 1, 1)
        self._empty = self.array(struct.pack(">iiI", 0, 0, oid))
        self._only_null = self.array(_HEADER(1, 1, oid, 1, 1) + _NULL)

    def value(self, value: Any) -> bytes | None:
        """One value of this type, for psycopg to send."""
        return None if value is None else self.single(self._pack_one(value))

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
    # Events of one command share their metadata.
    packed, last, one = [], values, b""
    for value in values:
        if value is not last:
            text = encode_json(value)
            last, one = value, _LENGTH(len(text) + 1) + _JSONB_VERSION + text
        packed.append(one)
    return b"".join(packed)


def _microseconds(value: datetime) -> int:
    return (value - _EPOCH) // _MICROSECOND


def _times(values: Sequence[datetime]) -> bytes:
    return _numbers("q", 8)([_microseconds(value) for value in values])


_INT2, _INT4, _INT8 = (struct.Struct(f">{code}").pack for code in "hiq")

_KINDS: Final = {
    name: _Kind(name, oid, array_oid, pack_one, pack)
    for name, oid, array_oid, pack_one, pack in (
        ("uuid", 2950, 2951, attrgetter("bytes"), _uuids),
        ("text", 25, 1009, str.encode, lambda values: _sized([value.encode() for value in values])),
        ("bytea", 17, 1001, bytes, _sized),
        ("jsonb", 3802, 3807, lambda value: _JSONB_VERSION + encode_json(value), _json),
        ("smallint", 21, 1005, _INT2, _numbers("h", 2)),
        ("integer", 23, 1007, _INT4, _numbers("i", 4)),
        ("bigint", 20, 1016, _INT8, _numbers("q", 8)),
        ("timestamptz", 1184, 1185, lambda value: _INT8(_microseconds(value)), _times),
    )
}


@cache
def _columns(name: str, columns: str) -> tuple[tuple[str, _Kind], ...]:
    """(parameter, kind) of each column of the part `name`."""
    pairs = (column.split() for column in columns.split(", "))
    return tuple((f"{name}_{column}", _KINDS[kind]) for column, kind in pairs)
