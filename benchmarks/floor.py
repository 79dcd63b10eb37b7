"""The floor: hand-written statements that read and write the same rows as a deposit, without any rule."""

import json
from itertools import count
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from ledger.ids import new_id

_READ = "select version, snapshot from ledger_stream where id = %s"
_WRITE = """
with head as (
    update ledger_stream set version = version + 1, snapshot = %(snapshot)s
    where id = %(stream)s and version = %(version)s returning version
), event as (
    insert into ledger_event (stream_id, stream_position, id, type, schema_version, data, metadata)
    select %(stream)s, head.version, %(event)s, 'DepositMade', 1, %(data)s, %(metadata)s from head
), command as (
    insert into ledger_command
        (command_id, type, fingerprint, actor, channel, correlation_id, outcome, refusal, result)
    values (%(command)s, 'Deposit', %(fingerprint)s, 'system:bench', 'job', %(command)s, 'accepted', null, %(result)s)
)
update readmodels_account set balance_minor = balance_minor + 100, version = version + 1 where account_id = %(stream)s
"""


def deposit(cursor: psycopg.Cursor[tuple[object, ...]], account_id: UUID) -> None:
    """One deposit of 1.00, in two round trips and one commit (the connection is in autocommit)."""
    row = cursor.execute(_READ, (account_id,), prepare=True).fetchone()
    assert row is not None
    version, raw = row
    snapshot = json.loads(raw) if isinstance(raw, bytes) else raw
    assert isinstance(snapshot, dict)
    assert isinstance(version, int)
    snapshot["balance_minor"] += 100
    command = str(new_id())
    metadata = {"correlationId": command, "causationId": command, "commandId": command, "actor": "system:bench"}
    result = {
        "streams": [["account", str(account_id), version + 1, version + 1, [snapshot["balance_minor"], 0, 0, "open"]]]
    }
    cursor.execute(
        _WRITE,
        {
            "stream": account_id,
            "version": version,
            "snapshot": Jsonb(snapshot),
            "event": new_id(),
            "data": Jsonb(
                {
                    "amount_minor": 100,
                    "currency": "EUR",
                    "reference": "salary",
                    "occurred_at": "2026-03-29T01:00:00Z",
                    "operation": "",
                    "purpose": "",
                    "counterparty": "",
                }
            ),
            "metadata": Jsonb(metadata),
            "command": UUID(command),
            "fingerprint": bytes(32),
            "result": Jsonb(result),
        },
        prepare=True,
    )


# Stream positions that nothing else uses.
_numbers = count()

_BATCH = """
with event as (
    insert into ledger_event (stream_id, stream_position, id, type, schema_version, data, metadata)
    select stream, %(base)s + n, id, 'Floor', 1, '{"amount_minor": 100}', '{}'
    from unnest(%(streams)s::uuid[], %(ids)s::uuid[]) with ordinality as new(stream, id, n)
)
update readmodels_account a set balance_minor = balance_minor from unnest(%(streams)s::uuid[]) as new(stream)
where a.account_id = new.stream
"""


def batch(cursor: psycopg.Cursor[tuple[object, ...]], account_ids: list[UUID]) -> int:
    """The bare write of one event and one balance for each account: no heads, no rules, no command log."""
    parameters = {
        "base": 100_000_000 + 1_000 * next(_numbers),
        "streams": sorted(account_ids, key=lambda i: i.int),
        "ids": [new_id() for _ in account_ids],
    }
    cursor.execute(_BATCH, parameters, prepare=True)
    return len(account_ids)


_IN_ONE = """
with head as (
    update ledger_stream set version = version + 1,
        snapshot = jsonb_set(snapshot, '{balance_minor}', to_jsonb((snapshot ->> 'balance_minor')::bigint + %(minor)s))
    where id = %(stream)s returning version
), event as (
    insert into ledger_event (stream_id, stream_position, id, type, schema_version, data, metadata)
    select %(stream)s, head.version, %(event)s, 'DepositMade', 1, %(data)s, %(metadata)s from head
), command as (
    insert into ledger_command
        (command_id, type, fingerprint, actor, channel, correlation_id, outcome, refusal, result)
    select %(command)s, 'Deposit', %(fingerprint)s, 'system:bench', 'job', %(command)s, 'accepted', null,
           jsonb_build_object('streams', jsonb_build_array(jsonb_build_array(
               'account', %(stream)s::text, head.version, head.version, jsonb_build_array(0, 0, 0, 'open'))))
    from head
)
update readmodels_account set balance_minor = balance_minor + %(minor)s, version = head.version from head
where account_id = %(stream)s returning head.version, balance_minor
"""


def deposit_in_one(
    cursor: psycopg.Cursor[tuple[int, int]], account_id: UUID, minor: int, reference: str
) -> tuple[int, int]:
    """One deposit by one statement, its own transaction; (version, balance) after it."""
    command = new_id()
    metadata = {"correlationId": str(command), "causationId": str(command), "commandId": str(command), "actor": "b"}
    row = cursor.execute(
        _IN_ONE,
        {
            "stream": account_id,
            "minor": minor,
            "event": new_id(),
            "data": Jsonb(
                {
                    "amount_minor": minor,
                    "currency": "EUR",
                    "reference": reference,
                    "occurred_at": "2026-03-29T01:00:00Z",
                    "operation": "",
                    "purpose": "",
                    "counterparty": "",
                }
            ),
            "metadata": Jsonb(metadata),
            "command": command,
            "fingerprint": bytes(32),
        },
        prepare=True,
    ).fetchone()
    assert row is not None
    return row
