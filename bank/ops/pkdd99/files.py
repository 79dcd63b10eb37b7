"""Reading the data set's files: semicolons, one header line, quotes around text, YYMMDD, amounts in CZK.

A row that cannot be read is reported with its file and line and left out; the rows around it are read all the same.
"""

import csv
import re
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, TypeVar

from accounts.invalid import InvalidCommand
from accounts.money import parse_amount
from accounts.text import REFERENCE_LENGTH, clean_text

CURRENCY = "CZK"

_ACCOUNT_COLUMNS = ("account_id", "date")
_CLIENT_COLUMNS = ("client_id",)
_DISPOSITION_COLUMNS = ("client_id", "account_id", "type")
_MOVEMENT_COLUMNS = (
    *("trans_id", "account_id", "date", "type", "operation"),
    *("amount", "balance", "k_symbol", "bank", "account"),
)
_SIGNS = {"PRIJEM": 1, "VYDAJ": -1, "VYBER": -1}
_ROLES = ("OWNER", "DISPONENT")

_ID = re.compile(r"[0-9]{1,18}\Z")
_DATE = re.compile(r"[0-9]{6}\Z")
_LINE_BYTES = 10_000
_SHOWN_LENGTH = 40
_LINES_PER_REPORT = 1_000


class FolderUnreadable(Exception):
    """The folder lacks a file, or a file its header: there is nothing to begin with."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A row that was left out, and why."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}"


Report = Callable[[Problem], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedAccount:
    """An account of account.asc with its OWNER of disp.asc."""

    account_id: int
    client_id: int
    opened_date: date
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """A row of a trans file. `change_minor` is negative for a debit; the texts are the file's own, untranslated."""

    trans_id: int
    account_id: int
    date: date
    change_minor: int
    balance_minor: int
    operation: str
    purpose: str
    counterparty: str


def movement_files(folder: Path) -> list[Path]:
    """The folder's trans*.asc in the order of their names."""
    files = sorted(path for path in folder.glob("trans*.asc") if path.is_file())
    if not files:
        raise FolderUnreadable(f"There is no trans*.asc in {folder}.")
    return files


def read_accounts(folder: Path, report: Report) -> dict[int, ListedAccount]:
    """The accounts by id; one without an owner among the clients is reported and left out."""
    opened: dict[int, tuple[int, date]] = {}

    def parse(fields: list[str]) -> tuple[int, date]:
        account_id, opened_date = _id(fields[0], "account_id"), _date(fields[1])
        if account_id in opened:
            raise _Unreadable(f"account {account_id} is in line {opened[account_id][0]} already")
        return account_id, opened_date

    for line, (account_id, opened_date) in _read(folder / "account.asc", _ACCOUNT_COLUMNS, parse, report):
        opened[account_id] = line, opened_date
    owners = _read_owners(folder, opened, report)
    for account_id, (line, _) in opened.items():
        if account_id not in owners:
            report(Problem("account.asc", line, f"account {account_id} has no OWNER in disp.asc"))
    return {
        account_id: ListedAccount(
            account_id=account_id, client_id=owners[account_id], opened_date=opened_date, line=line
        )
        for account_id, (line, opened_date) in opened.items()
        if account_id in owners
    }


def read_movements(
    path: Path, accounts: Container[int], report: Report, reached: Callable[[int], None] = lambda _: None
) -> Iterator[tuple[int, Movement]]:
    """The movements of one file with their lines; one of an account that is not among `accounts` is reported.

    `reached` hears now and then how many bytes have been read.
    """

    def parse(fields: list[str]) -> Movement:
        movement = _movement(fields)
        if movement.account_id not in accounts:
            raise _Unreadable(f"account {movement.account_id} is unknown")
        return movement

    return _read(path, _MOVEMENT_COLUMNS, parse, report, reached)


class _Unreadable(ValueError):
    """Why a row cannot be read, in words."""


_Row = TypeVar("_Row")


def _read_owners(folder: Path, accounts: Container[int], report: Report) -> dict[int, int]:
    """The client who is the OWNER, by account."""
    clients = {
        client_id
        for _, client_id in _read(
            folder / "client.asc", _CLIENT_COLUMNS, lambda fields: _id(fields[0], "client_id"), report
        )
    }
    owners: dict[int, int] = {}

    def parse(fields: list[str]) -> tuple[int, int, str]:
        client_id, account_id, role = _id(fields[0], "client_id"), _id(fields[1], "account_id"), fields[2]
        if role not in _ROLES:
            raise _Unreadable(f"type {_shown(role)} is none of {', '.join(_ROLES)}")
        if client_id not in clients:
            raise _Unreadable(f"client {client_id} is unknown")
        if account_id not in accounts:
            raise _Unreadable(f"account {account_id} is unknown")
        if role == "OWNER" and account_id in owners:
            raise _Unreadable(f"account {account_id} has client {owners[account_id]} as its OWNER already")
        return client_id, account_id, role

    for _, (client_id, account_id, role) in _read(folder / "disp.asc", _DISPOSITION_COLUMNS, parse, report):
        if role == "OWNER":
            owners[account_id] = client_id
    return owners


def _movement(fields: list[str]) -> Movement:
    trans_id, account_id, day, kind, operation, amount, balance, k_symbol, bank, partner = fields
    sign = _SIGNS.get(kind)
    if sign is None:
        raise _Unreadable(f"type {_shown(kind)} is none of {', '.join(_SIGNS)}")
    return Movement(
        trans_id=_id(trans_id, "trans_id"),
        account_id=_id(account_id, "account_id"),
        date=_date(day),
        change_minor=sign * _minor(amount, "amount"),
        balance_minor=_balance(balance),
        operation=_text(operation, "operation"),
        purpose=_text(k_symbol, "k_symbol"),
        counterparty=_counterparty(bank, partner),
    )


def _id(text: str, column: str) -> int:
    if not _ID.match(text):
        raise _Unreadable(f"{column} {_shown(text)} is not a number")
    return int(text)


@lru_cache(maxsize=10_000)
def _date(text: str) -> date:
    """YYMMDD in the 1900s, as the data set has it."""
    try:
        if not _DATE.match(text):
            raise ValueError(text)
        return date(1900 + int(text[:2]), int(text[2:4]), int(text[4:]))
    except ValueError:
        raise _Unreadable(f"date {_shown(text)} is not a day as YYMMDD") from None


def _minor(text: str, column: str, *, allow_zero: bool = False) -> int:
    try:
        return parse_amount(text, CURRENCY, allow_zero=allow_zero).minor
    except InvalidCommand as error:
        raise _Unreadable(f"{column} {_shown(text)}: {error.message}") from None


def _balance(text: str) -> int:
    if text.startswith("-"):
        return -_minor(text[1:], "balance", allow_zero=True)
    return _minor(text, "balance", allow_zero=True)


def _text(text: str, column: str) -> str:
    try:
        return clean_text(text, column, max_length=REFERENCE_LENGTH)
    except InvalidCommand as error:
        raise _Unreadable(f"{column} {_shown(text)}: {error.message}") from None


def _counterparty(bank: str, partner: str) -> str:
    """Czech style, account/bank. Cash and interest have none: empty, or 0."""
    bank, partner = bank.strip(), partner.strip()
    return _text("/".join(part for part in (partner, bank) if part and part != "0"), "account")


def _shown(text: str) -> str:
    """Quoted, short, and safe for a terminal."""
    return ascii(text if len(text) <= _SHOWN_LENGTH else text[:_SHOWN_LENGTH] + "...")


def _read(
    path: Path,
    columns: tuple[str, ...],
    parse: Callable[[list[str]], _Row],
    report: Report,
    reached: Callable[[int], None] = lambda _: None,
) -> Iterator[tuple[int, _Row]]:
    """What `parse` makes of the named columns of each row, with its line."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise FolderUnreadable(f"Cannot read {path}: {error.strerror}.") from error
    with file:
        picked: list[int] = []
        width = 0
        for line, raw in _lines(file):
            try:
                fields = _fields(raw)
                if not width:
                    picked, width = _header(path, fields, columns), len(fields)
                    continue
                if len(fields) != width:
                    raise _Unreadable(f"{len(fields)} columns instead of {width}")
                row = parse([fields[index] for index in picked])
            except _Unreadable as problem:
                if not width:
                    raise FolderUnreadable(f"{path.name}:{line}: {problem}") from None
                report(Problem(path.name, line, str(problem)))
            else:
                yield line, row
            if line % _LINES_PER_REPORT == 0:
                reached(file.tell())
    if not width:
        raise FolderUnreadable(f"{path.name} is empty: its first line has to name the columns.")


def _lines(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Lines that hold something. One too long for any row is cut short (and then has no closing quote or column)."""
    number = 0
    while raw := file.readline(_LINE_BYTES):
        number += 1
        tail = raw
        while len(tail) == _LINE_BYTES and not tail.endswith(b"\n"):
            tail = file.readline(_LINE_BYTES)
        if stripped := raw.strip(b"\r\n\x1a"):
            yield number, stripped


def _fields(raw: bytes) -> list[str]:
    """Each line by itself, so that a quote left open spoils its own line only."""
    if len(raw) >= _LINE_BYTES - 2:
        raise _Unreadable(f"longer than {_LINE_BYTES} bytes")
    try:
        fields = next(csv.reader((raw.decode("utf-8-sig"),), delimiter=";", strict=True))
    except UnicodeDecodeError:
        raise _Unreadable("not text in UTF-8") from None
    except csv.Error as error:
        raise _Unreadable(f"not separated by semicolons with quotes in pairs ({error})") from None
    return fields


def _header(path: Path, fields: list[str], columns: tuple[str, ...]) -> list[int]:
    names = [field.strip().lower() for field in fields]
    if missing := [column for column in columns if column not in names]:
        raise FolderUnreadable(f"{path.name}:1: the first line does not name the column {missing[0]}.")
    return [names.index(column) for column in columns]
