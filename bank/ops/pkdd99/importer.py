"""The import itself: the files' rows through the command handler, in date order and in batches, and what came of it."""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Final

from accounts.account_commands import OpenAccount
from accounts.customer import RegisterCustomer
from accounts.handler import Actor, handle_all
from accounts.outcome import Outcome
from accounts.refusals import KeyReused
from bank.ops.pkdd99.commands import Asked, account_uuid, book_movement, openings
from bank.ops.pkdd99.files import ListedAccount, Problem, Report, movement_files, read_accounts, read_movements
from bank.ops.pkdd99.reconciliation import AccountDay, Break, Reconciliation
from bank.ops.pkdd99.spool import Spool, Spooled
from bank.ops.pkdd99.summary import Booked, Summary

ACTOR: Final = Actor(id="system:pkdd99", channel="batch")
BATCH_SIZE: Final = 1_000

_IMPORTING: Final = "importing movements"

Progress = Callable[[str, int, int], None]  # what, how many done, of how many
_Work = tuple[list[Asked], AccountDay | None]


def import_folder(
    folder: Path,
    *,
    until: date | None,
    report: Report,
    on_break: Callable[[Break], None],
    progress: Progress,
) -> Summary:
    """Put every movement up to and with `until` through the handler. Raises FolderUnreadable before anything is done.

    What the bank has already is not done again. `report` hears of each row that was left out or refused, `on_break` of
    each account-day that does not reconcile, `progress` (what, done, total) often.
    """
    began = perf_counter()
    run = _Run(report=report, on_break=on_break, progress=progress)
    with _collecting_seldom(), Spool() as spool:
        accounts = run.read(folder, until, spool)
        run.movements_to_do = len(spool)
        progress(_IMPORTING, 0, len(spool))
        for work in _in_date_order(accounts, spool, until or date.max, run.summary.reconciliation):
            run.take(work)
        run.flush()
    run.summary.seconds = perf_counter() - began
    return run.summary


@contextmanager
def _collecting_seldom() -> Iterator[None]:
    """A batch makes and drops thousands of objects without circles: looking for circles took a quarter of the time."""
    thresholds = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()


def _in_date_order(
    accounts: dict[int, ListedAccount], spool: Spool, until: date, reconciliation: Reconciliation
) -> Iterator[_Work]:
    """Openings, each before the movements of its day, and account-days."""
    due_openings = openings(accounts, spool.first_days())
    due, commands = next(due_openings, (date.max, []))
    for movements in spool.account_days():
        day = reconciliation.order(movements)
        while commands and due <= day.date:
            yield commands, None
            due, commands = next(due_openings, (date.max, []))
        yield [book_movement(movement) for movement in day.movements], day
    while commands and due <= until:
        yield commands, None
        due, commands = next(due_openings, (date.max, []))


@dataclass(slots=True)
class _Run:
    """One import on its way: the batch being filled, and the counts."""

    report: Report
    on_break: Callable[[Break], None]
    progress: Progress
    summary: Summary = field(default_factory=Summary)
    movements_to_do: int = 0
    _batch: list[_Work] = field(default_factory=list)
    _size: int = 0

    def read(self, folder: Path, until: date | None, spool: Spool) -> dict[int, ListedAccount]:
        """Spool the movements up to `until`; returns the accounts."""
        files = movement_files(folder)
        accounts = read_accounts(folder, self._leave_out)
        for path in files:
            size_bytes = path.stat().st_size
            reached = partial(self._reading, f"reading {path.name}, bytes", size_bytes)
            reached(0)
            for line, movement in read_movements(path, accounts, self._leave_out, reached):
                if until and movement.date > until:
                    self.summary.later += 1
                else:
                    self._spool(spool, Spooled(movement, path.name, line))
            reached(size_bytes)
        return accounts

    def take(self, work: _Work) -> None:
        """Add to the batch; an account-day stays in one batch, so that it can be closed after it."""
        if self._size and self._size + len(work[0]) > BATCH_SIZE:
            self.flush()
        self._batch.append(work)
        self._size += len(work[0])

    def flush(self) -> None:
        """Carry out what has been gathered, and look at what came of it."""
        asked = [one for part, _ in self._batch for one in part]
        commands, fingerprints = [one.command for one in asked], [one.fingerprint for one in asked]
        outcomes = iter(handle_all(commands, by=ACTOR, fingerprints=fingerprints))
        for part, day in self._batch:
            results = list(islice(outcomes, len(part)))
            for one, outcome in zip(part, results, strict=True):
                self._note(one, outcome)
            if day is not None:
                self._close(day, results)
        self._batch, self._size = [], 0

    def _reading(self, what: str, total_bytes: int, done_bytes: int) -> None:
        self.progress(what, done_bytes, total_bytes)

    def _leave_out(self, problem: Problem) -> None:
        self.summary.left_out += 1
        self.report(problem)

    def _spool(self, spool: Spool, spooled: Spooled) -> None:
        other = spool.add(spooled)
        if other is None:
            return
        if other.movement == spooled.movement:
            self.summary.repeated += 1
            return
        reason = f"trans_id {spooled.movement.trans_id} is another movement in {other.file}:{other.line}"
        self._leave_out(Problem(spooled.file, spooled.line, reason))

    def _note(self, asked: Asked, outcome: Outcome) -> None:
        """Count one command; where it was refused, say so."""
        command = asked.command
        if isinstance(command, RegisterCustomer):
            self.summary.customers.count(outcome)
        elif isinstance(command, OpenAccount):
            self.summary.accounts.count(outcome)
            if outcome.accepted:
                self.summary.booked[command.account_id] = Booked()
        else:
            self.summary.movements.count(outcome)
        if outcome.refusal is None:
            self.summary.token = outcome.consistency_token
            return
        reason = f"refused: {outcome.refusal}"
        if isinstance(outcome.refusal, KeyReused):
            reason = "refused: this id was imported before with other contents"
        self.report(Problem(asked.file, asked.line, reason))

    def _close(self, day: AccountDay, outcomes: Sequence[Outcome]) -> None:
        """Reconcile a day that has been carried out."""
        booked = [m for m, outcome in zip(day.movements, outcomes, strict=True) if outcome.accepted]
        if booked:
            total = self.summary.booked.setdefault(account_uuid(day.account_id), Booked())
            total.movements += len(booked)
            total.sum_minor += sum(m.movement.change_minor for m in booked)
        if broken := self.summary.reconciliation.close(day, booked):
            self.on_break(broken)
        self.progress(_IMPORTING, self.summary.movements.total, self.movements_to_do)
