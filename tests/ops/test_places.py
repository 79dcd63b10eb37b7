"""Where state and sockets live follows from the environment alone."""

from pathlib import Path
from urllib.parse import unquote

import dj_database_url
import pytest

from bank.ops import places


@pytest.fixture(autouse=True)
def _no_servers_given(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BANK_HOME", "DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)


def test_the_home_is_var_in_the_checkout_unless_said_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    assert places.home() == places.REPOSITORY / "var"
    monkeypatch.setenv("BANK_HOME", "")
    assert places.home() == places.REPOSITORY / "var"
    monkeypatch.setenv("BANK_HOME", "~/bank")
    assert places.home() == Path("~/bank").expanduser()
    monkeypatch.setenv("BANK_HOME", "bank")
    assert places.home() == Path.cwd() / "bank"


def test_a_socket_fits_into_the_kernels_limit_however_long_the_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BANK_HOME", "/" + "long/" * 100)
    monkeypatch.setenv("TMPDIR", "/" + "long/" * 100)
    assert max(len(str(places.socket_dir() / name)) for name in (".s.PGSQL.5432.lock", "valkey.sock")) < 100


def test_two_homes_never_share_sockets_and_one_home_has_them_under_any_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "a")
    found = []
    for name in ("a", "link", "b"):
        monkeypatch.setenv("BANK_HOME", str(tmp_path / name))
        found.append(places.socket_dir())
    assert found[0] == found[1] != found[2]


def test_django_and_libpq_read_the_socket_from_the_url() -> None:
    parsed = dj_database_url.parse(places.database_url())
    assert (parsed["HOST"], parsed["USER"], parsed["NAME"]) == (str(places.socket_dir()), "passbook", "passbook")
    assert unquote(places.database_url()).count(str(places.socket_dir())) == 1


def test_servers_of_ones_own_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://me@db.example/bank")
    monkeypatch.setenv("REDIS_URL", "redis://cache.example/1")
    assert places.database_url() == "postgresql://me@db.example/bank"
    assert places.redis_url() == "redis://cache.example/1"
    assert not places.database_is_embedded()
    assert not places.redis_is_embedded()
