"""Make the virtual environment and install the pinned packages, once for each change of them.

    python3 scripts/environment.py run|dev

Standard library only, and readable by old Pythons, so that they can say what is missing. uv does the work where it can
be had, because it takes seconds; pip, with the settings of this machine, is the net under it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

MINIMUM = (3, 11)
ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / (os.environ.get("VENV") or ".venv")
PYTHON = VENV / "bin" / "python"
REQUIREMENTS = {kind: ROOT / name for kind, name in (("run", "requirements.txt"), ("dev", "requirements-dev.txt"))}
BOOTSTRAP = ROOT / "requirements-uv.txt"


def main(kind: str) -> None:
    """Bring the environment up to date for `kind`."""
    use_new_enough_python()
    with REQUIREMENTS["run"].open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # `make run` and `make test` may come at once
        if is_current(kind):
            return
        if not PYTHON.exists():
            say("making the virtual environment")
            make_environment()
        say(f"installing the pinned packages of {REQUIREMENTS[kind].name} (once, a moment)")
        install(REQUIREMENTS[kind])
        remember(kind)


def use_new_enough_python() -> None:
    """Go on in a newer Python where there is one."""
    if sys.version_info >= MINIMUM:
        return
    for minor in range(14, MINIMUM[1] - 1, -1):
        newer = shutil.which(f"python3.{minor}")
        if newer:
            os.execv(newer, [newer, *sys.argv])  # noqa: S606 - ourselves, in another Python
    fail(f"3.11 or newer is needed, this is {sys.version.split()[0]}; name one: PYTHON=/path/to/python3 make run")


def is_current(kind: str) -> bool:
    """Whether these very pins were installed."""
    return PYTHON.exists() and stamp(kind).exists() and stamp(kind).read_text() == digest(kind)


def remember(kind: str) -> None:
    """What developers need holds all that a run needs, in the same versions."""
    for known in ("run", "dev") if kind == "dev" else ("run",):
        stamp(known).write_text(digest(known))


def stamp(kind: str) -> Path:
    return VENV / f".passbook-{kind}"


def digest(kind: str) -> str:
    return hashlib.sha256(REQUIREMENTS[kind].read_bytes()).hexdigest()


def make_environment() -> None:
    """With pip inside where Python brings it (Debian's may not), else around a pip or uv of the machine's."""
    made = run([sys.executable, "-m", "venv", "--clear", str(VENV)])
    if made.returncode and not (shutil.which("uv") or has_pip(sys.executable)):
        install_debian_package()
        made = run([sys.executable, "-m", "venv", "--clear", str(VENV)])
    elif made.returncode:
        made = run([sys.executable, "-m", "venv", "--clear", "--without-pip", str(VENV)])
    if made.returncode:
        fail("the virtual environment could not be made:\n" + made.stdout)


def install_debian_package() -> None:
    """Debian and Ubuntu keep a part of Python's venv in a package of its own."""
    package = f"python3.{sys.version_info[1]}-venv"
    if os.geteuid() == 0 and shutil.which("apt-get"):
        say("installing " + package)
        run(["apt-get", "update"])
        if run(["apt-get", "install", "-y", "--no-install-recommends", package]).returncode == 0:
            return
    fail("this Python can make no virtual environment; install its venv first: sudo apt install " + package)


def install(requirements: Path) -> None:
    """By uv, else by pip. Both insist on the pinned hashes."""
    uv = find_uv()
    options = ["--quiet", "--python", str(PYTHON), "--compile-bytecode", "--require-hashes", "-r", str(requirements)]
    # uv brings certificates of its own; behind a proxy only the machine's do.
    for certificates in ([], ["--system-certs"]) if uv else ():
        if run([uv, "pip", "install", *certificates, *options]).returncode == 0:
            return
    done = run([*pip(), "install", "--quiet", "--require-hashes", "-r", str(requirements)])
    if done.returncode:
        fail("the packages could not be installed:\n" + done.stdout)


def find_uv() -> str:
    """Empty where there is none to be had."""
    own = VENV / "bin" / "uv"
    if own.exists() or run([*pip(), "install", "--quiet", "--require-hashes", "-r", str(BOOTSTRAP)]).returncode == 0:
        return str(own)
    return shutil.which("uv") or ""


def pip() -> list[str]:
    """The environment's own pip, else the machine's pip, told where to install."""
    if has_pip(str(PYTHON)):
        return [str(PYTHON), "-m", "pip"]
    return [sys.executable, "-m", "pip", "--python", str(PYTHON)]


def has_pip(executable: str) -> bool:
    return run([executable, "-m", "pip", "--version"]).returncode == 0


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )


def say(text: str) -> None:
    print("Python: " + text, flush=True)


def fail(text: str) -> NoReturn:
    sys.exit("Python: " + text)


if __name__ == "__main__":
    main(sys.argv[1])
