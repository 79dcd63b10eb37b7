"""Run a command in the bank's data: beside a bank that is open, else with its servers started for the time being.

python -m bank.ops.attach manage.py shell
"""

import signal
import subprocess
import sys

from bank.ops import embedded, lock, places
from bank.ops.parts import environment
from bank.ops.processes import LaunchError


def main(arguments: list[str]) -> int:
    """Exit code of the command."""
    if lock.owner() is not None or not (places.database_is_embedded() or places.redis_is_embedded()):
        return _run(arguments)
    _say("the bank is not open (make run); its servers are started for the time being")
    try:
        with lock.held("make shell"), embedded.running():
            return _run(arguments)
    except LaunchError as error:
        _say(f"{error}; its log: {error.log}")
    except lock.HomeIsTakenError as error:
        _say(f"{error}")
    return 1


def _run(arguments: list[str]) -> int:
    # Ctrl-C is the command's affair; to it the signal is reset, to us it is not worth an end.
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        command = [sys.executable, *arguments]
        return subprocess.run(command, cwd=places.REPOSITORY, env=environment(), check=False).returncode
    finally:
        signal.signal(signal.SIGINT, before)


def _say(text: str) -> None:
    print(f"Passbook: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
