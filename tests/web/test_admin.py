"""The admin: for auditors to read, one door for everybody, and every page of a long record."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.contrib.admin import site
from django.contrib.admin.models import LogEntry
from django.contrib.admin.utils import quote
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern

from accounts.refusals import InsufficientFunds
from bank.access_records.models import AccessRecord
from bank.identity.models import Role, User
from bank.ops import admin, admin_pages
from ledger.ids import new_id
from ledger.models import Command, Entry, Event, Progress, Seal, Stream
from ledger.runner import drain
from ledger.signing import sign_head
from tests.steps import an_account, deposit, do, withdraw

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("bank")]


def signed_in(*roles: Role, is_staff: bool = False) -> Client:
    client = Client()
    user = User.objects.create_user("somebody", password="a long password", roles=list(roles), is_staff=is_staff)
    client.force_login(user)
    return client


@pytest.mark.parametrize("role", [Role.CUSTOMER, Role.TELLER, Role.OPERATIONS])
def test_whoever_may_not_see_it_is_told_so_and_not_sent_in_circles(role: Role) -> None:
    client = signed_in(role)
    response = client.get("/admin/", follow=True)
    assert response.status_code == 403
    assert len(response.redirect_chain) == 1


def test_nobody_in_particular_is_led_to_the_one_door_and_back() -> None:
    response = Client().get("/admin/ledger/event/", follow=True)
    assert response.redirect_chain[-1][0] == "/sign-in?next=/admin/ledger/event/"


@pytest.fixture
def happened() -> UUID:
    """A bank whose every table has a row; the account."""
    account_id = an_account()
    for minor in range(1, 8):
        do(deposit(account_id, minor))
    with pytest.raises(InsufficientFunds):
        do(withdraw(account_id, 10**9))
    drain()
    sign_head()
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into access_record (actor, roles, customer_id, route, channel, correlation_id)"
            " values ('user:1', '{teller}', %(id)s, '/', 'web', %(id)s)",
            {"id": new_id()},
        )
    return account_id


MODELS = (Event, Entry, Command, Stream, Seal, Progress, AccessRecord)


def lists() -> Iterator[tuple[str, Any]]:
    for model in MODELS:
        yield f"/admin/{model._meta.app_label}/{model._meta.model_name}/", model


@pytest.mark.usefixtures("happened")
def test_every_page_of_a_long_record_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    client = signed_in(Role.AUDITOR, is_staff=True)
    monkeypatch.setattr(admin.ReadOnlyAdmin, "list_per_page", 2)
    monkeypatch.setattr(admin_pages.BoundedPaginator, "ROWS_AT_MOST", 2)
    for path, model in (("/admin/ledger/event/", Event), ("/admin/ledger/entry/", Entry)):
        seen: list[int] = []
        pages = client.get(path).context["cl"].paginator.num_pages
        for page in range(1, pages + 1):
            seen += [row.pk for row in client.get(path, {"p": page}).context["cl"].result_list]
        assert seen == list(model.objects.order_by("-pk").values_list("pk", flat=True))
        with CaptureQueriesContext(connection) as asked:
            client.get(path, {"p": pages})
        assert not [q["sql"] for q in asked if "COUNT(" in q["sql"] and "ledger_" in q["sql"]]
        assert not [q["sql"] for q in asked if "OFFSET" in q["sql"]]


def test_an_auditor_reads_all_of_it_and_is_led_to_the_audit_rooms(happened: UUID) -> None:
    client = signed_in(Role.AUDITOR, is_staff=True)
    for path, model in lists():
        assert client.get(path).status_code == 200, path
        some = model.objects.first()
        assert some is not None, path
        page = client.get(f"{path}{quote(some.pk)}/change/")
        assert page.status_code == 200, path
    for path, query, expected in (
        ("command", "became=refused", 1),
        ("command", "asked=Deposit&through=job", 7),
        ("command", "reason=account_closed", 0),
        ("command", "q=system%3Atest", 10),
        ("command", f"q={Command.objects.filter(type='Withdraw').get().pk}", 1),
        ("event", "kind=DepositMade", 7),
        ("event", f"q={happened}", 8),
        ("event", "q=nonsense", 0),
        ("stream", f"q={happened}", 1),
    ):
        found = client.get(f"/admin/ledger/{path}/?{query}").context["cl"].result_list
        assert len(found) == expected, query
    command = Command.objects.filter(type="Withdraw").get()
    assert f"/audit/commands/{command.pk}" in client.get("/admin/ledger/command/").content.decode()
    assert "/audit/events/1" in client.get("/admin/ledger/entry/").content.decode()
    assert f"/audit/streams/{happened}" in client.get(f"/admin/ledger/stream/{happened}/change/").content.decode()


def test_it_speaks_english_as_its_tables_do_whatever_the_browser_asks_for() -> None:
    page = signed_in(Role.AUDITOR, is_staff=True).get("/admin/", headers={"Accept-Language": "cs"})
    assert page.status_code == 200
    text = page.content.decode()
    assert "Streams" in text
    assert "Log out" in text
    assert 'lang="en' in text


def test_an_auditor_can_change_nothing_anywhere(happened: UUID) -> None:
    """Every address of the admin, with a row's key where it wants one, by POST, with all that a form could hold."""
    client = signed_in(Role.AUDITOR, is_staff=True)
    before = everything()
    keys = {f"{model._meta.app_label}_{model._meta.model_name}": quote(model.objects.all()[0].pk) for model in MODELS}
    sent = {"_save": "Save", "post": "yes", "action": "delete_selected", "index": 0, "roles": "admin", "actor": "x"}
    tried = 0
    for name, route in addresses(site.get_urls()):
        if name in {"logout", "password_change", "login"}:
            continue  # lead to the bank's own, below
        key = next((key for model, key in keys.items() if name.startswith(model)), "1")
        url = "/admin/" + re.sub(r"<[^>]+>", str(key), route).removesuffix("$").replace("\\Z", "")
        for method in (client.post, client.put, client.patch, client.delete):
            tried += 1
            assert method(url, sent if method == client.post else None).status_code < 500, url
    assert tried > 50
    assert everything() == before
    assert LogEntry.objects.count() == 0


def test_leaving_and_a_new_password_go_through_the_banks_own_doors() -> None:
    client = signed_in(Role.AUDITOR, is_staff=True)
    left = client.post("/admin/logout/")
    assert (left.status_code, left.headers["Location"]) == (307, "/sign-out")
    assert client.post("/admin/password_change/").headers["Location"] == "/security/password"


def addresses(patterns: list[Any], above: str = "") -> Iterator[tuple[str, str]]:
    """(name, route) of each."""
    for pattern in patterns:
        route = f"{above}{pattern.pattern}"
        if isinstance(pattern, URLPattern):
            yield str(pattern.name or ""), route
        else:
            yield from addresses(pattern.url_patterns, route)


def everything() -> dict[str, Any]:
    """Every row of every table that an auditor could want to change, as a sum; looks are added to, of course."""
    found = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "select tablename from pg_tables where schemaname = 'public'"
            " and tablename not in ('access_record', 'django_session') and tablename not like 'usersessions%%'"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(f"select count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) from {table} t")
            found[table] = cursor.fetchone()
    return found
