"""docker-compose.yml and the Dockerfile run the same processes as `make run`, with the same settings."""

import json
import re
from typing import Any

import pytest
import yaml

from bank.ops import embedded, parts, places, postgres, roles
from bank.ops.processes import Program

COMPOSE: dict[str, Any] = yaml.safe_load((places.REPOSITORY / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
DOCKERFILE = (places.REPOSITORY / "Dockerfile").read_text()
# What differs by nature: where it listens, and where a container keeps its files.
CONTAINER_WORDS = {parts.HOST: "0.0.0.0"}  # noqa: S104 - inside a container


@pytest.fixture(autouse=True)
def _defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WEB_WORKERS", "WEB_THREADS", "WORKER_PROCESSES", "WEBHOOK_THREADS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("BANK_HOME", "/bank")


def _in_container(program: Program) -> list[str]:
    words = [CONTAINER_WORDS.get(word, word) for word in program.command[1:]]
    return ["python", *(word.replace("/bank/run/", "/bank/") for word in words)]


def test_each_process_of_make_run_is_a_service() -> None:
    assert set(SERVICES) == {"postgres", "valkey", "migrate", "web", "worker", "webhooks", "jobs", "beat"}


def test_web_worker_and_beat_run_the_launchers_commands() -> None:
    programs = {"web": parts.web(8000), "worker": parts.worker(), "webhooks": parts.webhooks(), "beat": parts.beat()}
    programs["jobs"] = parts.jobs()
    for name, program in programs.items():
        assert SERVICES[name]["command"] == _in_container(program), name


def test_the_image_alone_serves_the_web() -> None:
    found = re.search(r"^CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)
    assert found is not None
    assert json.loads(found[1]) == _in_container(parts.web(8000))


def test_migrations_come_first_and_the_demo_only_where_it_is_asked_for() -> None:
    command = SERVICES["migrate"]["command"][-1]
    assert command.startswith("python manage.py migrate --noinput --verbosity=1 && python manage.py set_up_roles && if")
    assert '"$$PASSBOOK_DEMO" = 1 ]; then python manage.py seed_demo' in command
    for name in ("web", "worker", "webhooks", "jobs", "beat"):
        assert SERVICES[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
        assert SERVICES[name]["environment"]["PASSBOOK_DEMO"] == "${PASSBOOK_DEMO:-0}"


def test_web_and_worker_take_on_their_roles_in_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL")
    sides = (("web", parts.web(8000), roles.APP), ("worker", parts.worker(), roles.WORKER))
    others = (("webhooks", parts.webhooks(), roles.WORKER), ("jobs", parts.jobs(), roles.WORKER))
    for name, program, role in (*sides, *others):
        assert SERVICES[name]["environment"]["PASSBOOK_DATABASE_ROLE"] == role
        assert program.environment["PASSBOOK_DATABASE_ROLE"] == role
    for program in (parts.beat(), parts.manage("migrate")):
        assert program.environment["PASSBOOK_DATABASE_ROLE"] == ""


def test_in_a_database_of_ones_own_the_role_is_ones_own_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://me@db.example/bank")
    assert parts.web(8000).environment["PASSBOOK_DATABASE_ROLE"] == ""
    monkeypatch.setenv("PASSBOOK_DATABASE_ROLE", "mine")
    assert parts.web(8000).environment["PASSBOOK_DATABASE_ROLE"] == "mine"
    assert parts.manage("migrate").environment["PASSBOOK_DATABASE_ROLE"] == ""


def test_postgresql_and_valkey_have_the_embedded_servers_settings() -> None:
    settings = dict(word.split("=", 1) for word in SERVICES["postgres"]["command"] if "=" in word)
    embedded_settings = dict(postgres.SETTINGS)
    del embedded_settings["listen_addresses"], embedded_settings["unix_socket_permissions"]
    assert settings == embedded_settings
    words = SERVICES["valkey"]["command"]
    for name in ("appendonly", "save", "maxmemory-policy"):
        assert words[words.index(f"--{name}") + 1] == embedded.VALKEY_OPTIONS[name]


def test_everything_that_stays_up_says_how_it_is() -> None:
    for name, service in SERVICES.items():
        if name != "migrate":
            assert service["healthcheck"]["test"], name
            assert service["restart"] == "unless-stopped", name


def test_no_secret_has_a_default_and_nothing_runs_as_root() -> None:
    text = (places.REPOSITORY / "docker-compose.yml").read_text()
    for secret in ("DJANGO_SECRET_KEY", "POSTGRES_PASSWORD"):
        assert set(re.findall(rf"\$\{{{secret}(.)", text)) == {":"}
        assert f"${{{secret}:-" not in text
    assert re.search(r"^USER passbook$", DOCKERFILE, re.MULTILINE)


def test_the_image_holds_every_room_and_nothing_else_of_the_checkout() -> None:
    copied = set(re.findall(r"^COPY (\w+) \1$", DOCKERFILE, re.MULTILINE))
    assert copied == {"accounts", "bank", "ledger", "locale", "readmodels", "static", "templates"}
    ignored = (places.REPOSITORY / ".dockerignore").read_text().splitlines()
    assert ignored[0] == "*"
    assert {f"!{name}" for name in copied} <= set(ignored)
