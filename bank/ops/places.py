"""Where the bank keeps its state, and the addresses of its servers: pure functions of the environment.

Standard library only, because Django's settings and the launcher both start from here.
"""

import hashlib
import os
from pathlib import Path
from urllib.parse import quote

REPOSITORY = Path(__file__).resolve().parents[2]

DATABASE_NAME = "passbook"
DATABASE_ROLE = "passbook"

POSTGRES_SOCKET_NAME = ".s.PGSQL.5432"
VALKEY_SOCKET_NAME = "valkey.sock"


def home() -> Path:
    """The folder with all state: BANK_HOME, or var/ in the checkout. Always absolute."""
    configured = os.environ.get("BANK_HOME")
    return Path(configured).expanduser().absolute() if configured else REPOSITORY / "var"


def logs_dir() -> Path:
    return home() / "log"


def home_key() -> str:
    """A short name for this home, the same for every process that uses it."""
    return hashlib.sha256(os.fsencode(os.path.realpath(home()))).hexdigest()[:10]


def socket_dir() -> Path:
    """The private folder of the embedded servers' sockets.

    A socket's path holds about 100 bytes, and below root's own folders another OS user could not reach it; so it is
    never under the home. It does not follow TMPDIR: two shells with different ones mean the same bank.
    """
    return Path("/tmp") / f"passbook-{os.getuid()}-{home_key()}"  # noqa: S108 - the launcher proves it to be ours


def database_url() -> str:
    """DATABASE_URL, or the embedded PostgreSQL's socket."""
    return os.environ.get("DATABASE_URL") or (
        f"postgresql://{DATABASE_ROLE}@{quote(str(socket_dir()), safe='')}/{DATABASE_NAME}"
    )


def redis_url() -> str:
    """REDIS_URL, or the embedded Valkey's socket (unix://...)."""
    return os.environ.get("REDIS_URL") or f"unix://{socket_dir() / VALKEY_SOCKET_NAME}?db=0"


def database_is_embedded() -> bool:
    return not os.environ.get("DATABASE_URL")


def redis_is_embedded() -> bool:
    return not os.environ.get("REDIS_URL")
