"""Replays: how often a command came again and was answered from the log.

They are counted where the old answer is given, never where a command is new: what is accepted costs nothing more.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from ledger.connections import cursor
from ledger.rows import uuids

# Sorted, so that two batches that come again beside each other cannot deadlock.
_COUNT: Final = """
insert into ledger_replay as replay (command_id, times)
select id, count(*) from unnest(%(ids)s::uuid[]) as came (id) group by id order by id
on conflict (command_id) do update set times = replay.times + excluded.times, last_at = excluded.last_at
"""


def note(command_ids: Sequence[UUID]) -> None:
    """These came again; an id that stands there twice came twice."""
    if command_ids:
        with cursor() as cur:
            cur.execute(_COUNT, {"ids": uuids(command_ids)})
