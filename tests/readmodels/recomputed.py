"""Every report once more, in plain Python from the stored events and the command log, by nothing of the read side's.

Days, hours, bands and sums are worked out here in another way than the projections do it: from the JSON as it is
stored, the summer time by Europe's rule, the largest by sorting everything.
"""

import json
from calendar import monthrange
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection, transaction

_SIGNS = {"DepositMade": 1, "TransferReceived": 1, "WithdrawalMade": -1, "TransferSent": -1}
_KINDS = {
    "DepositMade": "deposit",
    "WithdrawalMade": "withdrawal",
    "TransferSent": "transfer_sent",
    "TransferReceived": "transfer_received",
}
_GROWTH = {
    "CustomerRegistered": "customers_registered",
    "PersonalDataErased": "customers_erased",
    "AccountOpened": "accounts_opened",
    "AccountClosed": "accounts_closed",
    "AccountFrozen": "accounts_frozen",
    "AccountUnfrozen": "accounts_unfrozen",
}
# (debit, credit), as docs/JOURNAL.md has it.
_POSTED = {
    "DepositMade": ("cash", "customer_deposits"),
    "WithdrawalMade": ("customer_deposits", "cash"),
    "TransferSent": ("customer_deposits", "transfers_in_transit"),
    "TransferReceived": ("transfers_in_transit", "customer_deposits"),
}
_DECIMALS = {"JPY": 0, "KWD": 3}
_PAGE = 5_000


class Recomputed:
    """What every report must say. Read once from the whole sealed book."""

    def __init__(self) -> None:
        self.flows: dict[tuple[date, str, str], list[int]] = {}
        self.hours: Counter[tuple[int, int, str]] = Counter()
        self.hour_sums: Counter[tuple[int, int, str]] = Counter()
        self.growth: Counter[tuple[date, str, str]] = Counter()
        self.large: list[tuple[int, int, date, str, str]] = []  # -amount, position, day, currency, kind
        self.large_on: defaultdict[tuple[date, str], list[tuple[int, int, date, str, str]]] = defaultdict(list)
        self.balances: dict[UUID, int] = {}
        self.currency_of: dict[UUID, str] = {}
        self.last_on: dict[UUID, date] = {}
        self.closed: set[UUID] = set()
        self.accounts_opened: Counter[tuple[str, date]] = Counter()
        self.accounts_closed: Counter[tuple[str, date]] = Counter()
        self.posted: dict[tuple[date, str, str], list[int]] = {}  # debits, credits, how many, by day, currency, class
        self.journal: defaultdict[tuple[date, str], list[tuple[int, str, int]]] = defaultdict(list)
        for position, name, stream_id, data in _sealed():
            self._take(position, name, stream_id, data)
        self.large.sort()
        for movement in self.large:
            self.large_on[movement[2], movement[3]].append(movement)

    def _take(self, position: int, name: str, stream_id: UUID, data: dict[str, Any]) -> None:
        if name not in _KINDS and name not in _GROWTH:
            return
        moment = datetime.fromisoformat(data["occurred_at"]).astimezone(UTC)
        day = date(moment.year, moment.month, moment.day)
        if name in _KINDS:
            self._move(position, name, stream_id, data, moment)
            return
        if name == "AccountOpened":
            self.currency_of[stream_id] = data["currency"]
            self.balances[stream_id], self.last_on[stream_id] = 0, day
            self.accounts_opened[data["currency"], day] += 1
        elif name == "AccountClosed":
            self.closed.add(stream_id)
            self.accounts_closed[self.currency_of[stream_id], day] += 1
        self.growth[day, self.currency_of.get(stream_id, ""), _GROWTH[name]] += 1

    def _move(self, position: int, name: str, stream_id: UUID, data: dict[str, Any], moment: datetime) -> None:
        day, currency, amount = moment.date(), data["currency"], data["amount_minor"]
        total = self.flows.setdefault((day, currency, _KINDS[name]), [0, 0])
        total[0] += 1
        total[1] += amount
        self.balances[stream_id] += _SIGNS[name] * amount
        self.journal[day, currency].append((position, name, amount))
        for side, account_class in enumerate(_POSTED[name]):
            posted = self.posted.setdefault((day, currency, account_class), [0, 0, 0])
            posted[side] += amount
            posted[2] += 1
        if name != "TransferReceived":
            self.last_on[stream_id] = max(self.last_on[stream_id], day)
            self.large.append((-amount, position, day, currency, _KINDS[name]))
            local = moment + timedelta(hours=2 if _is_summer(moment) else 1)
            hour = (local.weekday() + 1, local.hour, currency)
            self.hours[hour] += 1
            self.hour_sums[hour] += amount

    def cash(self) -> list[tuple[date, str, int, int, int, int, int, int]]:
        """(day, currency, opening, how often in, in, how often out, out, closing), the newest first."""
        rows: list[tuple[date, str, int, int, int, int, int, int]] = []
        for currency in sorted({key[1] for key in self.flows}):
            position = 0
            for day in sorted({d for d, c, kind in self.flows if c == currency and kind in ("deposit", "withdrawal")}):
                came = self.flows.get((day, currency, "deposit"), [0, 0])
                went = self.flows.get((day, currency, "withdrawal"), [0, 0])
                closing = position + came[1] - went[1]
                rows.append((day, currency, position, came[0], came[1], went[0], went[1], closing))
                position = closing
        return sorted(rows, key=lambda row: (-row[0].toordinal(), row[1]))

    def statement(self) -> list[tuple[date, str, str, int, int, int, int]]:
        """(day, currency, class, debits, credits, how many, balance at the day's end), the newest first."""
        balances: Counter[tuple[str, str]] = Counter()
        rows = []
        for (day, currency, account_class), (debits, owed, count) in sorted(self.posted.items()):
            balances[currency, account_class] += debits - owed
            rows.append((day, currency, account_class, debits, owed, count, balances[currency, account_class]))
        return sorted(rows, key=lambda row: (-row[0].toordinal(), *row[1:3]))

    def trial_balance(self, day: date) -> dict[tuple[str, str], list[int]]:
        """Debits, credits and how many, by currency and class, up to and with a day."""
        found: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
        for (its_day, currency, account_class), figures in self.posted.items():
            if its_day <= day:
                found[currency, account_class] = [
                    a + b for a, b in zip(found[currency, account_class], figures, strict=True)
                ]
        return found

    def ends_of_days(self, to_date: date) -> list[tuple[date, str, int, int]]:
        """(day, currency, all balances, open accounts) of every calendar day, the newest first."""
        changes: defaultdict[str, defaultdict[date, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
        for (day, currency, kind), (_, amount) in self.flows.items():
            changes[currency][day][0] += amount if kind in ("deposit", "transfer_received") else -amount
        for (currency, day), count in self.accounts_opened.items():
            changes[currency][day][1] += count
        for (currency, day), count in self.accounts_closed.items():
            changes[currency][day][1] -= count
        rows = []
        for currency, its in changes.items():
            balance = accounts = 0
            for n in range((to_date - min(its)).days + 1):
                day = min(its) + timedelta(days=n)
                balance, accounts = balance + its[day][0], accounts + its[day][1]
                rows.append((day, currency, balance, accounts))
        return sorted(rows, key=lambda row: (-row[0].toordinal(), row[1]))

    def growth_days(self, currency: str | None) -> list[dict[str, Any]]:
        """A row a day with changes, the newest first."""
        rows, customers, accounts = [], 0, 0
        wanted = [key for key in self.growth if currency is None or key[1] in ("", currency)]
        for day in sorted({key[0] for key in wanted}):
            row = dict.fromkeys(_GROWTH.values(), 0)
            for key in wanted:
                if key[0] == day:
                    row[key[2]] += self.growth[key]
            customers += row["customers_registered"]
            accounts += row["accounts_opened"] - row["accounts_closed"]
            rows.append({"date": day, "customers": customers, "accounts": accounts, **row})
        return rows[::-1]

    def largest(
        self, from_date: date, to_date: date, currency: str, kind: str | None, limit: int
    ) -> list[tuple[int, int, date, str, str]]:
        """(-amount, position, day, currency, kind) of the largest."""
        days = [on for (day, its), on in self.large_on.items() if from_date <= day <= to_date and its == currency]
        return sorted(m for on in days for m in on if kind in (None, m[4]))[:limit]

    def dormant(self) -> list[tuple[date, UUID]]:
        """(last day, account) of every open account, the longest unused first."""
        return sorted((day, account) for account, day in self.last_on.items() if account not in self.closed)

    def bands(self) -> list[tuple[str, int, int, int]]:
        """(currency, band, accounts, sum) of the open accounts."""
        found: defaultdict[tuple[str, int], list[int]] = defaultdict(lambda: [0, 0])
        for account, minor in self.balances.items():
            if account not in self.closed:
                currency = self.currency_of[account]
                total = found[currency, _band(Decimal(minor).scaleb(-_DECIMALS.get(currency, 2)))]
                total[0] += 1
                total[1] += minor
        return sorted((currency, band, count, total) for (currency, band), (count, total) in found.items())


def refusals() -> Counter[tuple[date, str]]:
    """How often commands were refused, by day and reason: every row of the log is looked at."""
    counts: Counter[tuple[date, str]] = Counter()
    with connection.cursor() as cursor:
        cursor.execute("select recorded_at, refusal from ledger_command")
        for recorded_at, refusal in cursor.fetchall():
            if refusal is not None:
                counts[recorded_at.astimezone(UTC).date(), refusal] += 1
    return counts


def _sealed() -> Iterator[tuple[int, str, UUID, dict[str, Any]]]:
    """(position, type, stream, data as stored) of the whole book; from a server-side cursor, so that it may be long."""
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(
            "select n.position, e.type, e.stream_id, e.data::text from ledger_entry n"
            " join ledger_event e using (sequence) order by n.position"
        )
        while page := cursor.fetchmany(_PAGE):
            for position, name, stream_id, data in page:
                yield position, name, stream_id, json.loads(data)


def _is_summer(moment: datetime) -> bool:
    """Europe's rule: from one o'clock UTC of March's last Sunday to that of October's; until 1995, September's."""
    return _last_sunday(moment.year, 3) <= moment < _last_sunday(moment.year, 10 if moment.year >= 1996 else 9)


def _last_sunday(year: int, month: int) -> datetime:
    last = datetime(year, month, monthrange(year, month)[1], 1, tzinfo=UTC)
    return last - timedelta(days=(last.weekday() + 1) % 7)


def _band(amount: Decimal) -> int:
    if amount <= 0:
        return -1 if amount < 0 else 0
    band, below = 1, Decimal(1)
    while amount >= below:
        band, below = band + 1, below * 10
    return band
