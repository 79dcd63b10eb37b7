"""Which index a page walks along: its own, where one column is held fast, and not that of time or position alone.

The planner takes what fits for spread evenly. It walks from the newest row on where it believes that many fit, and
passes over everything when those that fit are old. What is held fast is therefore said as a range of the whole index,
(column, place) between two places: no other index has that order.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db import connection

Condition = tuple[str, Sequence[Any]]

# Any other way sorts all that fits.
SETTINGS: Final = "set local enable_bitmapscan = off; set local enable_seqscan = off; set local enable_sort = off;"


def rarest(table: str, conditions: Mapping[str, Condition]) -> str | None:
    """The name of the condition that the fewest rows fit, as the planner estimates it; None where there is none."""
    if len(conditions) < 2:
        return next(iter(conditions), None)
    return min(conditions, key=lambda name: _estimate(table, *conditions[name]))


def _estimate(table: str, sql: str, values: Sequence[Any]) -> float:
    with connection.cursor() as cursor:
        cursor.execute(f"explain (format json) select from {table} where {sql}", values)
        ((plan,),) = cursor.fetchall()
    return float(plan[0]["Plan"]["Plan Rows"])
