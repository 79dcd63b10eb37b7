"""Tokens: made once, shown once, kept as a hash, and good only while they are good."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from bank.api.models import ApiToken
from bank.api.scopes import Scope
from bank.api.tokens import issue_token, revoke_token
from bank.identity.models import User
from ledger.ids import new_id
from readmodels import prepared
from tests.api.client import Answer, Api, eur
from tests.api.given import Account, a_customer, a_user, api_of

pytestmark = pytest.mark.django_db


def api_token(*arguments: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("api_token", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_the_command_prints_one_token_and_nothing_else() -> None:
    user = a_user("teller")
    out, _ = api_token(user.username)
    token = out.removesuffix("\n")
    assert token.split() == [token]
    assert Api(token).get("/me").body["user"]["username"] == user.username


def test_only_the_hash_of_a_token_is_kept() -> None:
    user = a_user("teller")
    secret = api_token(user.username)[0].strip()
    stored = ApiToken.objects.get(user=user)
    assert bytes(stored.digest) == hashlib.sha256(secret.encode()).digest()
    assert secret.startswith(stored.prefix)
    assert len(secret) - len(stored.prefix) >= 32
    kept = " ".join(str(getattr(stored, field.attname)) for field in ApiToken._meta.fields)
    assert secret not in kept


@pytest.mark.parametrize(
    ("roles", "scopes"),
    [
        (["customer"], ["accounts:read", "payments:write"]),
        (["teller"], ["accounts:read", "cash:write", "customers:write", "payments:write", "reports:read"]),
        (["auditor"], ["accounts:read", "audit:read", "reports:read"]),
        (["operations"], ["operations:write", "reports:read"]),
        (["admin"], sorted(scope for scope in Scope if scope != Scope.ALL)),
        (["customer", "auditor"], ["accounts:read", "audit:read", "payments:write", "reports:read"]),
    ],
)
def test_a_token_has_all_scopes_of_its_users_roles_unless_told_otherwise(roles: list[str], scopes: list[str]) -> None:
    user = a_user(*roles, customer_id=a_customer() if "customer" in roles else None)
    me = Api(api_token(user.username)[0].strip()).get("/me").body
    assert me["scopes"] == scopes
    assert me["roles"] == sorted(roles)


def test_a_token_for_staff_has_the_scopes_of_their_roles_also_where_these_do_not_count_yet(settings: Settings) -> None:
    settings.REQUIRE_SECOND_FACTOR_FOR_STAFF = True
    teller = Api(api_token(a_user("teller").username)[0].strip())
    assert "customers:write" in teller.get("/me").body["scopes"]
    assert teller.get("/accounts").code == "forbidden"
    settings.REQUIRE_SECOND_FACTOR_FOR_STAFF = False  # as beside a demo, whose setting a shell does not know
    assert teller.get("/accounts").status == 200


@pytest.mark.parametrize(
    "arguments",
    [("--scope", "cash:write", "--scope", "accounts:read"), ("--scope", "cash:write", "accounts:read")],
)
def test_scopes_can_be_chosen(arguments: tuple[str, ...]) -> None:
    token = api_token(a_user("teller").username, *arguments)[0].strip()
    assert Api(token).get("/me").body["scopes"] == ["accounts:read", "cash:write"]


def test_a_scope_that_no_role_of_the_user_makes_use_of_is_pointed_out() -> None:
    user = a_user("teller")
    out, err = api_token(user.username, "--scope", "audit:read")
    assert len(out.split()) == 1
    assert "audit:read" in err


@pytest.mark.parametrize(("arguments", "days"), [((), 90), (("--days", "1"), 1), (("--days", "3650"), 3650)])
def test_a_token_lives_ninety_days_unless_told_otherwise(arguments: tuple[str, ...], days: int) -> None:
    user = a_user("teller")
    api_token(user.username, *arguments)
    stored = ApiToken.objects.get(user=user)
    assert stored.expires_at - stored.created_at == timedelta(days=days)


@pytest.mark.parametrize(
    "arguments", [("--days", "0"), ("--days", "-1"), ("--days", "3651"), ("--days", "x"), ("--scope", "everything")]
)
def test_the_command_refuses_what_makes_no_token(arguments: tuple[str, ...]) -> None:
    user = a_user("teller")
    with pytest.raises(CommandError):
        api_token(user.username, *arguments)
    assert not ApiToken.objects.filter(user=user).exists()


def test_the_command_refuses_a_stranger_someone_without_a_role_and_someone_who_left() -> None:
    left = a_user("teller")
    User.objects.filter(pk=left.pk).update(is_active=False)
    for username in (f"nobody-{new_id()}", a_user().username, left.username):
        with pytest.raises(CommandError):
            api_token(username)


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "not_authenticated"),
        ("", "not_authenticated"),
        ("Bearer", "not_authenticated"),
        ("Bearer ", "not_authenticated"),
        ("Basic YWRhOnBhc3Nib29r", "not_authenticated"),
        ("{secret}", "not_authenticated"),
        ("Token {secret}", "not_authenticated"),
        ("Bearer nonsense", "invalid_token"),
        ("Bearer {secret}x", "invalid_token"),
        ("Bearer {short}", "invalid_token"),
        ("Bearer {secret} {secret}", "invalid_token"),
        ("Bearer \u00fc\u00ff", "invalid_token"),
        ("Bearer " + "x" * 5000, "invalid_token"),
    ],
)
def test_no_or_a_bad_token_is_401_with_a_challenge(header: str | None, code: str) -> None:
    secret = api_of(a_user("teller")).token or ""
    headers = {} if header is None else {"Authorization": header.format(secret=secret, short=secret[:-1])}
    answer = Api().get("/me", **headers)
    assert (answer.status, answer.code) == (401, code)
    assert (answer.header("WWW-Authenticate") or "").startswith("Bearer")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Bearer  "])
def test_the_scheme_is_read_in_any_case(scheme: str) -> None:
    api = api_of(a_user("teller"))
    assert Api().get("/me", Authorization=f"{scheme} {api.token}").status == 200


def test_an_expired_token_is_401() -> None:
    user = a_user("teller")
    token, secret = issue_token(user, label="test", scopes=[Scope.ACCOUNTS_READ], lifetime=timedelta(days=1))
    now = timezone.now()
    ApiToken.objects.filter(pk=token.pk).update(created_at=now - timedelta(2), expires_at=now + timedelta(seconds=30))
    assert Api(secret).get("/me").status == 200
    ApiToken.objects.filter(pk=token.pk).update(expires_at=now)
    assert Api(secret).get("/me").code == "invalid_token"


def test_a_revoked_token_is_401_and_stays_revoked_at_the_first_moment() -> None:
    token, secret = issue_token(a_user("teller"), label="test", scopes=[Scope.ALL], lifetime=timedelta(days=1))
    revoke_token(token)
    first = ApiToken.objects.get(pk=token.pk).revoked_at
    revoke_token(token)
    assert ApiToken.objects.get(pk=token.pk).revoked_at == first
    assert Api(secret).get("/me").code == "invalid_token"


def test_the_token_of_someone_who_left_is_401() -> None:
    user = a_user("teller")
    api = api_of(user)
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert api.get("/me").code == "invalid_token"


def test_the_last_use_is_written_at_most_once_a_minute() -> None:
    user = a_user("teller")
    api = api_of(user)
    mine = ApiToken.objects.filter(user=user)
    assert mine.get().last_used_at is None
    api.get("/me")
    first = mine.get().last_used_at
    assert first is not None
    api.get("/me")
    assert mine.get().last_used_at == first
    mine.update(last_used_at=first - timedelta(seconds=61))
    api.get("/me")
    assert (mine.get().last_used_at or first) >= first


def test_a_browsers_session_does_not_open_the_api() -> None:
    client = Client()
    client.force_login(a_user("teller"))
    assert client.get("/api/v1/me").status_code == 401


def test_all_scopes_in_one_open_only_what_the_roles_allow(account: Account) -> None:
    user = a_user("teller")
    api = api_of(user, "*")
    assert api.get(account.path).status == 200
    assert api.get("/events").code == "forbidden"


def test_a_token_that_ends_before_it_begins_is_refused_by_the_database() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        issue_token(a_user("teller"), label="test", scopes=[Scope.ALL], lifetime=timedelta(0))


def test_a_call_costs_one_query_for_who_calls_and_for_the_account_together(
    account: Account, django_assert_num_queries: DjangoAssertNumQueries, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[str] = []
    fetch_all = prepared.fetch_all

    def counted(statement: str, parameters: prepared.Parameters) -> list[tuple[object, ...]]:
        reads.append(statement)
        return fetch_all(statement, parameters)

    monkeypatch.setattr(prepared, "fetch_all", counted)
    api, own = api_of(a_user("teller")), api_of(a_user("customer", customer_id=account.customer_id))
    api.get("/me")
    own.get("/me")
    calls: list[Callable[[], Answer]] = [
        lambda: api.get("/me"),
        lambda: own.get(account.path),  # staff leave a record besides
        lambda: api.post(f"{account.path}/deposits", {"amount": eur("1")}),
    ]
    for call in calls:
        reads.clear()
        with django_assert_num_queries(0):  # by Django's own cursors, whose statements are planned anew each time
            assert call().status < 300
        assert len(reads) == 1


def test_the_command_line_revokes_the_tokens_of_a_user_and_nobody_elses() -> None:
    ada, grace = (User.objects.create_user(name, password="a long password", roles=["customer"]) for name in "ag")
    made = [issue_token(u, label="t", scopes=[Scope.ALL], lifetime=timedelta(days=1)) for u in (ada, ada, grace)]
    call_command("revoke_token", "a", prefix=made[0][0].prefix, stdout=StringIO())
    revoked = [token for token, _ in made if ApiToken.objects.get(pk=token.pk).revoked_at is not None]
    assert revoked == [made[0][0]]
    call_command("revoke_token", "a", stdout=StringIO())
    assert ApiToken.objects.get(pk=made[1][0].pk).revoked_at is not None
    assert ApiToken.objects.get(pk=made[2][0].pk).revoked_at is None
    with pytest.raises(CommandError):
        call_command("revoke_token", "a", stdout=StringIO())
