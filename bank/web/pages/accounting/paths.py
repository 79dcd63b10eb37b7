"""The paths of the books."""

from typing import Final

from django.urls import URLPattern, path

from bank.web.pages.accounting.general_ledger import general_ledger_csv, general_ledger_page
from bank.web.pages.accounting.journal import journal_csv, journal_page
from bank.web.pages.accounting.trial_balance import trial_balance_csv, trial_balance_page

PATHS: Final[list[URLPattern]] = [
    path("reports/trial-balance", trial_balance_page, name="trial_balance"),
    path("reports/trial-balance.csv", trial_balance_csv, name="trial_balance_csv"),
    path("reports/general-ledger", general_ledger_page, name="general_ledger"),
    path("reports/general-ledger.csv", general_ledger_csv, name="general_ledger_csv"),
    path("reports/journal", journal_page, name="journal"),
    path("reports/journal.csv", journal_csv, name="journal_csv"),
]
