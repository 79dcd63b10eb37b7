"""An account with very many movements: its page looks at those that it shows, and never at all of them."""

import pytest
from django.db import connection

from ledger.runner import drain
from tests.acting import as_owner
from tests.steps import deposit, do
from tests.web.pages import Browser
from tests.web.people import Customer

pytestmark = pytest.mark.django_db(transaction=True)

MOVEMENTS = 40_000
# A page of 25 and the one behind it, a day of the sparkline each, and what is asked of a movement by its place.
ROWS_AT_MOST = 25 + 1 + 91 + 5
# What a worker would have written, of ever more days, for Ada's account and as much for nobody's.
_FILL = """
insert into readmodels_movement (account_id, stream_position, event_id, kind, amount_minor, balance_minor, currency,
    reference, operation, purpose, outside_party, occurred_at, recorded_at)
select account_id, n, gen_random_uuid(), case n %% 2 when 0 then 'deposit' else 'withdrawal' end, 100, n, 'EUR',
       'Coffee ' || n, '', '', '', now() - interval '1 hour' * (%(movements)s - n), now()
from unnest(array[%(account_id)s::uuid, gen_random_uuid()]) as account_id, generate_series(4, %(movements)s + 3) as n
"""


@pytest.fixture
def long(ada: Customer) -> str:
    """The address of Ada's account, with 40,000 movements more."""
    do(deposit(ada.account_id, 1))
    drain()
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(_FILL, {"account_id": ada.account_id, "movements": MOVEMENTS})
        cursor.execute("analyze readmodels_movement")
    return f"/accounts/{ada.account_id}"


@pytest.mark.parametrize("query", ["", f"?before={MOVEMENTS // 2}", "?kind=deposit", "?q=coffee", "?min=1"])
def test_a_page_reads_little_more_than_it_shows(browser: Browser, long: str, query: str) -> None:
    before = looked_at()
    page = browser.open(f"{long}{query}")
    assert page.text.count("Coffee") == 25
    scans, rows = (now - then for now, then in zip(looked_at(), before, strict=True))
    assert scans == 0, "a sequential scan of all movements"
    assert rows <= ROWS_AT_MOST * (2 if query == "?kind=deposit" else 1)


@pytest.mark.parametrize("query", ["?from=2000-01-01&to=2001-01-01", "?q=nowhere", "?min=777"])
def test_what_fits_nothing_is_looked_for_among_the_accounts_own(browser: Browser, long: str, query: str) -> None:
    scans, _ = looked_at()
    assert "No movement fits these filters." in browser.open(f"{long}{query}").text
    assert looked_at()[0] == scans


def looked_at() -> tuple[int, int]:
    """(sequential scans, rows read) of the movements' table so far, by PostgreSQL's own count."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_stat_force_next_flush()")
        cursor.execute("select 1")  # what a statement did is counted when the next one begins
        cursor.execute("select pg_stat_clear_snapshot()")
        cursor.execute(
            "select seq_scan, seq_tup_read + idx_tup_fetch from pg_stat_user_tables where relname = %s",
            ("readmodels_movement",),
        )
        scans, rows = cursor.fetchone() or (0, 0)
    return int(scans), int(rows)
