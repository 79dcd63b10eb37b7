"""Waking whoever rebuilds projections, without waiting and without failing: beat finds what was asked for, too."""

import logging

from bank.ops.wakeups import ask_for

logger = logging.getLogger(__name__)


def wake_rebuilder() -> None:
    """Ask for the rebuilds that somebody wants. Never raises."""
    try:
        ask_for("ledger.rebuild")
    except Exception as error:  # noqa: BLE001 - whatever ails the broker, the request stands in the database
        logger.warning("cannot wake the workers: %s", error)
