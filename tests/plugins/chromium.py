"""The Chromium of the journeys: found, or brought before the tests begin. A missing browser is an error.

python -m tests.plugins.chromium
"""

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from playwright.sync_api import sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_APT_SECONDS_MAX = 600
_DOWNLOAD_SECONDS_MAX = 600


class NoChromiumError(Exception):
    """No browser that runs was found, and none could be installed."""


@cache
def executable() -> str:
    """The path of a Chromium that runs; raises NoChromiumError."""
    for found in (*filter(None, map(shutil.which, _NAMES)), _of_playwright()):
        if _runs(found):
            return found
    raise NoChromiumError("no Chromium that runs was found; `make test` installs one")


def ensure() -> str:
    """The same, after installing one where there is none."""
    for install in (None, _install_by_apt, _install_by_playwright):
        if install is not None:
            install()
        executable.cache_clear()
        try:
            return executable()
        except NoChromiumError:
            continue
    raise NoChromiumError("no Chromium could be installed: put one on PATH (chromium, chromium-browser, google-chrome)")


def _of_playwright() -> str:
    with sync_playwright() as playwright:
        return playwright.chromium.executable_path


def _runs(path: str) -> bool:
    """Ubuntu's chromium-browser may be a mere stand-in for a snap."""
    if not Path(path).exists():
        return False
    try:
        return subprocess.run([path, "--version"], capture_output=True, timeout=30, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def _install_by_apt() -> None:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    print("Chromium: installing it with apt-get", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-qq"], ["install", "-qq", "-y", "--no-install-recommends", "chromium"]):
        _attempt(["apt-get", *command], _APT_SECONDS_MAX, environment)


def _install_by_playwright() -> None:
    print("Chromium: downloading Playwright's", flush=True)
    with_libraries = ["--with-deps"] if os.geteuid() == 0 else []
    command = [sys.executable, "-m", "playwright", "install", *with_libraries, "chromium"]
    _attempt(command, _DOWNLOAD_SECONDS_MAX, dict(os.environ))


def _attempt(command: list[str], seconds: int, environment: dict[str, str]) -> None:
    """Whether it helped shows in whether a browser is found; its own words are shown where it failed."""
    try:
        done = subprocess.run(command, env=environment, timeout=seconds, capture_output=True, text=True, check=False)
    except subprocess.TimeoutExpired:
        print(f"Chromium: {command[0]} took more than {seconds} s", flush=True)
        return
    if done.returncode:
        print(f"Chromium: {' '.join(command)} failed:\n{(done.stdout + done.stderr)[-2000:]}", flush=True)


if __name__ == "__main__":
    try:
        print(f"Chromium: {ensure()}", flush=True)
    except NoChromiumError as error:
        sys.exit(f"Chromium: {error}")
