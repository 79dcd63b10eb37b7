"""Delete the bank's data: only after a yes, and never while the bank is open."""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
from pathlib import Path

HOME = Path(os.environ.get("BANK_HOME") or Path(__file__).resolve().parent.parent / "var")
KEYS = ("secret_key", "personal_data_key", "signing_key")
OURS = ("postgres", "postgres.unfinished", "valkey", "static", "log", "run", *KEYS)


def main() -> None:
    """Ask, then delete what the bank has made there, and nothing else."""
    found = [HOME / name for name in OURS if (HOME / name).exists()]
    if not found:
        sys.exit(f"There are no data in {HOME}")
    (HOME / "run").mkdir(exist_ok=True)
    with (HOME / "run" / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit("The bank is open. Stop it first (Ctrl-C where it runs).")
        print("To be deleted, for ever:", *found, sep="\n  ", flush=True)
        if os.environ.get("YES") != "1" and not (sys.stdin.isatty() and input("Type yes to go on: ") == "yes"):
            sys.exit("Nothing was deleted. This answers yes: YES=1 make clean-data")
        for path in found:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


if __name__ == "__main__":
    main()
