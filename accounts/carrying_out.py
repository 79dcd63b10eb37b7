"""Carrying out a batch: decide, append, and what to do when somebody else was first, or the database went away."""

import time
from collections.abc import Sequence
from typing import NoReturn
from uuid import UUID

import msgspec

from accounts.deciding import (
    BatchRefused,
    Decided,
    Envelope,
    decide_again,
    decide_batch,
    forget_recent,
    keep_recent,
    outcomes_of,
    refuse,
)
from accounts.outcome import Outcome, find_recorded
from accounts.refusals import KeyReused, Refused, restore_refusal
from ledger import observing, store
from ledger.connections import Cursor, cursor, transaction
from ledger.errors import NoConnection, StoreUnavailable, TooMuchContention, VersionConflict
from ledger.observing import Hindrance
from ledger.wakeups import notify

MAX_TRIES = 10
# From so many streams on, a batch that lost a race is not the last one to lose, and too dear to be decided twice.
_LARGE = 32
_CROWDED_BATCHES = 200

Result = Outcome | VersionConflict


def carry_out(envelopes: Sequence[Envelope], *, all_or_nothing: bool = False) -> list[Result]:
    """One transaction for the commands that are new, the recorded outcome for those that are not; in the same order.

    A command whose stream is not at the version that it named gets its VersionConflict as the result. Raises
    BatchRefused (only with `all_or_nothing`; `index` is the place among `envelopes`), TooMuchContention,
    StoreUnavailable; then nothing of the batch happened, as far as anybody knows.
    """
    firsts = _first_of_each_id(envelopes)
    if all_or_nothing:
        _check_that_each_id_is_one_request(envelopes, firsts)
    work = _Work(firsts, all_or_nothing=all_or_nothing)
    try:
        for attempt in range(MAX_TRIES):
            if work.try_once(attempt):
                break
        else:
            observing.hindered(Hindrance.TOO_MUCH_CONTENTION)
            raise TooMuchContention("the accounts kept changing; nothing was done")
    except _RefusesAll as refused:
        raise BatchRefused(envelopes.index(refused.envelope), refused.refusal) from refused
    first_of_its_id = {id(e) for e in firsts}
    return [_answer(e, work.found[e.command.command_id], first=id(e) in first_of_its_id) for e in envelopes]


class _RefusesAll(Exception):
    """A command of an all-or-nothing batch was refused."""

    def __init__(self, envelope: Envelope, refusal: Refused) -> None:
        super().__init__()
        self.envelope = envelope
        self.refusal = refusal


class _Crowd:
    """Whether others write the streams of large batches, too, by the races that were lost lately."""

    def __init__(self) -> None:
        self._left = 0

    def lost_race(self) -> None:
        self._left = _CROWDED_BATCHES

    def is_there(self) -> bool:
        self._left = max(self._left - 1, 0)
        return self._left > 0

    def forget(self) -> None:
        self._left = 0


crowd = _Crowd()


class _Work:
    """A batch while it is tried again and again. `fresh`: the commands without a result yet; `found`: results."""

    def __init__(self, envelopes: list[Envelope], *, all_or_nothing: bool) -> None:
        self.fresh = envelopes
        self.found: dict[UUID, Result] = {}
        self._all_or_nothing = all_or_nothing
        self._lost_race = False
        self._passes_by = not all_or_nothing

    def try_once(self, attempt: int) -> bool:
        """Whether every command has its result now."""
        try:
            self._append(lock=self._lost_race)
        except store.VersionsMoved:
            observing.hindered(Hindrance.VERSIONS_MOVED)
            self._lost_race = True
            forget_recent(self.fresh)
            if len(self.fresh) >= _LARGE:
                crowd.lost_race()
            return False
        except store.CommandExists:
            observing.hindered(Hindrance.COMMAND_EXISTS)
            self._take_recorded()
        except StoreUnavailable as error:
            observing.hindered(Hindrance.STORE_UNAVAILABLE)
            # Perhaps only this connection broke, and perhaps its last statement was carried out: look, once.
            if attempt > 0 or isinstance(error, NoConnection):
                raise
            self._take_recorded()
        except BatchRefused as refused:
            # A command that was done before may be refused now: its own recorded outcome counts.
            culprit = self.fresh[refused.index]
            if not self._take_recorded():
                raise _RefusesAll(culprit, refused.refusal) from refused
        except store.ConstraintRefused as error:
            self._refuse(error)
        return not self.fresh

    def _append(self, *, lock: bool) -> None:
        """Optimistic first, in at most two statements. After a lost race: row locks, in one transaction.

        Where large batches meet, each would lose to the other: such a batch is decided first, without locks, then its
        streams are locked, and what others moved meanwhile is decided again. What has to do with streams that others
        have locked is put off, once: by then they are done.
        """
        began = time.perf_counter()
        crowded = not lock and len(self.fresh) >= _LARGE and crowd.is_there()
        put_off: list[Envelope] = []
        with transaction(kept=True) if lock else cursor(kept=True) as cur:
            decided = decide_batch(cur, self.fresh, lock=lock, all_or_nothing=self._all_or_nothing, load_all=crowded)
            appended = None if crowded else _appended(cur, decided)
        if crowded:
            with transaction(kept=True) as cur:
                versions = {i: s.from_version for i, s in decided.batch.streams.items()}
                moved, busy = store.lock_moved(cur, versions, pass_by=self._passes_by)
                if moved or busy:
                    decided, put_off = decide_again(cur, decided, moved, busy, all_or_nothing=self._all_or_nothing)
                appended = _appended(cur, decided)
            self._passes_by = False
        if decided.batch.events:
            notify()
        if appended is not None:
            if not crowded:  # else others have moved them by the next time
                keep_recent(decided)
            observing.appended(decided.batch, time.perf_counter() - began)
            self.found.update((outcome.command_id, outcome) for outcome in outcomes_of(decided, appended))
        self.fresh = [d.envelope for d in decided.decisions if d.conflict is not None]
        if self.fresh:
            # A command that was carried out before moved the stream itself: it gets its outcome, not a conflict.
            self._take_recorded()
            conflicts = {d.envelope.command.command_id: d.conflict for d in decided.decisions if d.conflict is not None}
            self.found |= {e.command.command_id: conflicts[e.command.command_id] for e in self.fresh}
        self.fresh = put_off

    def _take_recorded(self) -> bool:
        """Take the outcomes that the log has; whether there were any."""
        with cursor() as cur:
            recorded = find_recorded(cur, [e.command.command_id for e in self.fresh])
        if self._all_or_nothing:
            for envelope in self.fresh:
                outcome = recorded.get(envelope.command.command_id)
                if outcome is not None and outcome.fingerprint != envelope.fingerprint:
                    raise _RefusesAll(envelope, KeyReused())
                if outcome is not None and outcome.refusal is not None:
                    raise _RefusesAll(envelope, outcome.refusal)
        self.found |= recorded
        self.fresh = [e for e in self.fresh if e.command.command_id not in recorded]
        return bool(recorded)

    def _refuse(self, error: store.ConstraintRefused) -> None:
        """What only a constraint of an inline projection knows harms the command that it is about, and no other."""
        refusal = restore_refusal(error.code, {})
        if self._all_or_nothing:
            self._refuse_all(refusal)
        if len(self.fresh) == 1:
            self.fresh = [refuse(self.fresh[0], refusal)]
            return
        for envelope in self.fresh:
            self.found[envelope.command.command_id] = carry_out([envelope])[0]
        self.fresh = []

    def _refuse_all(self, refusal: Refused) -> NoReturn:
        """Name the command that the constraint refuses: append one by one, in a transaction that the naming undoes."""
        with transaction() as cur:
            for envelope in self.fresh:
                try:
                    store.append(cur, decide_batch(cur, [envelope], lock=True, all_or_nothing=True).batch)
                except store.ConstraintRefused as error:
                    raise _RefusesAll(envelope, refusal) from error
            raise _RefusesAll(self.fresh[-1], refusal)


def _appended(cur: Cursor, decided: Decided) -> store.Appended | None:
    return store.append(cur, decided.batch) if decided.batch.commands else None


def _first_of_each_id(envelopes: Sequence[Envelope]) -> list[Envelope]:
    firsts: dict[UUID, Envelope] = {}
    for envelope in envelopes:
        firsts.setdefault(envelope.command.command_id, envelope)
    return list(firsts.values())


def _check_that_each_id_is_one_request(envelopes: Sequence[Envelope], firsts: list[Envelope]) -> None:
    asked = {e.command.command_id: e.fingerprint for e in firsts}
    for index, envelope in enumerate(envelopes):
        if envelope.fingerprint != asked[envelope.command.command_id]:
            raise BatchRefused(index, KeyReused())


def _answer(envelope: Envelope, result: Result, *, first: bool) -> Result:
    """What this request gets: the outcome itself, or the recorded one, if it was for the same request."""
    if isinstance(result, VersionConflict):
        return result
    if result.fingerprint != envelope.fingerprint:
        return msgspec.structs.replace(
            result, refusal=KeyReused(), events=(), versions={}, accounts={}, customers={}, consistency_token=None
        )
    return result if first or result.replayed else msgspec.structs.replace(result, replayed=True)
