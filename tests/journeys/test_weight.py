"""What a customer's page weighs and how soon it is there, in a real Chromium with an empty cache."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest

from bank.identity.models import User
from tests.journeys.person import Person
from tests.journeys.walks import something_happened
from tests.web.people import Customer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey, pytest.mark.timeout(300)]

STYLES_AND_SCRIPTS_AT_MOST_BYTES: Final = 60 * 1024
REQUESTS_AT_MOST: Final = 15
LARGEST_PAINT_AT_MOST_MS: Final = 1_000
# A machine that is busy with other things may be late once.
_TRIES: Final = 4
_MEASURE: Final = """
() => new Promise((resolve) => {
  new PerformanceObserver((list) => {
    const files = performance.getEntriesByType("resource");
    const heavy = files.filter((file) => /\\.(css|js)$/.test(new URL(file.name).pathname));
    resolve({
      requests: files.length + 1,
      bytes: heavy.reduce((sum, file) => sum + file.encodedBodySize, 0),
      largest_paint_ms: list.getEntries().at(-1).startTime,
    });
  }).observe({ type: "largest-contentful-paint", buffered: true });
})
"""


def test_a_customers_pages_are_light_and_soon_there(
    somebody: Callable[..., Person], ada: Customer, grace: Customer, teller: User
) -> None:
    something_happened(ada, grace)
    account = f"/accounts/{ada.account_id}"
    stranger, person = somebody(), somebody(signed_in=ada.user)
    too_much = {"/sign-in": _beyond(_measured(stranger, "/sign-in"))}
    for path in (
        "/",
        account,
        f"{account}?kind=withdrawal&q=coffee",
        f"{account}/movements/30",
        f"{account}/explained",
        *(f"{account}/{task}" for task in ("deposit", "withdraw", "transfer", "rename")),
        "/transfer",
        "/payees",
        "/payees/add",
        "/notifications",
        "/security",
    ):
        too_much[path] = _beyond(_measured(person, path))
    assert {path: beyond for path, beyond in too_much.items() if beyond} == {}


def _measured(person: Person, path: str) -> dict[str, float]:
    """The page opened with an empty cache; of a few times the one with the earliest paint."""
    person.context.new_cdp_session(person.page).send("Network.setCacheDisabled", {"cacheDisabled": True})
    best: dict[str, Any] | None = None
    for _ in range(_TRIES):
        person.page.goto(path, wait_until="networkidle")
        found = person.page.evaluate(_MEASURE)
        if best is None or found["largest_paint_ms"] < best["largest_paint_ms"]:
            best = found
        if best["largest_paint_ms"] < LARGEST_PAINT_AT_MOST_MS:
            break
    assert best is not None
    return best


def _beyond(measured: Mapping[str, float]) -> dict[str, float]:
    """What is more than it may be; and that styles and scripts were counted at all."""
    assert measured["bytes"] > 10_000, "the browser did not say what was sent"
    limits = {
        "bytes": STYLES_AND_SCRIPTS_AT_MOST_BYTES,
        "requests": REQUESTS_AT_MOST,
        "largest_paint_ms": LARGEST_PAINT_AT_MOST_MS,
    }
    return {name: measured[name] for name, limit in limits.items() if measured[name] > limit}
