"""All reports, in the order in which the index lists them."""

from typing import Final

from bank.web.reports import activity, averages, cash, distribution, dormant, flows, growth, largest, refused
from bank.web.reports.report import Report

REPORTS: Final[tuple[Report, ...]] = (
    flows.REPORT,
    cash.REPORT,
    distribution.REPORT,
    averages.REPORT,
    growth.REPORT,
    largest.REPORT,
    dormant.REPORT,
    activity.REPORT,
    refused.REPORT,
)
