"""What can go wrong between a command and its record, told apart by what the caller should do about it."""

from uuid import UUID


class LedgerError(Exception):
    """Base of the ledger's errors."""


class StoreUnavailable(LedgerError):
    """PostgreSQL cannot be reached or went away: the command is whole or absent; sending it again with its id tells."""


class NoConnection(StoreUnavailable):
    """No connection was to be had, so nothing was sent: there is nothing to look for in the log either."""


class VersionConflict(LedgerError):
    """The stream is not at the version that the caller named; nothing was changed or recorded."""

    def __init__(self, stream_id: UUID, expected: int, actual: int) -> None:
        super().__init__(f"stream {stream_id} is at version {actual}, not {expected}")
        self.stream_id = stream_id
        self.expected = expected
        self.actual = actual


class TooMuchContention(LedgerError):
    """The same streams kept changing under a bounded number of tries: try again a little later."""


class StoreBusy(LedgerError):
    """More commands are waiting than can be written soon: try again a little later."""


class UnreadableEvent(LedgerError):
    """A stored event that the code cannot read (any more)."""


class UnknownEvent(UnreadableEvent):
    """A stored type or version that the code does not know (any more)."""
