"""Least power in the database: roles for the web, the workers and auditors, each with the grants that it needs.

The tables' owner makes the roles and migrates; the bank's processes take one of them on (`PASSBOOK_DATABASE_ROLE`). The
roles cannot log in by themselves: whoever logs in must be a member.
"""

from collections.abc import Mapping
from typing import Final

from django.db import connection, transaction

APP: Final = "passbook_app"
WORKER: Final = "passbook_worker"
AUDITOR: Final = "passbook_auditor"

# Columns, not tables: an event's sequence number and time, and a command's time, are PostgreSQL's to give.
_EVENT_COLUMNS: Final = "stream_id, stream_position, id, type, schema_version, data, metadata"
_COMMAND_COLUMNS: Final = "command_id, type, fingerprint, actor, channel, correlation_id, outcome, refusal, result"
_ALL: Final = "select, insert, update, delete"

_COMMANDS: Final[dict[str, str]] = {
    "ledger_event": f"insert ({_EVENT_COLUMNS})",
    "ledger_command": f"insert ({_COMMAND_COLUMNS})",
    "ledger_replay": "insert (command_id, times), update (times, last_at)",
    "ledger_stream": "insert, update (version, snapshot, snapshot_schema)",
    "ledger_subject_key": "select, insert, delete",
    # Pausing and resuming, and asking for rebuilds; what a projection has read is its worker's to say.
    "ledger_checkpoint": "insert (projection, shard), update (status, failures, retry_at, updated_at)",
    "ledger_rebuild_request": "insert, update",
    # Asking for another try, and giving up on an event; what is applied is its worker's to say.
    "ledger_parked": "update (retry_by, retry_at, resolution, reason, resolved_by, resolved_at)",
    "readmodels_account": "insert, update",
    "readmodels_customer": "insert, update",
    "readmodels_webhook_endpoint": "insert, update",
    "readmodels_record_job": "insert, update",
    "webhooks_secret": "insert, update (shown_at)",
}
# Only the web shows customers' data to people. Number and time of a record are PostgreSQL's to give.
_LOOKS: Final[dict[str, str]] = {
    "access_record": "insert (actor, roles, customer_id, account_id, route, channel, correlation_id)",
}
_OWN_TABLES: Final = (
    *("identity", "account_", "mfa_", "usersessions_"),
    *("api", "auth", "django_session", "django_admin_log", "web_"),
)
_JOBS: Final[dict[str, str]] = {
    "ledger_entry": "insert (position, sequence, hash)",
    "ledger_sealer_state": "update",
    "ledger_checkpoint": _ALL,
    "ledger_generation": _ALL,
    "ledger_parked": "select, insert, update",
    "ledger_rebuild_request": "select, update, delete",
    "ledger_seal": "insert",
    **dict.fromkeys(("webhooks_delivery", "webhooks_attempt", "webhooks_lane"), _ALL),
    **dict.fromkeys(("webhooks_progress", "webhooks_subscription"), _ALL),
    "webhooks_secret": "delete",
    **dict.fromkeys(("jobs_run", "jobs_exportpart", "jobs_scheduledrun"), _ALL),
    **dict.fromkeys(("reconciliation_run", "reconciliation_break", "reconciliation_walk"), _ALL),
}
_FUNCTIONS_OF_JOBS: Final = ("ledger_begin_rebuild", "ledger_end_rebuild", "ledger_ensure_partitions")
# PostgreSQL lets everybody execute a function; a backup restored without privileges has forgotten that not these.
_FUNCTIONS_OF_BOTH: Final = ("ledger_activity",)
_NOT_FOR_EVERYBODY: Final = (*_FUNCTIONS_OF_JOBS, *_FUNCTIONS_OF_BOTH, "ledger_make_partition")


@transaction.atomic
def set_up() -> None:
    """Make the roles that are missing, take every grant away and give each role its own; as the tables' owner."""
    with connection.cursor() as cursor:
        cursor.execute("select tablename from pg_tables where schemaname = 'public'")
        tables = {row[0] for row in cursor.fetchall()}
        for role in (APP, WORKER, AUDITOR):
            cursor.execute("select 1 from pg_roles where rolname = %s", [role])
            if cursor.fetchone() is None:
                cursor.execute(f"create role {role} nologin")
            cursor.execute(f"grant {role} to current_user")
        for statement in statements(tables):
            cursor.execute(statement)


def statements(tables: set[str]) -> list[str]:
    """The grants, as SQL, for a database with these tables."""
    roles = f"{APP}, {WORKER}, {AUDITOR}"
    made = [
        f"revoke all on all tables in schema public from {roles}",
        f"revoke all on all sequences in schema public from {roles}",
        f"revoke execute on function {', '.join(_NOT_FOR_EVERYBODY)} from public",
        f"grant usage on schema public to {roles}",
        f"grant usage on schema rebuild to {WORKER}",
        f"grant select on all tables in schema public to {APP}, {WORKER}",
        f"grant usage on all sequences in schema public to {APP}, {WORKER}",
    ]
    made += _grants(_COMMANDS, f"{APP}, {WORKER}", tables)
    made += _grants(_LOOKS, APP, tables)
    made += _grants({t: _ALL for t in sorted(tables) if t.startswith(_OWN_TABLES)}, f"{APP}, {WORKER}", tables)
    made += _grants(_JOBS, WORKER, tables)
    made += _grants({t: _ALL for t in sorted(tables) if t.startswith("readmodels_")}, WORKER, tables)
    made += [f"grant execute on function {function} to {WORKER}" for function in _FUNCTIONS_OF_JOBS]
    made += [f"grant execute on function {function} to {APP}, {WORKER}" for function in _FUNCTIONS_OF_BOTH]
    read = [t for t in sorted(tables) if t.startswith(("ledger_", "readmodels_")) and t != "ledger_subject_key"]
    read += sorted(t for t in tables if t.startswith("reconciliation_"))
    read += ["access_record", "webhooks_attempt", "webhooks_delivery"]
    made += _grants(dict.fromkeys(read, "select"), AUDITOR, tables)
    return made


def _grants(grants: Mapping[str, str], to: str, tables: set[str]) -> list[str]:
    return [f"grant {privileges} on {table} to {to}" for table, privileges in grants.items() if table in tables]
