"""The paths of the operations' pages."""

from typing import Final

from django.urls import URLPattern, path

from bank.web.pages.operations.index import operations_index
from bank.web.pages.operations.jobs import jobs_page
from bank.web.pages.operations.machinery import machinery_page
from bank.web.pages.operations.projections import PATHS as PROJECTION_PATHS
from bank.web.pages.operations.reconciliation import reconciliation_page
from bank.web.pages.operations.runbook import runbook_page

PATHS: Final[list[URLPattern]] = [
    path("operations", operations_index, name="operations"),
    *PROJECTION_PATHS,
    path("operations/jobs", jobs_page, name="operations_jobs"),
    path("operations/machinery", machinery_page, name="operations_machinery"),
    path("operations/runbook", runbook_page, name="runbook"),
    path("operations/reconciliation", reconciliation_page, name="reconciliation"),
]
