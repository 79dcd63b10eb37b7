"""What every answer carries, whatever the page: policy headers, a request id, no cache, calm words."""

from collections.abc import Callable
from uuid import UUID

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path

from bank.identity.models import User
from ledger.errors import StoreBusy, StoreUnavailable, TooMuchContention
from ledger.ids import new_id
from tests.web.pages import Browser
from tests.web.people import Customer

pytestmark = pytest.mark.django_db(transaction=True)

CSP = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "font-src": "'self'",
    "connect-src": "'self'",
    "img-src": "'self' data:",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}


def test_the_content_security_policy_is_strict_on_every_page(browser: Browser, ada: Customer) -> None:
    for url in ("/", "/sign-in", f"/accounts/{ada.account_id}", "/nowhere"):
        header = browser.open(url).response.headers["Content-Security-Policy"]
        assert dict(part.strip().split(" ", 1) for part in header.split(";")) == CSP


def test_pages_have_nothing_inline(browser: Browser, ada: Customer) -> None:
    for url in ("/", f"/accounts/{ada.account_id}", f"/accounts/{ada.account_id}/transfer"):
        html = browser.open(url).html
        for forbidden in (" style=", "<style", " onclick", " hx-on", "<script>"):
            assert forbidden not in html


def test_pages_behind_the_sign_in_are_kept_by_no_cache(browser: Browser, ada: Customer) -> None:
    for url in ("/", f"/accounts/{ada.account_id}", f"/accounts/{ada.account_id}/movements.csv"):
        assert "no-store" in browser.open(url).response.headers["Cache-Control"]


def test_cookies_are_for_this_site_and_not_for_scripts(bank: None) -> None:
    User.objects.create_user("ruth", password="correct horse battery staple")
    browser = Browser()
    browser.post("/sign-in", {"login": "ruth", "password": "correct horse battery staple"})
    session = browser.client.cookies["sessionid"]
    assert (session["httponly"], session["samesite"]) == (True, "Lax")
    browser.post("/theme", {"theme": "dark"})
    assert (browser.client.cookies["theme"]["httponly"], browser.client.cookies["theme"]["samesite"]) == (True, "Lax")


def test_a_request_id_comes_back_and_a_bad_one_is_replaced(bank: None) -> None:
    given = str(new_id())
    assert Client().get("/sign-in", headers={"X-Request-ID": given}).headers["X-Request-ID"] == given
    for bad in ("", "7", "x" * 36, given.replace("-", ""), "{" + given + "}", given + "\u00e9"):
        made = Client().get("/sign-in", headers={"X-Request-ID": bad}).headers["X-Request-ID"]
        assert made != bad
        assert str(UUID(made)) == made


def test_the_icon_is_where_browsers_look_for_it(bank: None) -> None:
    assert Client().get("/favicon.ico").headers["Location"] == "/static/favicon.svg"


class TestTheme:
    def test_it_is_as_the_system_prefers_until_one_chooses(self, browser: Browser) -> None:
        assert "data-bs-theme" not in browser.open("/").html
        page = browser.follow(browser.post("/theme", {"theme": "dark", "next": "/sign-in"}))
        assert page.url == "/sign-in"
        assert '<html lang="en" data-bs-theme="dark">' in browser.open("/").html
        browser.post("/theme", {"theme": "system"})
        assert "data-bs-theme" not in browser.open("/").html

    def test_a_cookie_with_anything_else_is_ignored(self, browser: Browser) -> None:
        browser.client.cookies["theme"] = '"><script>'
        assert "<script>" not in browser.open("/").html

    def test_it_leads_to_no_other_host(self, browser: Browser) -> None:
        page = browser.post("/theme", {"theme": "dark", "next": "//evil.example"})
        assert page.response.headers["Location"] == "/"


def raising(error: Exception) -> Callable[[HttpRequest], HttpResponse]:
    def view(request: HttpRequest) -> HttpResponse:
        raise error

    return view


urlpatterns = [
    path("crash", raising(RuntimeError("secret detail"))),
    path("away", raising(StoreUnavailable())),
    path("busy", raising(TooMuchContention())),
    path("crowded", raising(StoreBusy())),
    path("docs", raising(RuntimeError()), name="docs"),
    path("", include("bank.web.urls")),
]
handler400 = "bank.web.problems.bad_request"
handler403 = "bank.web.problems.permission_denied"
handler404 = "bank.web.problems.not_found"
handler500 = "bank.web.problems.server_error"


@pytest.mark.urls("tests.web.test_manners")
class TestProblemPages:
    @pytest.mark.parametrize(
        ("url", "status", "words"),
        [
            ("/crash", 500, "Something went wrong on our side"),
            ("/away", 503, "The bank is pausing for a moment"),
            ("/busy", 503, "The bank is pausing for a moment"),
            ("/crowded", 503, "The bank is pausing for a moment"),
            ("/nowhere", 404, "Page not found"),
        ],
    )
    def test_they_are_plain_and_name_the_request(self, bank: None, url: str, status: int, words: str) -> None:
        page = Browser().open(url)
        assert page.status == status
        assert words in page.text
        assert page.response.headers["X-Request-ID"] in page.text
        assert "secret detail" not in page.html
        assert ("Retry-After" in page.response.headers) == (status == 503)

    def test_a_host_that_is_not_ours_is_a_bad_request(self, bank: None) -> None:
        response = Client(raise_request_exception=False).get("/nowhere", headers={"Host": "evil.example"})
        assert response.status_code == 400
        assert "cannot be read" in response.content.decode()
