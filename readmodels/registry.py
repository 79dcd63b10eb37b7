"""The table of contents of the read side."""

from ledger.projections import Projection
from readmodels import (
    balances,
    commands,
    customers,
    daily_flows,
    events,
    general_ledger,
    history,
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
    general_ledger.PROJECTION,
    payees.PROJECTION,
    notifications.PROJECTION,
    history.PROJECTION,
    events.PROJECTION,
    commands.PROJECTION,
)
