"""What every command carries."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What someone wants. `command_id` makes it happen once at most; `at` (aware, UTC) becomes `occurred_at`."""

    command_id: UUID
    at: datetime
