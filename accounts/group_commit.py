"""Group commit: commands that arrive while a batch is being written are written together in the next one.

Whoever comes first leads: it writes its own command at once, with whatever has gathered. The others wait for their
outcome, or are told to lead the next batch. So a thread on its own takes the direct way, no thread stands by, and there
is nothing to shut down. Where many meet, the next leader waits a moment for those who have just been answered: most of
them come again at once, and a batch costs little more with them than without.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from accounts.carrying_out import Result
from accounts.deciding import Envelope
from ledger.errors import StoreBusy, StoreUnavailable
from ledger.observing import Hindrance, hindered

MAX_BATCH: Final = 256
MAX_WAITING: Final = 2_000
TIMEOUT_SECONDS: Final = 10.0
_MANY: Final = 3
_MOMENT_SECONDS: Final = 0.002


class _Waiting:
    """A command in the queue. `turn` is released when it has its result, or when it is to lead."""

    __slots__ = ("envelope", "error", "leads", "result", "taken", "turn")

    def __init__(self, envelope: Envelope) -> None:
        self.envelope = envelope
        self.result: Result | None = None
        self.error: BaseException | None = None
        self.taken = False
        self.leads = False
        self.turn = threading.Lock()
        self.turn.acquire()

    def answer(self) -> Result:
        if self.error is not None:
            raise self.error
        assert self.result is not None
        return self.result


class GroupCommit:
    """Writes the commands of many threads in few batches through `carry_out`; each thread gets its own result."""

    def __init__(
        self,
        carry_out: Callable[[Sequence[Envelope]], list[Result]],
        *,
        max_batch: int = MAX_BATCH,
        max_waiting: int = MAX_WAITING,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self._carry_out = carry_out
        self._max_batch = max_batch
        self._max_waiting = max_waiting
        self._timeout_seconds = timeout_seconds
        self._queue: deque[_Waiting] = deque()
        self._mutex = threading.Lock()
        self._led = False
        self._expected = 0  # how many will be in the queue when all have come again whom the last batch answered
        self._awaited = 0  # how many the leader waits for, while it does
        self._gathered = threading.Lock()
        self._gathered.acquire()

    def submit(self, envelope: Envelope) -> Result:
        """The command's result. Raises what `carry_out` raises for it, StoreBusy when too many wait or for too long."""
        mine = _Waiting(envelope)
        with self._mutex:
            if len(self._queue) >= self._max_waiting:
                hindered(Hindrance.STORE_BUSY)
                raise StoreBusy("too many commands are waiting")
            self._queue.append(mine)
            if 0 < self._awaited <= len(self._queue):
                self._awaited = 0
                self._gathered.release()
            mine.leads = not self._led
            self._led = True
        if not mine.leads:
            self._wait(mine)
        if mine.leads:
            self._lead(mine)
        return mine.answer()

    def _wait(self, mine: _Waiting) -> None:
        if mine.turn.acquire(timeout=self._timeout_seconds):
            return
        with self._mutex:
            if not mine.taken and not mine.leads:
                self._queue.remove(mine)
                hindered(Hindrance.STORE_BUSY)
                raise StoreBusy("the command waited too long; nothing was done")
        mine.turn.acquire()  # it is being written, or has just been told to lead: that comes to an end

    def _lead(self, mine: _Waiting) -> None:
        """Write one batch, of which `mine` is the first; then let the next in the queue lead."""
        if self._expected >= _MANY:
            self._gather()
        with self._mutex:
            batch = [self._queue.popleft() for _ in range(min(len(self._queue), self._max_batch))]
            for waiting in batch:
                waiting.taken = True
        try:
            self._write(batch)
        finally:
            with self._mutex:
                self._expected = min(len(batch) + len(self._queue), self._max_batch)
                if self._queue:
                    self._queue[0].leads = True
                    self._queue[0].turn.release()
                else:
                    self._led = False
            for waiting in batch:
                if waiting is not mine:
                    if waiting.result is None and waiting.error is None:
                        waiting.error = StoreBusy("the batch was interrupted; send the command again with its id")
                    waiting.turn.release()

    def _gather(self) -> None:
        """Wait until those who have just been answered have come again, but no longer than a moment."""
        with self._mutex:
            if len(self._queue) >= self._expected:
                return
            self._awaited = self._expected
        if not self._gathered.acquire(timeout=_MOMENT_SECONDS):
            with self._mutex:
                came_now, self._awaited = self._awaited == 0, 0
            if came_now:
                self._gathered.acquire()

    def _write(self, batch: list[_Waiting]) -> None:
        """All together; where that fails, one by one, so that what ails one command harms only itself."""
        try:
            for waiting, result in zip(batch, self._carry_out([w.envelope for w in batch]), strict=True):
                waiting.result = result
        except StoreUnavailable as error:
            # The database's trouble and no command's: one by one, the last would wait for all the time-outs before it.
            for waiting in batch:
                waiting.error = StoreUnavailable(*error.args)
                waiting.error.__cause__ = error
        except Exception as error:  # noqa: BLE001 - raised again in the thread whose command it is
            if len(batch) == 1:
                batch[0].error = error
                return
            for waiting in batch:
                self._write([waiting])
