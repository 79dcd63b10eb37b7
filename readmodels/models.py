"""The read side's tables, each defined in its projection's file."""

from readmodels.activity import ActivityHourRow
from readmodels.average_balances import BalanceDayRow
from readmodels.balance_distribution import BalanceBandRow, ReportedBalanceRow
from readmodels.balances import AccountRow
from readmodels.cash_position import CashDayRow
from readmodels.command_search import CommandSearchRow
from readmodels.customers import CustomerRow
from readmodels.daily_flows import DailyFlow
from readmodels.dormant_accounts import LastInitiatedRow
from readmodels.event_counts import EventCountRow
from readmodels.event_search import EventSearchRow
from readmodels.general_ledger import GeneralLedgerRow, JournalRow
from readmodels.growth import GrowthDayRow
from readmodels.largest_movements import LargeMovementRow
from readmodels.movements import MovementRow
from readmodels.record_jobs import RecordJobRow
from readmodels.stream_states import StreamStateRow
from readmodels.webhook_endpoints import WebhookEndpointRow

__all__ = [
    "AccountRow",
    "ActivityHourRow",
    "BalanceBandRow",
    "BalanceDayRow",
    "CashDayRow",
    "CommandSearchRow",
    "CustomerRow",
    "DailyFlow",
    "EventCountRow",
    "EventSearchRow",
    "GeneralLedgerRow",
    "GrowthDayRow",
    "JournalRow",
    "LargeMovementRow",
    "LastInitiatedRow",
    "MovementRow",
    "RecordJobRow",
    "ReportedBalanceRow",
    "StreamStateRow",
    "WebhookEndpointRow",
]
