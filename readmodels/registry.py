"""The table of contents of the read side."""

from ledger.projections import Projection
from readmodels import (
    activity,
    average_balances,
    balance_distribution,
    balances,
    cash_position,
    commands,
    customers,
    daily_flows,
    dormant_accounts,
    events,
    general_ledger,
    growth,
    history,
    largest_movements,
    movements,
    notifications,
    payees,
    webhook_endpoints,
)

PROJECTIONS: tuple[Projection, ...] = (
    customers.PROJECTION,
    balances.PROJECTION,
    webhook_endpoints.PROJECTION,
    movements.PROJECTION,
    daily_flows.PROJECTION,
    cash_position.PROJECTION,
    balance_distribution.PROJECTION,
    average_balances.PROJECTION,
    growth.PROJECTION,
    largest_movements.PROJECTION,
    dormant_accounts.PROJECTION,
    activity.PROJECTION,
    general_ledger.PROJECTION,
    payees.PROJECTION,
    notifications.PROJECTION,
    history.PROJECTION,
    events.PROJECTION,
    commands.PROJECTION,
)
