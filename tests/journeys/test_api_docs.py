"""The API's own page: Swagger UI under the pages' policy, with a token, without a word in the console."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from tests.api.given import a_user, api_of
from tests.journeys.person import Person

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey]


def test_a_developer_reads_authorizes_and_tries_a_call(somebody: Callable[..., Person], address: str) -> None:
    token = api_of(a_user("teller")).token
    developer = somebody()
    asked: list[str] = []
    developer.page.on("request", lambda request: asked.append(request.url))
    answer = developer.page.goto("/api/docs/")
    assert answer is not None
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "script-src 'self'" in policy

    developer.sees("Whom a token stands for.")
    developer.page.get_by_role("button", name="Authorize").first.click()
    developer.page.locator(".dialog-ux input").fill(str(token))
    developer.page.locator(".dialog-ux button.authorize").click()
    developer.page.locator(".dialog-ux button.btn-done").click()

    call = developer.page.locator("#operations-Token-showMe")
    call.locator("button.opblock-summary-control").click()
    call.get_by_role("button", name="Execute").click()
    call.locator(".live-responses-table").wait_for()
    assert call.locator(".live-responses-table tbody .response-col_status").first.inner_text().startswith("200")
    assert '"teller"' in call.locator(".live-responses-table").inner_text()

    elsewhere = {url for url in asked if urlsplit(url).scheme != "data" and not url.startswith(address)}
    assert elsewhere == set()


def test_the_page_is_found_from_every_other(somebody: Callable[..., Person]) -> None:
    stranger = somebody()
    stranger.open("/sign-in")
    stranger.go("API")
    stranger.sees("Authorize")
    stranger.sees("/api/v1/transfers")
