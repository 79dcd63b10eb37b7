"""Small folders in the data set's format, made up here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from random import Random

ACCOUNT_HEADER = '"account_id";"district_id";"frequency";"date"'
CLIENT_HEADER = '"client_id";"birth_number";"district_id"'
DISPOSITION_HEADER = '"disp_id";"client_id";"account_id";"type"'
MOVEMENT_HEADER = '"trans_id";"account_id";"date";"type";"operation";"amount";"balance";"k_symbol";"bank";"account"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of a trans file. Amounts in hellers; `change` is negative for a debit."""

    trans_id: int
    account_id: int
    day: date
    change: int
    balance: int
    operation: str = ""
    k_symbol: str = ""
    bank: str = ""
    account: str = ""

    def line(self) -> str:
        kind = "PRIJEM" if self.change > 0 else "VYDAJ"
        operation = self.operation or ("VKLAD" if self.change > 0 else "VYBER")
        bank, account = (text and f'"{text}"' for text in (self.bank, self.account))
        return (
            f'{self.trans_id};{self.account_id};{self.day:%y%m%d};"{kind}";"{operation}";{czk(abs(self.change))};'
            f'{czk(self.balance)};"{self.k_symbol}";{bank};{account}'
        )


def czk(hellers: int) -> str:
    sign = "-" if hellers < 0 else ""
    return f"{sign}{abs(hellers) // 100}.{abs(hellers) % 100:02d}"


def chained(account_id: int, *changes_by_day: tuple[date, Sequence[int]], first_id: int = 1) -> list[Row]:
    """Rows whose balances follow one on the other from zero."""
    balance, rows = 0, list[Row]()
    for day, changes in changes_by_day:
        for change in changes:
            balance += change
            trans_id = first_id + len(rows)
            rows.append(Row(trans_id=trans_id, account_id=account_id, day=day, change=change, balance=balance))
    return rows


def write_folder(
    folder: Path, rows: Iterable[Row], *, opened: dict[int, date] | None = None, name: str = "trans-1993.asc"
) -> Path:
    """A whole folder: client N0 owns account N, and client N1 may use it."""
    rows = list(rows)
    opened = opened if opened is not None else {row.account_id: date(1993, 1, 1) for row in rows}
    folder.mkdir(exist_ok=True)
    write(folder / "account.asc", ACCOUNT_HEADER, (f'{a};1;"POPLATEK MESICNE";{d:%y%m%d}' for a, d in opened.items()))
    write(folder / "client.asc", CLIENT_HEADER, (f'{a}{n};"706213";18' for a in opened for n in (0, 1)))
    roles = ((a, n, role) for a in opened for n, role in enumerate(("OWNER", "DISPONENT")))
    write(folder / "disp.asc", DISPOSITION_HEADER, (f'{a}{n};{a}{n};{a};"{role}"' for a, n, role in roles))
    write(folder / name, MOVEMENT_HEADER, (row.line() for row in rows))
    return folder


def write(path: Path, header: str, lines: Iterable[str]) -> None:
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")


def random_bank(seed: str, *, accounts: int, days: int, a_day: int = 2) -> list[Row]:
    """Shuffled within each day; now and then interest is rounded, so that the balances drift."""
    chance = Random(seed)  # noqa: S311 - the same every time
    balances = dict.fromkeys(range(1, accounts + 1), 0)
    rows: list[Row] = []
    for number in range(days):
        day = date(1993, 1, 1) + timedelta(days=number)
        todays: list[Row] = []
        for account_id in balances:
            for _ in range(chance.randint(0, 2 * a_day)):
                change = chance.choice((1, -1)) * chance.randint(1, 500) * 10
                drift = chance.choice((10, -10)) if chance.random() < 0.02 else 0
                balances[account_id] += change + drift
                todays.append(
                    Row(trans_id=0, account_id=account_id, day=day, change=change, balance=balances[account_id])
                )
        chance.shuffle(todays)
        rows += todays
    return [replace(row, trans_id=number) for number, row in enumerate(rows, 1)]
