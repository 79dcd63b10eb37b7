"""An account's balance at the end of each day, for a sparkline: as many looks at an index as there are days."""

from datetime import UTC, date, timedelta
from typing import Final
from uuid import UUID

from readmodels import prepared
from readmodels.movements import projected_up_to, tail

DAYS_AT_MOST: Final = 366
# A day's last movement is one step in the index, however many movements the day has.
_ENDS_OF_DAYS: Final = """
select day::date, last.balance_minor
from generate_series(
    %(from_date)s::date::timestamp,
    least(
        %(until)s::date::timestamp,
        (select max(occurred_at) at time zone 'UTC' from readmodels_movement where account_id = %(account_id)s)
    ),
    interval '1 day'
) day
cross join lateral (
    select balance_minor from readmodels_movement m
    where m.account_id = %(account_id)s and m.stream_position <= %(projected)s
      and m.occurred_at >= day at time zone 'UTC' and m.occurred_at < (day + interval '1 day') at time zone 'UTC'
    order by m.occurred_at desc, m.stream_position desc
    limit 1
) last
"""


def balances_at_ends_of_days(account_id: UUID, from_date: date) -> list[tuple[date, int]]:
    """(day, balance at its end) for each day (UTC) with movements in the year from `from_date` on."""
    projected, balance_minor = projected_up_to(account_id)
    until = from_date + timedelta(days=DAYS_AT_MOST)
    parameters = {"account_id": account_id, "from_date": from_date, "until": until, "projected": projected}
    ends: dict[date, int] = dict(prepared.fetch_all(_ENDS_OF_DAYS, parameters))
    for movement in tail(account_id, projected, balance_minor):
        day = movement.occurred_at.astimezone(UTC).date()
        if from_date <= day <= until:
            ends[day] = movement.balance_minor
    return sorted(ends.items())
