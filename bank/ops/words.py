"""What the launcher says to a person at a terminal."""

import contextlib
import sys

from bank.ops import places
from bank.ops.lock import Owner
from bank.ops.processes import LaunchError, last_lines

TITLES = {
    "postgres": "PostgreSQL",
    "valkey": "Valkey",
    "web": "web",
    "worker": "worker",
    "webhooks": "webhooks",
    "jobs": "jobs",
    "beat": "beat",
    "collectstatic": "static files",
    "migrate": "migrations",
    "set_up_roles": "roles",
    "seed_demo": "demo bank",
}
_LOGINS = (
    "  customers   ada, grace, alan",
    "  staff       teller, auditor, operations, admin",
    "  password    passbook-demo",
    "",
)


def say(text: str, *, to_stderr: bool = False) -> None:
    """A reader that went away (`make run | head`) is no reason to stop."""
    with contextlib.suppress(BrokenPipeError):
        print(text, file=sys.stderr if to_stderr else sys.stdout, flush=True)


def welcome(address: str, *, demo: bool) -> None:
    """Where the bank is, who may log in, and how it is closed."""
    lines = ["", f"Passbook is open:  {address}", "", *(_LOGINS if demo else ())]
    say("\n".join([*lines, f"Logs: {places.logs_dir()}", "Stop: Ctrl-C", ""]))


def explain(error: LaunchError) -> None:
    lines = ["", f"Passbook did not start: {error.part} {error.reason}"]
    if error.log:
        lines += [f"Its log: {error.log}; the end of it:", *(f"    {line}" for line in last_lines(error.log))]
    say("\n".join(lines), to_stderr=True)


def already_open(owner: Owner) -> None:
    where = f" at {owner.address}" if owner.address else ""
    say(f"This bank is already open{where}: {owner.purpose}, process {owner.pid}.", to_stderr=True)
    say("A second one needs a folder and a port of its own: BANK_HOME=/some/dir PORT=8123 make run", to_stderr=True)
