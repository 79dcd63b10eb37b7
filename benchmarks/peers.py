"""Peers: the bank account of the `eventsourcing` library on the same PostgreSQL, in the same run."""

import random
import warnings
from collections.abc import Callable
from decimal import Decimal
from importlib.util import find_spec
from statistics import median
from typing import Any

import psycopg

from accounts.handler import handle
from bank.ops import places
from benchmarks.bank import BY, Bank
from benchmarks.measure import RUNS, rate

SECONDS = 3.0
_SCHEMA = "eventsourcing_peer"
_ACCOUNTS, _HISTORY = 200, 100
_ONE = Decimal("1.00")
_BEST = {
    "AGGREGATE_CACHE_MAXSIZE": "1000",
    "AGGREGATE_CACHE_FASTFORWARD": "n",
    "POSTGRES_ENABLE_DB_FUNCTIONS": "y",
}
_TARGETS = {"its snapshots": 3.0, "its best (cache, no fast-forward, functions)": 1.0}


def peers(bank: Bank) -> None:
    """One deposit after the other, beside the `eventsourcing` library with its snapshots, and at its best."""
    if find_spec("eventsourcing") is None:
        print("  skipped: the peer is not installed; `make environment-dev` installs it (`make bench` does so itself)")
        return
    rates: dict[str, list[float]] = {"ours": [], **{label: [] for label in _TARGETS}}
    for _ in range(RUNS):
        rates["its snapshots"].append(_of_peer({}))
        rates["ours"].append(rate(lambda: _ours(bank), SECONDS))
        rates["its best (cache, no fast-forward, functions)"].append(_of_peer(_BEST))
    ours = median(rates["ours"])
    for label, target in _TARGETS.items():
        runs = " ".join(f"{mine / its:.2f}" for mine, its in zip(rates["ours"], rates[label], strict=True))
        print(
            f"  {label:<44} ours {ours:>9,.0f}/s   peer {median(rates[label]):>9,.0f}/s   "
            f"ratio {ours / median(rates[label]):5.2f}   ({runs}; target {target:.0f})"
        )


def _ours(bank: Bank) -> int:
    handle(bank.deposit(random.choice(bank.account_ids[:_ACCOUNTS])), by=BY)  # noqa: S311 - not a secret
    return 1


def _of_peer(options: dict[str, str]) -> float:
    """Deposits a second into accounts of a hundred transactions each, which have a snapshot of just now."""
    warnings.simplefilter("ignore")
    from eventsourcing.tests.application import BankAccounts

    with psycopg.connect(places.database_url(), autocommit=True) as conn:
        conn.execute(f"drop schema if exists {_SCHEMA} cascade")
        conn.execute(f"create schema {_SCHEMA}")
        where = conn.info
        env = {
            "PERSISTENCE_MODULE": "eventsourcing.postgres",
            "POSTGRES_DBNAME": where.dbname,
            "POSTGRES_HOST": where.host,
            "POSTGRES_PORT": str(where.port),
            "POSTGRES_USER": where.user,
            "POSTGRES_PASSWORD": where.password or "none",
            "POSTGRES_SCHEMA": _SCHEMA,
        }
    app = BankAccounts(env={**env, **options})
    try:
        work = _deposits(app)
        rate(work, 0.3)
        return rate(work, SECONDS)
    finally:
        app.close()


def _deposits(app: Any) -> Callable[[], int]:
    from eventsourcing.tests.domain import BankAccount

    ids = []
    for _ in range(_ACCOUNTS):
        account = BankAccount.open("Alice", "alice@example.com")
        for _ in range(_HISTORY):
            account.append_transaction(_ONE)
        app.save(account)
        app.take_snapshot(account.id)
        ids.append(account.id)

    def one() -> int:
        app.credit_account(random.choice(ids), _ONE)  # noqa: S311 - not a secret
        return 1

    return one


CASES = {"peers": peers}
