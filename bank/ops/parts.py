"""The bank's own programs: web, worker, beat and the manage.py commands of a start. docker-compose.yml mirrors them."""

import os
import sys
from pathlib import Path

from bank.ops import places
from bank.ops.processes import Program

HOST = "127.0.0.1"
_PYTHON = (sys.executable, "-m")
# The names in bank.ops.roles, which only Django can read.
WEB_ROLE, WORKER_ROLE = "passbook_app", "passbook_worker"
_WEB_WORKERS, _WEB_THREADS, _WORKER_PROCESSES, _WEBHOOK_THREADS = "2", "8", "2", "8"


def web(port: int) -> Program:
    """Web server processes of some threads; a thread that is not needed stays, and its connections with it."""
    command = ["granian", "--interface", "wsgi", "--host", HOST, "--port", str(port)]
    command += ["--workers", str(web_processes())]
    command += ["--blocking-threads", str(web_threads()), "--blocking-threads-idle-timeout", "600"]
    command += ["--respawn-failed-workers", "--workers-kill-timeout", "2"]
    command += ["--log-config", "bank/ops/granian_logs.json", "bank.wsgi:application"]
    return _program("web", *_PYTHON, *command, role=WEB_ROLE)


def web_processes() -> int:
    """How many processes serve the web."""
    return int(os.environ.get("WEB_WORKERS", _WEB_WORKERS))


def web_threads() -> int:
    """How many requests each process of the web server works on at a time."""
    return int(os.environ.get("WEB_THREADS", _WEB_THREADS))


def worker() -> Program:
    command = ["celery", "--quiet", "--app", "bank", "worker", "--loglevel", "INFO", "--pool", "prefork"]
    command += ["--concurrency", os.environ.get("WORKER_PROCESSES", _WORKER_PROCESSES)]
    command += ["--without-gossip", "--without-mingle"]
    return _program("worker", *_PYTHON, *command, role=WORKER_ROLE)


def webhooks() -> Program:
    """A worker for what waits on receivers outside: in threads, which cost nothing while they wait."""
    command = ["celery", "--quiet", "--app", "bank", "worker", "--queues", "webhooks", "--pool", "threads"]
    command += ["--concurrency", os.environ.get("WEBHOOK_THREADS", _WEBHOOK_THREADS), "--hostname", "webhooks@%h"]
    command += ["--without-gossip", "--without-mingle"]
    return _program("webhooks", *_PYTHON, *command, role=WORKER_ROLE)


def jobs() -> Program:
    """A worker for what reads the book from end to end: one job at a time, beside those that keep the book."""
    command = ["celery", "--quiet", "--app", "bank", "worker", "--queues", "jobs", "--pool", "threads"]
    command += ["--concurrency", "1", "--hostname", "jobs@%h", "--without-gossip", "--without-mingle"]
    return _program("jobs", *_PYTHON, *command, role=WORKER_ROLE)


def beat() -> Program:
    schedule = places.home() / "run" / "beat-schedule"
    command = ["celery", "--quiet", "--app", "bank", "beat", "--loglevel", "INFO"]
    command += ["--schedule", str(schedule), "--pidfile="]
    return _program("beat", *_PYTHON, *command)


def manage(command: str, *arguments: str) -> Program:
    """A command of the operator's: as whoever logs in to the database, its owner."""
    return _program(command, sys.executable, "manage.py", command, *arguments)


def environment(role: str = "") -> dict[str, str]:
    """What every part of the bank runs with; the demo is on unless PASSBOOK_DEMO says otherwise."""
    return {
        "PASSBOOK_DEMO": "1",
        **os.environ,
        "BANK_HOME": str(places.home()),
        "DJANGO_SETTINGS_MODULE": "bank.settings",
        "PASSBOOK_DATABASE_ROLE": role,
        "PYTHONUNBUFFERED": "1",
    }


def _program(name: str, *command: str, role: str = "") -> Program:
    # In a database of somebody else's the roles are there only if its owner made them: then they are named by hand.
    taken_on = role if places.database_is_embedded() else os.environ.get("PASSBOOK_DATABASE_ROLE", "") if role else ""
    return Program(name=name, command=command, folder=Path(places.REPOSITORY), environment=environment(taken_on))
