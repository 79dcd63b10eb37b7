"""The bank's own programs: web, worker, beat and the manage.py commands of a start. docker-compose.yml mirrors them."""

import os
import sys
from pathlib import Path

from bank.ops import places
from bank.ops.processes import Program

HOST = "127.0.0.1"
_PYTHON = (sys.executable, "-m")
_WEB_WORKERS, _WEB_THREADS, _WORKER_PROCESSES = "2", "4", "2"


def web(port: int) -> Program:
    command = ["granian", "--interface", "wsgi", "--host", HOST, "--port", str(port)]
    command += ["--workers", os.environ.get("WEB_WORKERS", _WEB_WORKERS)]
    command += ["--blocking-threads", os.environ.get("WEB_THREADS", _WEB_THREADS)]
    command += ["--respawn-failed-workers", "--workers-kill-timeout", "2", "bank.wsgi:application"]
    return _program("web", *_PYTHON, *command)


def worker() -> Program:
    command = ["celery", "--app", "bank", "worker", "--loglevel", "INFO", "--pool", "prefork"]
    command += ["--concurrency", os.environ.get("WORKER_PROCESSES", _WORKER_PROCESSES)]
    command += ["--without-gossip", "--without-mingle"]
    return _program("worker", *_PYTHON, *command)


def beat() -> Program:
    schedule = places.home() / "run" / "beat-schedule"
    command = ["celery", "--app", "bank", "beat", "--loglevel", "INFO", "--schedule", str(schedule), "--pidfile="]
    return _program("beat", *_PYTHON, *command)


def manage(command: str, *arguments: str) -> Program:
    return _program(command, sys.executable, "manage.py", command, *arguments)


def environment() -> dict[str, str]:
    """What every part of the bank runs with; the demo is on unless PASSBOOK_DEMO says otherwise."""
    return {
        "PASSBOOK_DEMO": "1",
        **os.environ,
        "BANK_HOME": str(places.home()),
        "DJANGO_SETTINGS_MODULE": "bank.settings",
        "PYTHONUNBUFFERED": "1",
    }


def _program(name: str, *command: str) -> Program:
    return Program(name=name, command=command, folder=Path(places.REPOSITORY), environment=environment())
