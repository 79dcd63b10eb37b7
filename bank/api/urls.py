"""The resources of version 1. Whatever is none of them is a 404 of the API, not of the pages."""

from django.urls import path, re_path

from bank.api.base import NoSuchResource
from bank.api.views.accounts import AccountsView, AccountView, MovementsView
from bank.api.views.audit import CommandView, EventView
from bank.api.views.batches import BatchesView
from bank.api.views.books import GeneralLedgerView, JournalView, TrialBalanceView
from bank.api.views.customers import CustomersView, CustomerView
from bank.api.views.feed import EventsView
from bank.api.views.me import MeView
from bank.api.views.payments import DepositsView, TransfersView, WithdrawalsView
from bank.api.views.projections import PauseView, ProjectionsView, ProjectionView, RebuildView, ResumeView
from bank.api.views.record import CheckpointsView, StreamEventsView, StreamView, VerificationView
from bank.api.views.reports import (
    ActivityView,
    AverageBalancesView,
    BalanceDistributionView,
    CashPositionView,
    DailyFlowsView,
    DormantAccountsView,
    GrowthView,
    LargestMovementsView,
    RefusalsView,
    ReportsView,
)
from bank.api.views.steering import CloseView, FreezeView, OverdraftLimitView, UnfreezeView
from bank.api.views.webhook_deliveries import DeliveriesView, DeliveryView
from bank.api.views.webhooks import (
    DeleteWebhookEndpointView,
    DisableWebhookEndpointView,
    EnableWebhookEndpointView,
    ReplayWebhookView,
    RotateWebhookSecretView,
    TestWebhookEndpointView,
    WebhookEndpointsView,
    WebhookEndpointView,
)

app_name = "api"

# Ids are plain strings here: what is no id is answered by the view, in the same words as an id that nobody has.
urlpatterns = [
    path("me", MeView.as_view(), name="me"),
    path("customers", CustomersView.as_view(), name="customers"),
    path("customers/<str:customer_id>", CustomerView.as_view(), name="customer"),
    path("accounts", AccountsView.as_view(), name="accounts"),
    path("accounts/<str:account_id>", AccountView.as_view(), name="account"),
    path("accounts/<str:account_id>/transactions", MovementsView.as_view(), name="transactions"),
    path("accounts/<str:account_id>/deposits", DepositsView.as_view(), name="deposits"),
    path("accounts/<str:account_id>/withdrawals", WithdrawalsView.as_view(), name="withdrawals"),
    path("accounts/<str:account_id>/freeze", FreezeView.as_view(), name="freeze"),
    path("accounts/<str:account_id>/unfreeze", UnfreezeView.as_view(), name="unfreeze"),
    path("accounts/<str:account_id>/close", CloseView.as_view(), name="close"),
    path("accounts/<str:account_id>/overdraft-limit", OverdraftLimitView.as_view(), name="overdraft-limit"),
    path("transfers", TransfersView.as_view(), name="transfers"),
    path("batches", BatchesView.as_view(), name="batches"),
    path("commands/<str:command_id>", CommandView.as_view(), name="command"),
    path("events", EventsView.as_view(), name="events"),
    path("events/<str:position>", EventView.as_view(), name="event"),
    path("streams/<str:stream_id>", StreamView.as_view(), name="stream"),
    path("streams/<str:stream_id>/events", StreamEventsView.as_view(), name="stream-events"),
    path("ledger/verification", VerificationView.as_view(), name="verification"),
    path("ledger/checkpoints", CheckpointsView.as_view(), name="checkpoints"),
    path("projections", ProjectionsView.as_view(), name="projections"),
    path("projections/<str:name>", ProjectionView.as_view(), name="projection"),
    path("projections/<str:name>/pause", PauseView.as_view(), name="pause-projection"),
    path("projections/<str:name>/resume", ResumeView.as_view(), name="resume-projection"),
    path("projections/<str:name>/rebuild", RebuildView.as_view(), name="rebuild-projection"),
    path("reports", ReportsView.as_view(), name="reports"),
    path("reports/activity", ActivityView.as_view(), name="activity"),
    path("reports/average_balances", AverageBalancesView.as_view(), name="average-balances"),
    path("reports/balance_distribution", BalanceDistributionView.as_view(), name="balance-distribution"),
    path("reports/cash_position", CashPositionView.as_view(), name="cash-position"),
    path("reports/daily_flows", DailyFlowsView.as_view(), name="daily-flows"),
    path("reports/dormant_accounts", DormantAccountsView.as_view(), name="dormant-accounts"),
    path("reports/general_ledger", GeneralLedgerView.as_view(), name="general-ledger"),
    path("reports/growth", GrowthView.as_view(), name="growth"),
    path("reports/journal", JournalView.as_view(), name="journal"),
    path("reports/largest_movements", LargestMovementsView.as_view(), name="largest-movements"),
    path("reports/refusals", RefusalsView.as_view(), name="refusals"),
    path("reports/trial_balance", TrialBalanceView.as_view(), name="trial-balance"),
    path("webhook-endpoints", WebhookEndpointsView.as_view(), name="webhook-endpoints"),
    path("webhook-endpoints/<str:endpoint_id>", WebhookEndpointView.as_view(), name="webhook-endpoint"),
    path("webhook-endpoints/<str:endpoint_id>/disable", DisableWebhookEndpointView.as_view(), name="disable-webhook"),
    path("webhook-endpoints/<str:endpoint_id>/enable", EnableWebhookEndpointView.as_view(), name="enable-webhook"),
    path("webhook-endpoints/<str:endpoint_id>/rotate-secret", RotateWebhookSecretView.as_view(), name="rotate-webhook"),
    path("webhook-endpoints/<str:endpoint_id>/delete", DeleteWebhookEndpointView.as_view(), name="delete-webhook"),
    path("webhook-endpoints/<str:endpoint_id>/test", TestWebhookEndpointView.as_view(), name="test-webhook"),
    path("webhook-endpoints/<str:endpoint_id>/replay", ReplayWebhookView.as_view(), name="replay-webhook"),
    path("webhook-endpoints/<str:endpoint_id>/deliveries", DeliveriesView.as_view(), name="deliveries"),
    path("webhook-endpoints/<str:endpoint_id>/deliveries/<str:message_id>", DeliveryView.as_view(), name="delivery"),
    re_path(r"", NoSuchResource.as_view(), name="nothing"),
]
