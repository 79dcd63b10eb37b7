"""One run of the reconciliation: compare, and put on record what does not agree and what agrees again.

Whatever kills a run, nothing of it is kept, and the next begins where the last whole one ended. Two at once cannot be:
whoever comes second leaves.
"""

import logging
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from django.db import transaction
from django.utils import timezone

from bank.reconciliation.breaks import OF_STREAMS, Difference
from bank.reconciliation.control import Control, compare_control_account
from bank.reconciliation.models import Break, Run, Walk
from bank.reconciliation.streams import Walked, look_at, walk
from ledger import connections
from ledger.locks import try_lock

logger = logging.getLogger(__name__)

# Of each minute: the worker has other things to do.
WALK_SECONDS: Final = 2.0
# Streams with an open break are looked at in each run, so that the alarm ends soon after what is wrong.
_AGAIN_AT_MOST: Final = 100
_KEEP: Final = timedelta(days=30)
_START: Final = UUID(int=0)

Key = tuple[str, str, str]  # check, subject, field


def reconcile(walk_seconds: float = WALK_SECONDS) -> Run | None:
    """Carry out one run; None where somebody else is at it."""
    with connections.transaction() as cur:
        if not try_lock(cur, "reconciliation"):
            return None
        # The last statement, and one without a snapshot, which would keep dead rows from being cleared for as long.
        cur.execute("set local idle_in_transaction_session_timeout = 0")
        return _run(walk_seconds)


def _run(walk_seconds: float) -> Run:
    started_at = timezone.now()
    control = compare_control_account()
    again = look_at(_streams_with_breaks())
    place = Walk.objects.filter(id=1).first() or Walk()
    walked = walk(place.after, walk_seconds)
    found = {d.key: d for d in [*control.differences(), *again.differences, *walked.differences]}
    with transaction.atomic():
        run = Run.objects.create(
            started_at=started_at,
            ended_at=timezone.now(),
            position=control.position,
            head=control.head,
            figures=None if control.figures is None else msgspec.to_builtins(control.figures),
            streams=len(walked.folded),
            away=walked.away,
            breaks=len(found),
        )
        _move(place, walked, run)
        _keep(found, run.ended_at)
        folded = {str(stream_id) for stream_id in again.folded | walked.folded}
        _end(control, folded, found.keys(), run.ended_at)
        Run.objects.filter(ended_at__lt=run.ended_at - _KEEP, breaks=0).delete()
    return run


def _streams_with_breaks() -> list[UUID]:
    open_ones = Break.objects.filter(gone_at__isnull=True, check_name__in=OF_STREAMS).order_by("seen_at")
    return list({UUID(subject) for subject in open_ones.values_list("subject", flat=True)[:_AGAIN_AT_MOST]})


def _move(place: Walk, walked: Walked, run: Run) -> None:
    """The walk goes on from here, or, where it came to the end, from the beginning."""
    place.round_started_at = place.round_started_at or run.started_at
    place.round_streams += run.streams + run.away
    place.after = walked.after
    if walked.is_round:
        place.ended_at = run.ended_at
        place.ended_streams = place.round_streams
        place.ended_seconds = (run.ended_at - place.round_started_at).total_seconds()
        place.after, place.round_streams, place.round_started_at = _START, 0, None
    place.save()


def _keep(found: Mapping[Key, Difference], now: datetime) -> None:
    """Put what is new on record, and note that the rest is still there."""
    known = {_key_of(known): known for known in Break.objects.filter(gone_at__isnull=True)}
    for key, difference in found.items():
        values = {"expected": difference.expected, "found": difference.found, "seen_at": now}
        if key in known:
            Break.objects.filter(pk=known[key].pk).update(**values)
            continue
        check, subject, field = key
        Break.objects.create(check_name=check, subject=subject, field=field, since=now, **values)
        logger.error("reconciliation: %s", difference)


def _end(control: Control, folded: Collection[str], found: Collection[Key], now: datetime) -> None:
    """What was looked at in this run and agrees is a break no longer."""
    for known in Break.objects.filter(gone_at__isnull=True):
        was_compared = known.subject in folded if known.check_name in OF_STREAMS else control.figures is not None
        if was_compared and _key_of(known) not in found:
            Break.objects.filter(pk=known.pk).update(gone_at=now)
            logger.warning("reconciliation: %s agrees again", known)


def _key_of(known: Break) -> Key:
    return known.check_name, known.subject, known.field
