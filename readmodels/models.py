"""The read side's tables, each defined in its projection's file."""

from readmodels.balances import AccountRow
from readmodels.customers import CustomerRow
from readmodels.daily_flows import DailyFlow
from readmodels.general_ledger import GeneralLedgerRow, JournalRow
from readmodels.movements import MovementRow
from readmodels.webhook_endpoints import WebhookEndpointRow

__all__ = [
    "AccountRow",
    "CustomerRow",
    "DailyFlow",
    "GeneralLedgerRow",
    "JournalRow",
    "MovementRow",
    "WebhookEndpointRow",
]
