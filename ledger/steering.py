"""Steering projections: pause, resume, rebuild, and what becomes of parked events.

Each is a command of the log, told once, answered the same for ever.
"""

import logging
from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import msgspec
import psycopg

from ledger import checkpoints, parking, replays
from ledger.codec import decode_json
from ledger.connections import Cursor, cursor, transaction
from ledger.errors import LedgerError, StoreUnavailable
from ledger.personal import keyed
from ledger.projections import AsyncProjection, Projection, projection_named
from ledger.rebuilding import RebuildUnderWay, is_rebuildable, rebuild
from ledger.store import Batch, CommandExists, CommandRow, LoggedCommand, append, find_commands

logger = logging.getLogger(__name__)


class Act(StrEnum):
    """What can be done; the values are the types in the command log."""

    PAUSE = "PauseProjection"
    RESUME = "ResumeProjection"
    REBUILD = "RebuildProjection"
    RETRY = "RetryParkedEvents"
    DISCARD = "DiscardParkedEvent"


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """Who wants what done to which projection.

    `position`: the parked event to give up on, for `reason`; or that of the stream to be tried again, None for all.
    """

    act: Act
    projection: str
    command_id: UUID
    fingerprint: bytes
    actor: str
    channel: str
    correlation_id: UUID
    position: int | None = None
    reason: str = ""


class Steered(msgspec.Struct, frozen=True, kw_only=True):
    """What came of an order. `answer` is what `describe` said right after it; None where it was refused."""

    command_id: UUID
    correlation_id: UUID
    refusal: str | None
    answer: dict[str, Any] | None
    replayed: bool = False


class OrderIdReused(LedgerError):
    """The order's id is that of another command."""


NOT_PARKED: Final = "event_not_parked"
# Why a projection cannot be steered so: the refusal's code, and its words.
REFUSALS: Final = {
    "projection_not_async": "Only projections that workers write can be paused and resumed.",
    "projection_is_live": "The projection has no tables of its own: there is nothing to rebuild.",
    NOT_PARKED: "The event is not parked: it was applied or given up already, or never was.",
}


def steer(order: Order, describe: Callable[[Cursor], dict[str, Any]]) -> Steered:
    """Carry out an order, or find what came of it. What is so already is done with no change.

    Raises OrderIdReused; KeyError for an unknown projection.
    """
    projection = projection_named(order.projection)
    if (earlier := _earlier(order)) is not None:
        return earlier
    try:
        with transaction() as cur:
            refusal = refusal_of(order.act, projection) or _carry_out(cur, order, projection)
            answer = None if refusal else describe(cur)
            append(cur, Batch(commands=[_row(order, refusal, answer)]))
    except CommandExists:
        if (earlier := _earlier(order)) is not None:
            return earlier
        raise
    return Steered(command_id=order.command_id, correlation_id=order.correlation_id, refusal=refusal, answer=answer)


def open_rebuilds() -> list[str]:
    """The projections whose rebuild was asked for and is not done."""
    with cursor() as cur:
        cur.execute("select projection from ledger_rebuild_request where error is null order by requested_at")
        return [row[0] for row in cur.fetchall()]


def rebuild_requested() -> None:
    """Do what was asked for, one after the other; leave what somebody else is at. What fails is kept with its error."""
    for name in open_rebuilds():
        try:
            rebuild(name)
        except RebuildUnderWay:
            continue
        except (StoreUnavailable, psycopg.OperationalError):
            raise  # the database's trouble: the request stands, and is taken up again
        except Exception as error:
            logger.exception("the rebuild of %s failed", name)
            _close(name, checkpoints.error_text(error))
        else:
            _close(name, None)


def _close(name: str, error: str | None) -> None:
    with cursor() as cur:
        if error is None:
            cur.execute("delete from ledger_rebuild_request where projection = %s", (name,))
        else:
            cur.execute("update ledger_rebuild_request set error = %s where projection = %s", (error, name))


def refusal_of(act: Act, projection: Projection) -> str | None:
    """Why the projection cannot be steered so, whatever happens to it."""
    if act is Act.REBUILD:
        return None if is_rebuildable(projection) else "projection_is_live"
    return None if isinstance(projection, AsyncProjection) else "projection_not_async"


def _carry_out(cur: Cursor, order: Order, projection: Projection) -> str | None:
    """Do it; the code of the refusal where it turns out that there is nothing to be done it to."""
    if order.act is Act.REBUILD:
        # Asked for twice is asked for once; after a failure it is asked for anew.
        cur.execute(
            "insert into ledger_rebuild_request as r (projection, command_id, requested_by) values (%s, %s, %s)"
            " on conflict (projection) do update set command_id = excluded.command_id, error = null,"
            " requested_by = excluded.requested_by, requested_at = now() where r.error is not null",
            (projection.name, order.command_id, order.actor),
        )
        return None
    assert isinstance(projection, AsyncProjection)
    if order.act is Act.PAUSE:
        checkpoints.pause_on(cur, projection)
    elif order.act is Act.RESUME:
        checkpoints.resume_on(cur, projection)
    else:
        return None if _resolve_parked(cur, order) else NOT_PARKED
    return None


def _resolve_parked(cur: Cursor, order: Order) -> bool:
    if order.act is Act.RETRY:
        return parking.ask_for_retry(cur, order.projection, order.position, by=order.actor)
    assert order.position is not None, "one event is given up at a time"
    return parking.discard_on(cur, order.projection, order.position, by=order.actor, reason=order.reason)


def _row(order: Order, refusal: str | None, answer: dict[str, Any] | None) -> CommandRow:
    return CommandRow(
        command_id=order.command_id,
        type=order.act.value,
        fingerprint=keyed(order.fingerprint),
        actor=order.actor,
        channel=order.channel,
        correlation_id=order.correlation_id,
        refusal=refusal,
        result={"fields": {}} if refusal else {"answer": answer},
    )


def _earlier(order: Order) -> Steered | None:
    """What the log has under the order's id."""
    with cursor() as cur:
        logged: LoggedCommand | None = next(iter(find_commands(cur, [order.command_id])), None)
    if logged is None:
        return None
    if logged.fingerprint != keyed(order.fingerprint):
        raise OrderIdReused(str(order.command_id))
    replays.note([order.command_id])
    return Steered(
        command_id=logged.command_id,
        correlation_id=logged.correlation_id,
        refusal=logged.refusal,
        answer=decode_json(logged.result).get("answer"),
        replayed=True,
    )
