"""Errors of every layer have one shape, and refusals one table."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from django.db import connection
from pytest_django import Settings

from accounts.refusals import REFUSALS, Refused
from bank.api.errors import problem_of, problem_of_refusal
from bank.api.problems import REFUSAL_STATUSES, STATUS_PROBLEMS
from ledger.connections import close_pool
from ledger.errors import StoreBusy, StoreUnavailable, TooMuchContention
from ledger.ids import new_id
from tests.api.client import Answer, Api, eur
from tests.api.given import Account, a_user, api_of

pytestmark = pytest.mark.django_db


def assert_whole(answer: Answer, path: str) -> None:
    body = answer.body
    assert answer.code
    assert body["type"] == f"urn:passbook:problem:{body['code']}"
    assert body["title"]
    assert body["detail"].endswith((".", "?"))
    assert body["instance"] == path
    assert body["request_id"] == answer.header("X-Request-ID")
    assert str(UUID(body["request_id"])) == body["request_id"]


def test_every_refusal_of_the_domain_has_its_status() -> None:
    assert set(REFUSAL_STATUSES) == set(REFUSALS) - {"key_reused"}
    assert set(REFUSAL_STATUSES.values()) <= {404, 409, 422}


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (TooMuchContention("busy"), "too_much_contention"),
        (StoreBusy("busy"), "store_busy"),
        (StoreUnavailable("away"), "unavailable"),
    ],
)
def test_a_ledger_that_cannot_write_now_asks_to_come_again(error: Exception, code: str) -> None:
    problem = problem_of(error)
    assert problem is not None
    assert (problem.status, problem.code, problem.headers) == (503, code, {"Retry-After": "1"})


def test_a_refusal_that_the_table_does_not_know_is_a_rules() -> None:
    class TooLate(Refused):
        """It is too late."""

        code = "too_late"

    problem = problem_of_refusal(TooLate())
    assert (problem.status, problem.code, problem.detail) == (422, "too_late", "It is too late.")


@pytest.mark.parametrize("with_token", [True, False])
@pytest.mark.parametrize(
    "path",
    ["/api/v1/nothing", "/api/v1/", "/api/v1", "/api/v1/me/", "/api/v1//me", "/api/v2/me", "/api/x", "/api/",
     "/api/v1/accounts/x/y/z", "/api/v1/me%00", "/api/v1/%F0%9F%98%80"],
)  # fmt: skip
def test_what_the_router_does_not_know_is_404(path: str, with_token: bool) -> None:
    api = api_of(a_user("teller")) if with_token else Api()
    answer = api.send("GET", path)
    assert (answer.status, answer.code) == (404, "not_found")
    assert answer.body["request_id"] == answer.header("X-Request-ID")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"])
def test_a_method_that_the_resource_does_not_have_is_405(teller: Api, method: str) -> None:
    answer = teller.send(method, "/me", b"{}")
    assert (answer.status, answer.code) == (405, "method_not_allowed")
    assert answer.header("Allow") == "GET, HEAD"
    assert_whole(answer, "/api/v1/me")


def test_a_resource_that_only_takes_posts_says_so(teller: Api, account: Account) -> None:
    answer = teller.get(f"{account.path}/deposits")
    assert (answer.status, answer.header("Allow")) == (405, "POST")


def test_head_is_get_without_a_body(teller: Api, account: Account) -> None:
    answer = teller.send("HEAD", account.path)
    assert (answer.status, answer.header("ETag"), answer.response.content) == (200, '"2"', b"")


@pytest.mark.parametrize("host", ["evil.example", "a b", "localhost:notaport"])
def test_a_host_that_is_not_ours_is_400(host: str) -> None:
    answer = Api().get("/me", Host=host)
    assert (answer.status, answer.code) == (400, "bad_request")


@pytest.fixture
def crashing(settings: Settings) -> Api:
    settings.ROOT_URLCONF = "tests.api.crashing_urls"
    return Api()


@pytest.mark.parametrize("layer", ["bare", "view"])
@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("bug", 500, "internal_error"),
        ("recursion", 500, "internal_error"),
        ("missing", 404, "not_found"),
        ("denied", 403, "forbidden"),
        ("suspicious", 400, "bad_request"),
    ],
)
def test_what_nobody_foresaw_is_a_problem_too(crashing: Api, layer: str, name: str, status: int, code: str) -> None:
    path = f"/api/{layer}/{name}"
    answer = crashing.send("GET", path)
    assert (answer.status, answer.code) == (status, code)
    assert_whole(answer, path)
    assert "a bug" not in str(answer.body)


@pytest.mark.parametrize(("name", "status"), [("throttled", 429), ("unparsable", 400), ("nowhere", 404)])
def test_the_frameworks_own_errors_are_problems(crashing: Api, name: str, status: int) -> None:
    answer = crashing.send("GET", f"/api/view/{name}")
    assert (answer.status, answer.code) == (status, STATUS_PROBLEMS[status][0])
    assert_whole(answer, f"/api/view/{name}")


def test_pages_of_html_do_not_leave_the_api(crashing: Api) -> None:
    assert crashing.send("GET", "/api/bare/forbidden").code == "forbidden"


def test_elsewhere_errors_are_pages(crashing: Api, settings: Settings) -> None:
    files = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": files}}
    response = crashing.client.get("/elsewhere/missing")
    assert response.status_code == 404
    assert response.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("sent", [str(new_id()), str(UUID(int=1))])
def test_the_clients_request_id_is_kept(teller: Api, sent: str) -> None:
    assert teller.get("/me", X_Request_ID=sent).header("X-Request-ID") == sent
    assert teller.get("/nothing", X_Request_ID=sent).body["request_id"] == sent


@pytest.mark.parametrize("sent", ["", "x", "1", "../../etc", "0" * 500])
def test_a_request_id_that_is_none_is_replaced(teller: Api, sent: str) -> None:
    given = teller.get("/me", X_Request_ID=sent).header("X-Request-ID") or ""
    assert str(UUID(given)) == given != sent


def test_answers_are_not_for_other_peoples_caches(teller: Api, account: Account) -> None:
    for answer in (teller.get(account.path), teller.get("/nothing"), teller.post(f"{account.path}/freeze")):
        assert answer.header("Cache-Control") == "private, no-cache"


@pytest.fixture
def away() -> Iterator[None]:
    """PostgreSQL cannot be reached: neither anew nor, once closed, again."""
    parameters = connection.settings_dict
    host = parameters["HOST"]
    parameters["HOST"] = "/nonexistent"
    yield
    parameters["HOST"] = host
    close_pool()


@pytest.mark.django_db(transaction=True)
def test_without_the_database_nobody_can_be_known(request: pytest.FixtureRequest, teller: Api) -> None:
    request.getfixturevalue("away")
    connection.close()
    answer = teller.get("/me")
    assert (answer.status, answer.code, answer.header("Retry-After")) == (503, "unavailable", "1")
    assert_whole(answer, "/api/v1/me")


@pytest.mark.django_db(transaction=True)
def test_a_command_that_cannot_reach_the_ledger_can_be_repeated(
    request: pytest.FixtureRequest, teller: Api, account: Account
) -> None:
    path, body = f"{account.path}/deposits", {"amount": eur("1")}
    parameters = connection.settings_dict
    host = parameters["HOST"]
    close_pool()
    parameters["HOST"] = "/nonexistent"
    try:
        answer = teller.post(path, body, key="k")
    finally:
        parameters["HOST"] = host
        close_pool()
    assert (answer.status, answer.code, answer.header("Retry-After")) == (503, "unavailable", "1")
    again = teller.post(path, body, key="k")
    assert (again.status, again.body["replayed"], again.body["account"]["balance"]) == (201, False, eur("501.00"))
