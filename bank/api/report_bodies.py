"""What reports look like: one typed dict a row, and the functions that fill them."""

from typing import TypedDict

from bank.api.bodies import MoneyBody, money
from bank.api.schema import kinds
from ledger.records import rfc3339
from readmodels.activity import HourOfWeek
from readmodels.average_balances import DayOfBalances
from readmodels.balance_distribution import Band
from readmodels.cash_position import CashDay
from readmodels.daily_flows import Flow
from readmodels.dormant_accounts import DormantAccount
from readmodels.general_ledger import JournalEntry, Turnover
from readmodels.growth import GrowthDay
from readmodels.largest_movements import LargeMovement


class DailyFlowBody(TypedDict):
    """What came or went on one day, in one currency, by one kind of movement."""

    date: kinds.Day
    kind: kinds.MovementKind
    count: kinds.Count
    amount: MoneyBody


class CashDayBody(TypedDict):
    """A day on which money came from outside or left: `closing` is `opening` + `deposits` - `withdrawals`."""

    date: kinds.Day
    opening: MoneyBody
    deposits_count: kinds.Count
    deposits: MoneyBody
    withdrawals_count: kinds.Count
    withdrawals: MoneyBody
    closing: MoneyBody


class DayOfBalancesBody(TypedDict):
    """The end of a day: all balances in a currency, the accounts that were open, and the balance of one on average."""

    date: kinds.Day
    balance: MoneyBody
    accounts: kinds.Count
    average: MoneyBody


class BandBody(TypedDict):
    """How many open accounts hold at least so much and less than so much (null: no end on that side)."""

    currency: kinds.CurrencyCode
    at_least: MoneyBody | None
    below: MoneyBody | None
    accounts: kinds.Count
    total: MoneyBody


class GrowthDayBody(TypedDict):
    """A day with changes. `customers` and (open) `accounts`: how many there were at its end."""

    date: kinds.Day
    customers_registered: kinds.Count
    customers_erased: kinds.Count
    customers: kinds.Count
    accounts_opened: kinds.Count
    accounts_closed: kinds.Count
    accounts_frozen: kinds.Count
    accounts_unfrozen: kinds.Count
    accounts: kinds.Count


class LargeMovementBody(TypedDict):
    """A movement that is among the largest; a transfer is its sender's. `position` is that of its event."""

    position: kinds.Position
    date: kinds.Day
    kind: kinds.MovementKind
    amount: MoneyBody
    account_id: kinds.Id
    counterparty_account_id: kinds.Id | None
    occurred_at: kinds.Moment


class DormantAccountBody(TypedDict):
    """An open account and the last day on which a movement was initiated on it. The balance is the present one."""

    account_id: kinds.Id
    last_on: kinds.Day
    status: kinds.AccountStatus
    balance: MoneyBody


class HourOfWeekBody(TypedDict):
    """An hour (0 to 23) of a weekday (1 Monday to 7 Sunday) by the bank's clock."""

    weekday: kinds.Count
    hour: kinds.Count
    count: kinds.Count
    amount: MoneyBody


class RefusalsBody(TypedDict):
    """How often commands were refused for one reason on one day (UTC, by the time of recording)."""

    date: kinds.Day
    reason: str
    count: kinds.Count


class TrialBalanceLineBody(TypedDict):
    """All that was posted to an account class up to and with a day. `balance` is `debits` less `credits`."""

    account_class: kinds.AccountClass
    debits: MoneyBody
    credits: MoneyBody
    balance: MoneyBody
    postings: kinds.Count


class GeneralLedgerDayBody(TypedDict):
    """What was posted to an account class on one day, and its balance at the end: debits less credits."""

    date: kinds.Day
    account_class: kinds.AccountClass
    debits: MoneyBody
    credits: MoneyBody
    balance: MoneyBody
    postings: kinds.Count


class JournalEntryBody(TypedDict):
    """An event that moved money (`position`: its place in the book), and the two account classes it is posted to."""

    position: kinds.Position
    type: str
    debit: kinds.AccountClass
    credit: kinds.AccountClass
    amount: MoneyBody


def daily_flow_body(flow: Flow) -> DailyFlowBody:
    return {
        "date": flow.date.isoformat(),
        "kind": flow.kind,
        "count": flow.count,
        "amount": money(flow.amount_minor, flow.currency),
    }


def cash_day_body(day: CashDay) -> CashDayBody:
    return {
        "date": day.date.isoformat(),
        "opening": money(day.opening_minor, day.currency),
        "deposits_count": day.in_count,
        "deposits": money(day.in_minor, day.currency),
        "withdrawals_count": day.out_count,
        "withdrawals": money(day.out_minor, day.currency),
        "closing": money(day.closing_minor, day.currency),
    }


def day_of_balances_body(day: DayOfBalances) -> DayOfBalancesBody:
    return {
        "date": day.date.isoformat(),
        "balance": money(day.balance_minor, day.currency),
        "accounts": day.accounts,
        "average": money(day.average_minor, day.currency),
    }


def band_body(band: Band) -> BandBody:
    return {
        "currency": band.currency,
        "at_least": None if band.from_minor is None else money(band.from_minor, band.currency),
        "below": None if band.below_minor is None else money(band.below_minor, band.currency),
        "accounts": band.accounts,
        "total": money(band.total_minor, band.currency),
    }


def growth_day_body(day: GrowthDay) -> GrowthDayBody:
    return {
        "date": day.date.isoformat(),
        "customers_registered": day.customers_registered,
        "customers_erased": day.customers_erased,
        "customers": day.customers,
        "accounts_opened": day.accounts_opened,
        "accounts_closed": day.accounts_closed,
        "accounts_frozen": day.accounts_frozen,
        "accounts_unfrozen": day.accounts_unfrozen,
        "accounts": day.accounts,
    }


def large_movement_body(movement: LargeMovement) -> LargeMovementBody:
    other = movement.counterparty_account_id
    return {
        "position": movement.position,
        "date": movement.date.isoformat(),
        "kind": movement.kind,
        "amount": money(movement.amount_minor, movement.currency),
        "account_id": str(movement.account_id),
        "counterparty_account_id": None if other is None else str(other),
        "occurred_at": rfc3339(movement.occurred_at),
    }


def dormant_account_body(account: DormantAccount) -> DormantAccountBody:
    return {
        "account_id": str(account.account_id),
        "last_on": account.last_on.isoformat(),
        "status": account.status,
        "balance": money(account.balance_minor, account.currency),
    }


def hour_of_week_body(hour: HourOfWeek) -> HourOfWeekBody:
    return {
        "weekday": hour.weekday,
        "hour": hour.hour,
        "count": hour.count,
        "amount": money(hour.amount_minor, hour.currency),
    }


def trial_balance_line_body(line: Turnover) -> TrialBalanceLineBody:
    return {
        "account_class": line.account_class.value,
        "debits": money(line.debit_minor, line.currency),
        "credits": money(line.credit_minor, line.currency),
        "balance": money(line.balance_minor, line.currency),
        "postings": line.count,
    }


def general_ledger_day_body(row: tuple[Turnover, int]) -> GeneralLedgerDayBody:
    turnover, closing_minor = row
    return {
        "date": str(turnover.day),
        "account_class": turnover.account_class.value,
        "debits": money(turnover.debit_minor, turnover.currency),
        "credits": money(turnover.credit_minor, turnover.currency),
        "balance": money(closing_minor, turnover.currency),
        "postings": turnover.count,
    }


def journal_entry_body(entry: JournalEntry) -> JournalEntryBody:
    return {
        "position": entry.position,
        "type": entry.type,
        "debit": entry.debit.value,
        "credit": entry.credit.value,
        "amount": money(entry.amount_minor, entry.currency),
    }
