"""What every command carries."""

from datetime import datetime
from uuid import UUID

import msgspec


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """What someone wants. `command_id` makes it happen once at most; `at` (aware, UTC) becomes `occurred_at`."""

    command_id: UUID
    at: datetime
