"""The books: trial balance, general ledger and journal; docs/JOURNAL.md says what is posted where."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.utils import timezone
from typing_extensions import override

from accounts.postings import AccountClass
from bank.api import report_bodies as bodies
from bank.api.requests import GeneralLedgerQuery, JournalQuery, TrialBalanceQuery
from bank.api.views.reporting import DaysView, ReportView, operation_of_report
from readmodels import general_ledger
from readmodels.general_ledger import JournalEntry, Turnover


class TrialBalanceView(ReportView):
    """Every account class at the end of a day (today, unless it is said), by currency: both sides are equal."""

    projection, body = general_ledger.PROJECTION.name, bodies.trial_balance_line_body
    parameters = {"GET": TrialBalanceQuery()}
    contract = operation_of_report("showTrialBalance", "Debits and credits at a date", bodies.TrialBalanceLineBody)

    @override
    def rows(self, behind: str | None) -> Sequence[Turnover]:
        return general_ledger.trial_balance(_day(self.query), self.query.get("currency"))

    @override
    def place(self, row: Turnover) -> str:
        return f"{row.currency}/{row.account_class.value}"


class GeneralLedgerView(DaysView):
    """What account classes took in on each day, and their balance at its end."""

    projection, body = general_ledger.PROJECTION.name, bodies.general_ledger_day_body
    parameters = {"GET": GeneralLedgerQuery()}
    contract = operation_of_report("showGeneralLedger", "Account classes by day", bodies.GeneralLedgerDayBody)

    @override
    def days(
        self, from_date: date, to_date: date, currency: str | None, after: tuple[str, str]
    ) -> Sequence[tuple[Turnover, int]]:
        return general_ledger.statement(
            from_date,
            to_date,
            self.query["limit"] + 1,
            currency=currency,
            account_class=_class(self.query),
            after=after,
        )

    @override
    def place(self, row: tuple[Turnover, int]) -> str:
        turnover, _ = row
        return f"{turnover.day}/{turnover.currency}/{turnover.account_class.value}"


class JournalView(ReportView):
    """The events of a day (today, unless it is said) that moved money, in the order of the book."""

    projection, body = general_ledger.PROJECTION.name, bodies.journal_entry_body
    parameters = {"GET": JournalQuery()}
    contract = operation_of_report("showJournal", "A day's postings", bodies.JournalEntryBody)

    @override
    def rows(self, behind: str | None) -> Sequence[JournalEntry]:
        return general_ledger.journal(
            _day(self.query),
            self.query["currency"],
            self.query["limit"] + 1,
            _class(self.query),
            after=int(behind or 0),
        )

    @override
    def place(self, row: JournalEntry) -> str:
        return f"{row.position:020}"


def _day(query: dict[str, Any]) -> date:
    on: date = query.get("on", timezone.now().date())
    return on


def _class(query: dict[str, Any]) -> AccountClass | None:
    chosen = query.get("account_class")
    return None if chosen is None else AccountClass(chosen)
