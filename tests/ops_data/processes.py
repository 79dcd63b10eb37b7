"""Running manage.py as a process of its own on the test database, to be killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep
from urllib.parse import quote

from django.db import connection

REPOSITORY = Path(__file__).resolve().parents[2]
_TIMEOUT_SECONDS = 60


def manage(*arguments: str, demo: bool = False) -> "subprocess.Popen[str]":
    """Start manage.py; its output is piped."""
    return subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        cwd=REPOSITORY,
        env={**os.environ, "DATABASE_URL": _test_database_url(), "PASSBOOK_DEMO": "1" if demo else "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A session of tests in a shell's background ignores it, and would hand that on.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - one call, takes no lock
    )


def run(*arguments: str, demo: bool = False) -> "subprocess.CompletedProcess[str]":
    """Run manage.py to its end."""
    process = manage(*arguments, demo=demo)
    out, err = process.communicate(timeout=_TIMEOUT_SECONDS)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def stop_when(
    process: "subprocess.Popen[str]", reached: Callable[[], bool], with_signal: signal.Signals = signal.SIGKILL
) -> str:
    """Send the signal as soon as `reached`, wait for the end, and give back stderr."""
    deadline = monotonic() + _TIMEOUT_SECONDS
    while process.poll() is None and not reached():
        assert monotonic() < deadline, "it never got that far"
        sleep(0.002)
    process.send_signal(with_signal)
    return process.communicate(timeout=_TIMEOUT_SECONDS)[1]


def _test_database_url() -> str:
    settings = connection.settings_dict
    host, port = quote(str(settings["HOST"]), safe=""), settings["PORT"]
    login = quote(str(settings["USER"])) + (f":{quote(settings['PASSWORD'])}" if settings["PASSWORD"] else "")
    return f"postgresql://{login}@{host}{f':{port}' if port else ''}/{settings['NAME']}"
